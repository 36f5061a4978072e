"""Adapters and tasks by name. Only what is asked for is imported, and what cannot be loaded says why."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import sys
import traceback
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from spargen.errors import PluginError, SpargenError
from spargen.fingerprint import digest
from spargen.scene.adapter import SceneAdapter

ENTRY_POINT_GROUP = "spargen.adapters"
_SHIPPED = "scene_adapters"


def adapter_names() -> dict[str, str]:
    """Return the adapters that a job can name, with where each comes from; nothing is imported."""
    shipped = {name: f"{_SHIPPED}.{name}" for name in _shipped_adapters()}
    installed = {point.name: _origin(point) for point in entry_points(group=ENTRY_POINT_GROUP)}
    return dict(sorted((installed | shipped).items()))


def find_adapter(name: str) -> type[SceneAdapter]:
    """Return the adapter class of a name.

    Parameters
    ----------
    name : ``package.module:Class``, a module of ``scene_adapters``, or an entry point of ``spargen.adapters``.

    Raises
    ------
    PluginError
        If there is no such adapter, it cannot be imported, or it lacks what an adapter has.
    """
    module_name, class_name, origin = _located(name)
    module = _import(module_name, origin)
    return _only_adapter(module) if class_name is None else _checked(getattr(module, class_name, None), origin)


def adapter_module(name: str) -> str:
    """Return the name of the module that an adapter stands in; nothing is imported."""
    return _located(name)[0]


@cache
def load_task_file(path: Path) -> None:
    """Run a Python file that defines tasks, once a process; `PluginError`, with the line, where it cannot be run."""
    if not path.is_file():
        raise PluginError("there is no such file", where=path, mend="check `plugins` in the job")
    spec = importlib.util.spec_from_file_location(f"spargen_tasks_{path.stem}_{digest(str(path.resolve()))}", path)
    if spec is None or spec.loader is None:
        raise PluginError("this is not a Python file", where=path, mend="name a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[spec.name]
        where = f"{path}:{line_in(path, error) or 1}"
        if isinstance(error, SpargenError):  # it knows better what is wrong
            raise PluginError(error.what, where=f"{where}: {error.where}", mend=error.mend) from error
        raise PluginError(_reason(error), where=where, mend="mend that line") from error


def record_types() -> dict[str, str]:
    """Return the `type` that records have of each task that is known by now, such as those of task files."""
    from spargen.tasks.registry import TASKS

    return {name: task.record_type for name, task in TASKS.items()}


def _located(name: str) -> tuple[str, str | None, str]:
    """Return the module of an adapter, its class (None = the only one in there), and how a message names it."""
    if ":" in name:
        module_name, _, class_name = name.partition(":")
        return module_name, class_name, name
    if name in _shipped_adapters():
        return f"{_SHIPPED}.{name}", None, _SHIPPED
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return point.module, point.attr or "", _origin(point)
    known = ", ".join(adapter_names()) or "none"
    raise PluginError("there is no such adapter", where=name, mend=f"known adapters: {known}; or package.module:Class")


@cache
def _shipped_adapters() -> tuple[str, ...]:
    """Return the modules of `scene_adapters` that define an adapter, told from their source."""
    spec = importlib.util.find_spec(_SHIPPED)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    names = (module.name for module in pkgutil.iter_modules(folders))
    return tuple(sorted(name for name in names if _defines_adapter(f"{_SHIPPED}.{name}")))


def _defines_adapter(module_name: str) -> bool:
    spec = importlib.util.find_spec(module_name)
    if spec is None or spec.origin is None:
        return False
    source = Path(spec.origin).read_bytes()
    if SceneAdapter.__name__.encode() not in source:  # most: to parse them all takes a tenth of a second
        return False
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return True  # asked for by name, it says what is wrong with it
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return any(isinstance(base, ast.Name) and base.id == SceneAdapter.__name__ for c in classes for base in c.bases)


def _only_adapter(module: ModuleType) -> type[SceneAdapter]:
    found = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__]
    adapters = [v for v in found if issubclass(v, SceneAdapter)]
    if len(adapters) != 1:
        raise PluginError(
            f"{len(adapters)} adapters stand in this module", where=module.__name__, mend="one SceneAdapter a module"
        )
    return _checked(adapters[0], module.__name__)


def _checked(found: object, where: str) -> type[SceneAdapter]:
    if not (isinstance(found, type) and issubclass(found, SceneAdapter)):
        raise PluginError("this is no SceneAdapter class", where=where, mend="name a class derived from SceneAdapter")
    missing = [name for name in ("dataset", "terms_of_use") if not isinstance(getattr(found, name, None), str)]
    missing += sorted(found.__abstractmethods__)
    if missing:
        raise PluginError(f"the adapter lacks {', '.join(missing)}", where=where, mend="see spargen.scene.adapter")
    return found


def _import(module_name: str, origin: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{module_name} cannot be imported: {_reason(error)}", where=origin, mend="mend or reinstall it"
        ) from error


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version} ({point.value})" if point.dist else point.value


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"


def line_in(path: Path, error: BaseException) -> int | None:
    """Return the line of a file at which an error arose, None if it did not arise in there."""
    if isinstance(error, SyntaxError) and _is_file(error.filename, path):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if _is_file(frame.filename, path)]
    return lines[-1] if lines else None


def _is_file(name: str | None, path: Path) -> bool:
    """Tell whether a name, as code has it of its file, is that of a file: one of the two may be relative."""
    return name is not None and Path(name).resolve() == path.resolve()
