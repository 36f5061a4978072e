"""Checks of finished output by a second path; `check` and `Layout` are for tasks of plug-ins."""

from spargen.verify.layout import Layout
from spargen.verify.own import check

__all__ = ["Layout", "check"]
