"""What data sets count and turn in another way than `spargen.scene.cameras`, and what leads from one to the other."""

from __future__ import annotations

import numpy as np

GL = np.diag([1.0, -1.0, -1.0, 1.0])
"""From OpenGL's camera axes (x right, y up, z back) to OpenCV's, and back: to the right of a camera-to-world pose."""
CORNER = np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
"""Added to (3, 3) intrinsics by which the centre of the first pixel is (0, 0): then its corner is."""
MILLIMETRE = 0.001
"""In metres."""
