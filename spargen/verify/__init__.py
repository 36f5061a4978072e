"""Checks of finished output by a second path."""
