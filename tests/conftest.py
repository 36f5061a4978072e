"""Sibling modules such as `worlds` are imported by their bare name, wherever the tests are run from."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))
if str(HERE.parent) not in sys.path:
    # Last, so that an installed package wins over a checkout.
    sys.path.append(str(HERE.parent))
