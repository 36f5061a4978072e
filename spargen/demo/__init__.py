"""A generated house, written as a genuine scan."""
