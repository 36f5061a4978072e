"""The audit as one page that needs nothing beside it. All that came from files is escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from spargen.audit.cell import CHANCE
from spargen.audit.pictures import pictures
from spargen.audit.plots import bars, columns, gains
from spargen.audit.run import Audit


def page(audit: Audit, points: float) -> bytes:
    """Return the page as HTML.

    Parameters
    ----------
    audit : what was found.
    points : gains above this are too much: those cells are shown with what was used, and with rows.
    """
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    judged = [cell for cell in audit.cells if cell.text is not None]
    found = environment.get_template("page.html").render(
        audit=audit,
        points=points,
        asked=[cell for cell in judged if cell.form in CHANCE],
        failing=audit.failing(points),
        judged=judged,
        unjudged=[cell for cell in audit.cells if cell.text is None],
        found_nothing=not any(cell.control_found for cell in judged),
        holm=audit.uneven,
        counts={cell.name: cell.counts.as_json() for cell in audit.cells},
        plot=gains([(str(cell.name), cell.levels) for cell in judged], points),
        bars=bars,
        columns=columns,
        percent=lambda share: "" if share is None else f"{100 * share:.1f} %",
        pictures=pictures,
    )
    return found.encode()
