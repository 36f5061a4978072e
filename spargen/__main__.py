"""``python -m spargen``."""

from __future__ import annotations

from spargen.cli import main

if __name__ == "__main__":
    main()
