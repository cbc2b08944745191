"""The coverage map as one self-contained SVG: items of the pool on a plane, asked ones and others.

Told apart by shape and weight, not by colour: small open dots were never asked, filled triangles were. Each
region's number stands at its middle, in a frame where nothing of it was asked. The same bytes for the same
map; colours follow the reader's light or dark scheme, as in `charts`.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.charts import FONTS

if TYPE_CHECKING:
    from labelwright.loop.shift.records import Coverage

_PAINT = {
    "#010101": ("--lw-ink", "#1b1f24", "#e6e9ed"),
    "#020202": ("--lw-faint", "#8a94a0", "#7f8a96"),
    "#030303": ("--lw-asked", "#0072b2", "#56b4e9"),
    "#040404": ("--lw-never", "#c04f00", "#ff9a5c"),
    "#050505": ("--lw-paper", "#ffffff", "#15191e"),
}
_INK, _FAINT, _ASKED, _NEVER, _PAPER = _PAINT


def coverage_svg(coverage: Coverage) -> str:
    """`<svg …>`; empty where there are no points."""
    if not coverage.points:
        return ""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    points = np.array([p[:2] for p in coverage.points])
    region = np.array([p[2] for p in coverage.points])
    asked = np.array([p[3] for p in coverage.points], dtype=bool)
    settings: Any = {
        "svg.fonttype": "none", "svg.hashsalt": "labelwright-coverage",
        "font.family": ["DejaVu Sans"], "font.size": 10.5,
    }  # fmt: skip
    with mpl.rc_context(settings):
        figure = Figure(figsize=(7.2, 4.6), layout="constrained")
        figure.patch.set_alpha(0)
        canvas = FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.set_xlim(-1.06, 1.06)
        axes.set_ylim(-1.08, 1.08)
        axes.plot(
            *points[~asked].T, "o", color=_FAINT, markersize=3.4, markerfacecolor="none",
            markeredgewidth=0.8, label="not asked", zorder=2,
        )  # fmt: skip
        axes.plot(
            *points[asked].T, "^", color=_ASKED, markersize=6, markeredgecolor=_PAPER,
            markeredgewidth=0.6, label="asked", zorder=3,
        )  # fmt: skip
        never = {r.number for r in coverage.never}
        for number in sorted(set(region.tolist())):
            x, y = np.median(points[region == number], axis=0)
            frame: dict[str, Any] = {
                "boxstyle": "round,pad=0.25", "facecolor": _PAPER,
                "edgecolor": _NEVER if number in never else "none", "linewidth": 1.6, "alpha": 0.88,
            }  # fmt: skip
            axes.text(
                x, y, str(number), color=_INK, ha="center", va="center", bbox=frame, zorder=5,
                fontweight="bold" if number in never else "normal",
            )  # fmt: skip
        legend = figure.legend(loc="outside upper left", ncols=2, frameon=False, borderaxespad=0.2)
        for text in legend.get_texts():
            text.set_color(_INK)
        file = io.StringIO()
        canvas.print_svg(file, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return _finish(file.getvalue(), coverage)


def _finish(svg: str, coverage: Coverage) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r'<style type="text/css">.*?</style>', "", svg, flags=re.S)
    names = {n: f"lw-c-{n}" for n in set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))}
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{names[m[1]]}"' if m[1] in names else "", svg)
    svg = re.sub(r'(url\(|href=")#([^)"]+)', lambda m: f"{m[1]}#{names[m[2]]}", svg)
    for stand_in, (variable, _, _) in _PAINT.items():
        svg = svg.replace(stand_in, f"var({variable})")
    svg = re.sub(r"font-family: [^;\"]*", f"font-family: {FONTS}", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1, flags=re.S)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1, flags=re.S)
    told = (
        f"{len(coverage.points):,} items of the pool on a plane; of {len(coverage.regions)} regions "
        f"{len(coverage.never)} were never asked."
    )
    svg = svg.replace("<svg", f'<svg class="lw-coverage" role="img" aria-label="{told}"', 1)
    light = ";".join(f"{name}:{value}" for name, value, _ in _PAINT.values())
    dark = ";".join(f"{name}:{value}" for name, _, value in _PAINT.values())
    style = (
        f".lw-coverage{{{light}}}@media screen and (prefers-color-scheme:dark)"
        f"{{.lw-coverage{{{dark}}}}}"
    )
    return re.sub(r"(<svg[^>]*>)", rf"\1\n <style>{style}</style>", svg, count=1).strip() + "\n"
