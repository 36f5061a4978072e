"""What a person says about posed data that cannot be seen from it: the file `scene.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from spargen.errors import SceneError, nearest, short
from spargen.reading import parse_yaml, read_text

TOLD = "scene.yaml"
Axis = Literal["x", "y", "z", "-x", "-y", "-z"]
Up = Axis | tuple[float, float, float]
"""An axis, or a direction of any length, in the axes of the files."""
Metres = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_KEYS = "see the keys in the description of the adapter `posed`"
_UP: dict[Axis, list[list[int]]] = {
    # Rotations that bring each axis to +Z.
    "x": [[0, 0, -1], [0, 1, 0], [1, 0, 0]],
    "y": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "z": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "-x": [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
    "-y": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "-z": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
}


def _direction(value: object) -> object:
    """Return an axis as it is called here, or a list of numbers as a tuple."""
    if isinstance(value, list):
        return tuple(float(n) if isinstance(n, int) else n for n in value)
    return value.lower().removeprefix("+") if isinstance(value, str) else value


def _has_length(up: Up) -> Up:
    if not isinstance(up, str) and not 0 < float(np.linalg.norm(up)) < np.inf:
        raise ValueError("it should point somewhere")
    return up


class Told(BaseModel):
    """The keys of `scene.yaml`, all of which may be left out; the class `PosedAdapter` describes them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    up: Annotated[Up, BeforeValidator(_direction), AfterValidator(_has_length)] | None = None
    unit_m: Metres | None = None
    depth_unit_m: Metres | None = None
    mesh: str | None = None
    labels: str | None = None
    boxes: str | None = None
    cameras: str | None = None
    intrinsics: dict[str, float | str] | None = None
    split: str = "train"
    space: str | None = None


def rotation_to_z(up: Up) -> NDArray[np.float64]:
    """Return the (4, 4) rotation that brings an axis, or by the shortest way a direction, to +Z."""
    T = np.eye(4)
    if isinstance(up, str):
        T[:3, :3] = _UP[up]
        return T
    x, y, z = np.array(up) / np.linalg.norm(up)
    if z <= -1 + 1e-12:
        T[:3, :3] = _UP["-z"]
        return T
    # Rodrigues about the axis (y, -x, 0), which is the direction across +Z.
    across = np.array([[0, 0, -x], [0, 0, -y], [x, y, 0]])
    T[:3, :3] = np.eye(3) + across + across @ across / (1 + z)
    return T


def read_told(root: Path, folder: Path) -> Told:
    """Read what is said of a scene: in its own folder, and below that, key by key, in the data set's.

    Raises
    ------
    SceneError
        Where a file is no YAML mapping, a key is unknown, or a value is none that the key can have.
    """
    values: dict[str, Any] = {}
    for path in told_files(root, folder):
        values |= _checked(path)
    return Told.model_validate(values)


def told_files(root: Path, folder: Path) -> list[Path]:
    """Return the files that say something of a scene, the scene's own one last."""
    return [path for path in (root / TOLD, folder / TOLD) if path.is_file()]


def _checked(path: Path) -> dict[str, Any]:
    """Return what a file says, as it says it."""
    values = parse_yaml(read_text(path, "the file", SceneError), str(path), SceneError)[0] or {}
    if not isinstance(values, dict):
        raise SceneError("the file is no mapping of keys to values", where=path, mend=_KEYS)
    try:
        Told.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            what, mend = (
                f"`{key}` is no key",
                nearest(key, Told.model_fields, f"the keys are {', '.join(Told.model_fields)}"),
            )
        else:
            what, mend = f"`{key}`: {first['msg'].lower()}, not {short(first['input'])}", _KEYS
        raise SceneError(what, where=path, mend=mend) from None
    return values
