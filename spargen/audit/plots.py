"""Plots as SVG texts, to stand in a page. Whatever came from files is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from spargen.audit.blind import Blind
from spargen.gallery.figures import Histogram

_ROW, _NAMES, _WIDE = 22, 330, 900
_LEVELS = (("text", "#1f5f8b"), ("text and marks", "#c2571a"), ("shuffled", "#8d949c"))


def gains(cells: Sequence[tuple[str, Mapping[str, Blind]]], points: float) -> Markup:
    """Return a plot of gains with twice their standard errors, a line a cell, and a line at so many points."""
    values = [100 * (b.gain + 2 * b.error) for _, levels in cells for b in levels.values()]
    most = max([points + 2, *values])
    scale = (_WIDE - _NAMES - 20) / (most + 8)

    def across(value: float) -> str:
        return f"{_NAMES + (max(value, -8) + 8) * scale:.1f}"

    height = _ROW * len(cells) + 30
    parts = [f'<svg viewBox="0 0 {_WIDE} {height}" role="img" aria-label="gains of blind models">']
    for value, kind in ((0.0, "zero"), (points, "limit")):
        parts.append(f'<line class="{kind}" x1="{across(value)}" x2="{across(value)}" y1="0" y2="{height - 24}"/>')
        parts.append(f'<text x="{across(value)}" y="{height - 8}" text-anchor="middle">{value:+g}</text>')
    for i, (name, levels) in enumerate(cells):
        y = _ROW * i + 12
        parts.append(f'<text x="{_NAMES - 8}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        for j, (level, colour) in enumerate(_LEVELS):
            blind, down = levels[level], y + 5 * (j - 1)
            low, high = 100 * (blind.gain - 2 * blind.error), 100 * (blind.gain + 2 * blind.error)
            parts.append(
                f'<line stroke="{colour}" x1="{across(low)}" x2="{across(high)}" y1="{down}" y2="{down}"/>'
                f'<circle fill="{colour}" cx="{across(100 * blind.gain)}" cy="{down}" r="3"/>'
            )
    return Markup("".join(parts) + "</svg>")


def columns(histogram: Histogram) -> Markup:
    """Return a histogram of numbers, with the least and the greatest below it."""
    places = sorted(histogram.counts)
    if not places:
        return Markup("")
    first, last, most = places[0], places[-1], max(histogram.counts.values())
    wide = 240 / (last - first + 1)
    parts = ['<svg class="small" viewBox="0 0 240 80" role="img" aria-label="histogram">']
    for place, count in sorted(histogram.counts.items()):
        high = 60 * count / most
        parts.append(
            f'<rect x="{(place - first) * wide:.1f}" y="{60 - high:.1f}" width="{max(wide - 1, 0.5):.1f}" '
            f'height="{high:.1f}"><title>{place * histogram.step:g}: {count}</title></rect>'
        )
    parts.append(f'<text x="0" y="76">{first * histogram.step:g}</text>')
    parts.append(f'<text x="240" y="76" text-anchor="end">{(last + 1) * histogram.step:g}</text>')
    return Markup("".join(parts) + "</svg>")


def bars(counts: Sequence[tuple[str, float]]) -> Markup:
    """Return named amounts as bars."""
    most = max((abs(amount) for _, amount in counts), default=0) or 1
    parts = [f'<svg viewBox="0 0 {_WIDE} {_ROW * len(counts) + 4}" role="img" aria-label="amounts">']
    for i, (name, amount) in enumerate(counts):
        y = _ROW * i
        parts.append(
            f'<text x="{_NAMES + 100}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_NAMES + 108}" y="{y + 4}" width="{300 * abs(amount) / most:.1f}" height="14"/>'
            f'<text x="{_NAMES + 114 + 300 * abs(amount) / most:.1f}" y="{y + 15}">{amount:g}</text>'
        )
    return Markup("".join(parts) + "</svg>")
