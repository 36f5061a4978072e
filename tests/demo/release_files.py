"""Files of ScanNet's release, read by the letter of their description: shares no code with what writes them."""

import struct

import numpy as np


def read_sens(path):
    """Version, sensor, matrices, compressions, sizes, depth shift, frames as (pose, colour, depth), IMU records."""
    raw = path.read_bytes()
    at = 0

    def take(fmt):
        nonlocal at
        values = struct.unpack_from("<" + fmt, raw, at)
        at += struct.calcsize("<" + fmt)
        return values

    (version,) = take("I")
    (n,) = take("Q")
    sensor = raw[at : at + n].decode()
    at += n
    matrices = [np.array(take("16f")).reshape(4, 4) for _ in range(4)]
    kinds, sizes = take("ii"), take("4I")
    (shift,) = take("f")
    (count,) = take("Q")
    frames = []
    for _ in range(count):
        pose = np.array(take("16f")).reshape(4, 4)
        _, _, color_bytes, depth_bytes = take("4Q")
        frames.append((pose, raw[at : at + color_bytes], raw[at + color_bytes : at + color_bytes + depth_bytes]))
        at += color_bytes + depth_bytes
    (imus,) = take("Q")
    at += 128 * imus
    assert at == len(raw)
    return version, sensor, matrices, kinds, sizes, shift, frames, imus


def read_ply(path):
    head, body = path.read_bytes().split(b"end_header\n", 1)
    lines = head.decode().splitlines()
    counts = {words[1]: int(words[2]) for words in (line.split() for line in lines) if words[0] == "element"}
    vertex = np.frombuffer(body, dtype=[("xyz", "<f4", 3), ("rgba", "u1", 4)], count=counts["vertex"])
    face = np.frombuffer(body[vertex.nbytes :], dtype=[("n", "u1"), ("v", "<i4", 3)])
    assert len(face) == counts["face"]
    return lines, vertex, face
