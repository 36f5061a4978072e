"""What a result depends on, as a short text that changes with it: values, arrays, files, code, libraries.

Whatever decides whether something made earlier still holds is hashed here: runs, parts, cached tables, templates.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from pkgutil import get_importer

import numpy as np

from spargen.errors import SceneError
from spargen.reading import read_bytes

LIBRARIES = ("numpy", "numba", "scipy", "jinja2", "pillow", "trimesh")
"""The libraries that decide numbers, words or pixels: with another version of one a run is another run."""
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def digest(*parts: object) -> str:
    """Hash values by what they are, so that no two different lists of parts look alike.

    Parameters
    ----------
    parts : arrays (by dtype, shape and bytes), bytes, texts, numbers, None, and lists, tuples and mappings of them; a
        mapping's order does not count.

    Returns
    -------
    32 hexadecimal digits (BLAKE2b, 128 bits), the same on every machine.

    Raises
    ------
    TypeError
        For anything else: its text might hold an address in memory.
    """
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        for piece in _pieces(part):
            h.update(len(piece).to_bytes(8, "little"))
            h.update(piece)
    return h.hexdigest()


def contents(folder: Path, files: Iterable[Path]) -> str:
    """Hash names and bytes of regular files. Names count relative to `folder`, so that a data set may be moved."""
    return _of_files(folder, files, read_bytes)


def sizes(folder: Path, files: Iterable[Path]) -> str:
    """Hash names and sizes of files; none is opened. Two images of a scan are hardly ever of one size."""
    return _of_files(folder, files, lambda path: path.stat().st_size)


def times(folder: Path, files: Iterable[Path]) -> str:
    """Hash names, sizes and times of change of files; none is opened. For this machine only, never for an output."""
    return _of_files(folder, files, lambda path: [(found := path.stat()).st_size, found.st_mtime_ns])


@cache
def tree(folder: Path) -> str:
    """Hash all Python files below a folder, once a process."""
    return contents(folder, sorted(folder.rglob("*.py")))


def code(starts: Iterable[str | Path]) -> str:
    """Hash modules and everything of their own that they import.

    Parameters
    ----------
    starts : importable names, or Python files that are run by their path.

    Imports are read from the source, at any depth of it, and nothing is run. What is followed: modules of the same
    package, and modules that lie loose or in a folder. Of what is installed apart from that the version counts; the
    standard library and spargen itself do not. Modules that are imported by a computed name are not seen.
    """
    found: dict[str, str | bytes] = {}
    for start in starts:
        if isinstance(start, Path):
            source = start.read_bytes()
            found[start.name] = source
            names = _imports(source, "", is_package=False)
        else:
            names = [start]
        own = "" if isinstance(start, Path) else start.partition(".")[0]
        for name in names:
            _follow(name, own, found)
    return digest(found)


def libraries() -> dict[str, str]:
    """Return the installed versions of `LIBRARIES`."""
    return {name: found for name in LIBRARIES if (found := installed_version(name))}


@cache
def installed_version(distribution: str) -> str:
    """Return the version of a distribution, "" where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _pieces(part: object) -> Iterator[bytes | memoryview]:
    """Yield a kind and a content for each value; containers tell their length first."""
    match part:
        case np.ndarray() if not part.dtype.hasobject:
            yield f"array {part.dtype.str} {part.shape}".encode()
            yield np.ascontiguousarray(part).data.cast("B") if part.size else b""
        case np.generic() if not part.dtype.hasobject:
            yield from _pieces(part.item())
        case bytes():
            yield b"bytes"
            yield part
        case str() | bool() | int() | float() | None:
            yield type(part).__name__.encode()
            yield (part if isinstance(part, str) else repr(part)).encode("utf-8", "surrogatepass")
        case Mapping():
            yield f"mapping {len(part)}".encode()
            for key in sorted(part):
                yield from _pieces(key)
                yield from _pieces(part[key])
        case list() | tuple():
            yield f"list {len(part)}".encode()
            for value in part:
                yield from _pieces(value)
        case _:
            raise TypeError(f"a {type(part).__name__} has no fingerprint")


def _of_files(folder: Path, files: Iterable[Path], what: Callable[[Path], object]) -> str:
    try:
        found = [[Path(os.path.relpath(path, folder)).as_posix(), what(path)] for path in files]
    except OSError as error:
        raise SceneError(
            f"a file cannot be read ({error.strerror})",
            where=error.filename or folder,
            mend="bring it back as a regular file, and run again",
        ) from error
    return digest(found)


def _follow(name: str, own: str, found: dict[str, str | bytes]) -> None:
    """Add a module, the packages around it and what they import to `found`: sources, or versions of what is installed.

    Parameters
    ----------
    name : dotted; parts of it that are no modules are passed over.
    own : the package that is followed although it is installed.
    """
    waiting = [name]
    while waiting:
        name = waiting.pop()
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in ("", "spargen"):
            continue
        for spec in _specs(name):
            origin = Path(spec.origin) if spec.has_location and spec.origin else None
            if spec.name in found or origin is None:
                continue
            if top != own and _INSTALLED & set(origin.parts):
                found[spec.name] = _installed_as(top)
                break
            found[spec.name] = source = origin.read_bytes()
            is_package = spec.submodule_search_locations is not None
            waiting += _imports(source, spec.name, is_package=is_package) if origin.suffix == ".py" else ()


def _specs(name: str) -> Iterator[ModuleSpec]:
    """Yield where a module and the packages around it lie, outermost first. Nothing is imported."""
    parts, path = name.split("."), None  # type: list[str], Sequence[str] | None
    for end in range(1, len(parts) + 1):
        spec = _spec(".".join(parts[:end]), path)
        if spec is None:
            return
        yield spec
        path = spec.submodule_search_locations or ()


def _spec(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Look a module up in the folders of its package, or, where it is in none (None), wherever Python looks."""
    if path is None:
        found = (finder.find_spec(name, None) for finder in sys.meta_path)
    else:
        found = (finder.find_spec(name) for folder in path if (finder := get_importer(folder)) is not None)
    return next((spec for spec in found if spec is not None), None)


def _imports(source: bytes, name: str, *, is_package: bool) -> list[str]:
    """Return what a module's source imports, by full name; of ``from a import b`` both ``a`` and ``a.b``."""
    try:
        nodes = list(_statements(ast.parse(source).body))
    except (SyntaxError, ValueError):  # whoever imports it says what is wrong with it
        return []
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    for node in (node for node in nodes if isinstance(node, ast.ImportFrom)):
        inside = name.split(".")[: None if is_package else -1]
        around = inside[: len(inside) - node.level + 1] if node.level else []
        base = ".".join([*around, *([node.module] if node.module else [])])
        names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield statements and all within them, but nothing of their expressions, which are most of a tree."""
    for node in body:
        yield node
        for part in ("body", "orelse", "handlers", "cases", "finalbody"):
            yield from _statements(getattr(node, part, ()))


@cache
def _installed_as(top: str) -> str:
    """Return names and versions of the distributions that brought a module or package of a name.

    Their lists of files are searched as they are: to take them apart, for all that is installed, costs 0.2 s.
    """
    folder, file, name = f"\n{top}/", f"\n{top}.", f"\n{top}\n"

    def brought(files: str, names: str) -> bool:
        return folder in files or file in files or name in names

    return "; ".join(
        f"{found.name} {found.version}"
        for found in distributions()
        if brought(f"\n{found.read_text('RECORD') or ''}", f"\n{found.read_text('top_level.txt') or ''}\n")
    )
