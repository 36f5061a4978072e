"""Run by every Python process that starts with this folder on PYTHONPATH."""

import tiny

tiny.put_in_place()
