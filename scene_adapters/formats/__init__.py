"""Readers of file formats, which adapters share: none knows a data set but by the files that are named for it."""
