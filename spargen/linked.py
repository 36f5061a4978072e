"""What belongs together because it is linked, directly or through others."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray


def linked(begin: ArrayLike, end: ArrayLike, n: int) -> NDArray[np.int64]:
    """Number the connected parts of n things.

    Parameters
    ----------
    begin, end : (L,) indices of the things that each link joins.
    n : number of things.

    Returns
    -------
    (n,) the part that each belongs to, from 0 on in the order of their first things.
    """
    begin, end = np.asarray(begin), np.asarray(end)
    links = scipy.sparse.coo_matrix((np.ones(len(begin), dtype=np.bool_), (begin, end)), shape=(n, n))
    return np.asarray(scipy.sparse.csgraph.connected_components(links, directed=False)[1], dtype=np.int64)
