"""Checks of finished output by a second path; what stands here is for the tasks of plug-ins."""

from spargen.verify.layout import Layout
from spargen.verify.own import check
from spargen.verify.row import Row

__all__ = ["Layout", "Row", "check"]
