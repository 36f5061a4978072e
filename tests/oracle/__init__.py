"""A second reading of tasks.md, from ScanNet's raw files and the rows alone, for recompute.py; imports no spargen."""
