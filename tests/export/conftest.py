import pytest
from hand_written import write_output
from typer.testing import CliRunner

from spargen.cli import app
from spargen.export.run import export


@pytest.fixture(scope="session")
def out(tmp_path_factory):
    return write_output(tmp_path_factory.mktemp("output") / "out")


@pytest.fixture(scope="session")
def exported(out, tmp_path_factory):
    """Return a function that exports to a format once."""
    done = {}

    def give(form):
        if form not in done:
            if form in ("parquet", "trl", "rl"):
                pytest.importorskip("pyarrow", reason="pyarrow writes Parquet")
            dest = tmp_path_factory.mktemp("exports") / form
            done[form] = dest, export(out, form, dest)
        return done[form]

    return give


@pytest.fixture
def spargen():
    return lambda *args: CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)
