"""Every random draw has an address, so no draw depends on which others were made."""

from __future__ import annotations

import hashlib

import numpy as np


def digest(*address: object, size: int = 16) -> bytes:
    """Hash an address (any parts with a stable ``str``) to `size` bytes, the same on every platform."""
    h = hashlib.blake2b(digest_size=size)
    for part in address:
        h.update(str(part).encode())
        h.update(b"\x1f")
    return h.digest()


def rng_for(*address: object) -> np.random.Generator:
    """Return the generator that belongs to an address such as ``(seed, scene, task)``."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest(*address), "little")))
