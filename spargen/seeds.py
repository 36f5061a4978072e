"""Every random draw has an address, so no draw depends on which others were made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import numpy as np


def hashed(*address: object, size: int = 16) -> bytes:
    """Hash an address (any parts with a stable ``str``) to `size` bytes, the same on every platform."""
    return _hash_of(address, size).digest()


def below(*address: object, size: int = 16) -> Callable[[object], bytes]:
    """Return what hashes one more part: `below(a, b)(c)` is `hashed(a, b, c)`, for many parts below one address."""
    begun = _hash_of(address, size)

    def hashed_below(part: object) -> bytes:
        h = begun.copy()
        h.update(f"{part!s}\x1f".encode())
        return h.digest()

    return hashed_below


def _hash_of(address: Iterable[object], size: int) -> hashlib.blake2b:
    h = hashlib.blake2b(digest_size=size)
    for part in address:
        h.update(f"{part!s}\x1f".encode())
    return h


def rng_for(*address: object) -> np.random.Generator:
    """Return the generator that belongs to an address such as ``(seed, scene, task)``."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashed(*address), "little")))
