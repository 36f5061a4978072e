"""A folder of pages for the eye: samples of an output with their marks, facts and scenes, and plots over all rows.

It reads what a run wrote (`spargen.run.read`) and, where they still lie there, the scenes; it works no answer out.
"""

from __future__ import annotations

SAMPLES = 3
"""Rows of each cell that the page shows."""
