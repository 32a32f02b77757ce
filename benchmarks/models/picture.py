"""A picture of the ratios, for the documentation: one line a row, one dot a peer, on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from benchmarks.models.contenders import TENON
from benchmarks.models.results import Cell, cell_of, ratio

_LEFT, _WIDTH, _RIGHT, _TOP, _LINE = 215, 520, 30, 70, 22
_EDGE = 12
_LEAST, _MOST = 1 / 8, 8.0
_TICKS = (0.125, 0.25, 0.5, 1, 2, 4, 8)
_COLOURS = ("#0969da", "#d1590a", "#8250df", "#1a7f37", "#bf3989", "#7d6600")
_STYLE = """
    text { fill: #1f2328 } .note { fill: #57606a; font-size: 12px } .grid { stroke: #d0d7de } .one { stroke: #57606a }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .note { fill: #9ea7b3 } .grid { stroke: #30363d } .one { stroke: #9ea7b3 }
    }
"""


def svg(cells: Sequence[Cell]) -> str:
    """Return an SVG of how many times as fast Tenon is than each peer at each workload.

    Args:
        cells: of Tenon and its peers.
    """
    rows = list(dict.fromkeys((cell.workload, cell.batch) for cell in cells))
    peers = [name for name in dict.fromkeys(cell.contender for cell in cells) if name != TENON]
    colours = {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(peers)}
    bottom = _TOP + _LINE * len(rows)
    parts = [*_axis(bottom), *_legend(colours)]
    for place, (workload, batch) in enumerate(rows):
        height = _TOP + _LINE * (place + 0.5)
        parts.append(f'<text x="{_LEFT - 12}" y="{height + 4:g}" text-anchor="end">{escape(workload)} {batch}</text>')
        own = cell_of(cells, TENON, workload, batch)
        parts += [_dot(own, cell_of(cells, peer, workload, batch), colours[peer], height) for peer in peers]
    size = f"{_LEFT + _WIDTH + _RIGHT} {bottom + 34}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" aria-labelledby="title" '
    title = '<title id="title">How many times as fast Tenon is than its peers, by workload and batch size</title>'
    font = 'font-family="system-ui, sans-serif" font-size="13">'
    return "\n".join([head + font, title, f"<style>{_STYLE}</style>", *filter(None, parts), "</svg>\n"])


def _dot(own: Cell | None, peer: Cell | None, colour: str, height: float) -> str:
    times = None if own is None or peer is None else ratio(own, peer)
    if times is None or peer is None:
        return ""
    text = f"{peer.contender}: {times.median:.2f}x ({times.lowest:.2f}-{times.highest:.2f})"
    place = f'cx="{_x(times.median):.1f}" cy="{height:g}"'
    return f'<circle {place} r="5" fill="{colour}" fill-opacity="0.85"><title>{escape(text)}</title></circle>'


def _x(times: float) -> float:
    """Return where a ratio lies; those beyond the ends lie at the ends."""
    share = math.log(min(max(times, _LEAST), _MOST) / _LEAST) / math.log(_MOST / _LEAST)
    return _LEFT + share * _WIDTH


def _axis(bottom: int) -> list[str]:
    lines = []
    for tick in _TICKS:
        x, kind = _x(tick), "one" if tick == 1 else "grid"
        lines.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{bottom}"/>')
        label = f"{'≤' if tick == _LEAST else '≥' if tick == _MOST else ''}{tick:g}x"
        lines.append(f'<text class="note" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    return lines


def _legend(colours: dict[str, str]) -> list[str]:
    parts = [f'<text x="{_EDGE}" y="20">Tenon is so many times as fast as</text>']
    x = float(_EDGE)
    for name, colour in colours.items():
        parts.append(f'<circle cx="{x + 5:g}" cy="42" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15:g}" y="46">{escape(name)}</text>')
        x += 30 + 7.5 * len(name)
    return parts
