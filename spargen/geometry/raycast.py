"""The only door to open3d: first hits of rays on triangle meshes, and the coarse-to-fine grids built from them."""

from __future__ import annotations

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
        # open3d takes over a second to import, which `spargen --help` need not wait for.
        try:
            import open3d.core as o3c
            from open3d.t.geometry import RaycastingScene
        except (ImportError, OSError) as error:
            raise SpargenError(
                f"it cannot be loaded: {error}",
                where="open3d",
                mend="install the system libraries that it links to; on Debian: libgl1 libx11-6 libgomp1",
            ) from error

        self._tensor: Any = o3c.Tensor.from_numpy
        self._scene: Any = RaycastingScene(nthreads=threads)
        self._threads = threads
        self._empty = len(np.asarray(faces)) == 0
        if not self._empty:
            self._scene.add_triangles(
                o3c.Tensor(np.ascontiguousarray(vertices_m, dtype=np.float32)),
                o3c.Tensor(np.ascontiguousarray(faces, dtype=np.uint32)),
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
        d = np.asarray(direction, dtype=np.float32)
        rays = np.empty((*d.shape[:-1], 6), dtype=np.float32)
        rays[..., :3], rays[..., 3:] = origin_m, d
        lost = np.isnan(d[..., 0])
        rays[lost] = 0.0
        if self._empty or rays.size == 0:
            return np.full(d.shape[:-1], NO_FACE, dtype=np.int64), np.full(d.shape[:-1], np.inf, dtype=np.float32)
        hits = self._scene.cast_rays(self._tensor(rays), nthreads=self._threads)
        face = hits["primitive_ids"].numpy().astype(np.int64)
        t = hits["t_hit"].numpy()
        face[(face == self._scene.INVALID_ID) | lost], t[lost] = NO_FACE, np.inf
        return face, t
