"""The only door to open3d: first hits of rays on triangle meshes."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spargen.errors import SpargenError

NO_FACE = -1


class RayCaster:
    """First hits on one triangle mesh.

    `threads` is what one cast may use, 0 = every core; the face ids do not depend on it. Several Python threads may
    cast at a time.
    """

    def __init__(self, vertices_m: ArrayLike, faces: ArrayLike, *, threads: int = 1) -> None:
        bindings = _bindings()
        tensor = bindings.core.Tensor
        self._tensor: Any = tensor.from_numpy
        self._scene: Any = bindings.t.geometry.RaycastingScene(nthreads=threads)
        self._threads = threads
        self._empty = len(np.asarray(faces)) == 0
        if not self._empty:
            self._scene.add_triangles(
                tensor(np.ascontiguousarray(vertices_m, dtype=np.float32)),
                tensor(np.ascontiguousarray(faces, dtype=np.uint32)),
            )
            # The first cast builds the tree, which must not happen in two threads at once.
            self.cast(np.zeros(3), np.array([[0.0, 0.0, 1.0]]))

    def cast(self, origin_m: ArrayLike, direction: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Cast rays.

        Parameters
        ----------
        origin_m : (..., 3), broadcast against `direction`.
        direction : (..., 3), any length; the hit parameter counts in these lengths. A ray of nan hits nothing.

        Returns
        -------
        face : (...) int64, `NO_FACE` where nothing is hit.
        t : (...) float32 ray parameter, inf where nothing is hit.
        """
        rays, lost = _rays(origin_m, direction)
        if self._empty or rays.size == 0:
            return np.full(rays.shape[:-1], NO_FACE, dtype=np.int64), np.full(rays.shape[:-1], np.inf, dtype=np.float32)
        hits = self._scene.cast_rays(self._tensor(rays), nthreads=self._threads)
        # open3d's number for no face has all bits set: -1.
        face, t = hits["primitive_ids"].numpy().view(np.int32).astype(np.int64), hits["t_hit"].numpy()
        if lost is not None:
            face[lost], t[lost] = NO_FACE, np.inf
        return face, t


def _rays(origin_m: ArrayLike, direction: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Return rays (..., 6), and which of them were of nan and are no rays now, None if none was."""
    o, d = np.asarray(origin_m), np.asarray(direction, dtype=np.float32)
    rays = np.empty((*d.shape[:-1], 6), dtype=np.float32)
    # Column by column takes a third of the time that a copy of three numbers a ray does.
    for k in range(3):
        rays[..., k], rays[..., 3 + k] = o[..., k], d[..., k]
    lost = np.isnan(d[..., 0])
    if not lost.any():
        return rays, None
    rays[lost] = 0.0
    return rays, lost


@cache
def _bindings() -> Any:
    """Return open3d's compiled part, when the first ray is to be cast: `spargen --help` need not wait for it.

    The package as a whole brings its viewer and its learning library, and with them pandas and scikit-learn: two
    seconds in every process. The compiled part stands on its own, and the package can still be imported after it.
    A build for CUDA chooses between two compiled parts as it is imported, which is left to it.
    """
    try:
        spec = find_spec("open3d")
        folder = Path(spec.origin).parent if spec and spec.origin else Path()
        if "open3d" in sys.modules or not (folder / "cpu").is_dir() or (folder / "cuda").is_dir():
            import open3d

            return open3d
        return _compiled_part(folder)
    except (ImportError, OSError) as error:
        raise SpargenError(
            f"it cannot be loaded: {error}",
            where="open3d",
            mend="install the system libraries that it links to; on Debian: libgl1 libx11-6 libgomp1",
        ) from error


def _compiled_part(folder: Path) -> Any:
    """Import open3d.cpu.pybind from the package's folder without running the package's own `__init__`."""
    parents = {name: ModuleType(name) for name in ("open3d", "open3d.cpu")}
    for name, parent in parents.items():
        parent.__path__ = [str(folder.parent.joinpath(*name.split(".")))]
    sys.modules.update(parents)
    try:
        from open3d.cpu import pybind

        return pybind
    finally:
        for name in parents:
            del sys.modules[name]
