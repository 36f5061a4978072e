"""What a command loads before it has anything to do. Modules are looked at, not times, which differ by machine."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "scipy", "yaml", "orjson", "jinja2", "PIL", "trimesh", "open3d", "multiprocessing"}
LIGHT = {"cli", "errors", "resources", "terminal", "gallery", "run", "run.row", "export", "export.readers"}
"""What the options of commands need, and what all commands do, packages included, which hold nothing themselves."""

PROGRAM = """
import sys
from spargen.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def loaded(*arguments):
    """Return the names of the modules that a command has imported when it ends."""
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["export", "--help"]])
def test_help_waits_for_no_library(arguments):
    found = loaded(*arguments)
    assert found & HEAVY == set()
    own = {name.removeprefix("spargen.") for name in found if name.startswith("spargen.")}
    assert {name for name in own if not name.startswith("cli.")} - LIGHT == set()
