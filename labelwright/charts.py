"""The curve against the budget as one self-contained SVG, the same bytes for the same campaign.

Drawn by matplotlib with stand-in colours, which are then replaced by CSS variables: the picture
follows the reader's light or dark scheme, inline in a report and as a file of its own. Text stays
text, in the reader's own fonts; words from the task file are put in afterwards, so that no font for
their script is needed here.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from labelwright import figures
from labelwright.chart_ahead import FORECAST, ahead_of, draw_ahead
from labelwright.summary import Target
from labelwright.words import clean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from labelwright.loop.history import Campaign, CurvePoint, RoundRecord

FONTS = (
    "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, "
    "'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans CJK KR', 'Noto Sans KR', NanumBarunGothic, "
    "NanumGothic, sans-serif"
)
# stand-in -> (variable, light, dark); estimate and truth are Okabe and Ito's blue and vermilion
_PAINT = {
    "#010101": ("--lw-ink", "#1b1f24", "#e6e9ed"),
    "#020202": ("--lw-muted", "#5c6672", "#9aa5b1"),
    "#030303": ("--lw-grid", "#e4e7eb", "#2c333b"),
    "#040404": ("--lw-estimate", "#0072b2", "#56b4e9"),
    "#050505": ("--lw-truth", "#d55e00", "#f0894a"),
    "#060606": ("--lw-paper", "#ffffff", "#15191e"),
    "#070707": ("--lw-target", "#1b1f24", "#e6e9ed"),
    FORECAST: ("--lw-forecast", "#a4558a", "#dd9bc0"),
}
_INK, _MUTED, _GRID, _ESTIMATE, _TRUTH, _PAPER, _TARGET, _ = _PAINT


def curve_svg(campaign: Campaign, *, targets: Sequence[Target] = (), narrow: bool = False) -> str:
    """The main figure on the holdout with its 95% interval against training annotations, as `<svg …>`.

    That is the accuracy, or micro F1 where answers are several. `targets` are drawn as lines; a rehearsal's
    true figure is drawn dashed; the forecast goes on from the last round, with its 90% band; triangles on
    the axis stand where stopping rules would have ended it. `narrow` is the shape for a phone. Rounds whose
    figure is not known leave a gap.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    rounds = [r for r in campaign.rounds if r.measurement.main.estimate is not None]
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": f"labelwright-{'narrow' if narrow else 'wide'}",
        "font.family": ["DejaVu Sans"],  # carried by matplotlib: the same layout everywhere
        "font.size": 10.5,
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=(4.3, 4.0) if narrow else (9.2, 4.3), layout="constrained")
        figure.patch.set_alpha(0)
        canvas = FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        ahead = ahead_of(campaign)
        _frame(axes, rounds, targets, ahead)
        handles = _series(axes, rounds, narrow=narrow) + draw_ahead(axes, campaign, ahead)
        handles += _lines(axes, targets)
        _breaks(axes, rounds)
        if handles:
            names = [h.get_label() for h in handles]
            legend = figure.legend(
                handles,
                names,
                loc="outside upper left",
                ncols=1 if narrow else 2,
                frameon=False,
                handlelength=2.2,
                borderaxespad=0.2,
            )
            for text in legend.get_texts():
                text.set_color(_INK)
        file = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        canvas.print_svg(file, metadata=nothing)
    return _finish(file.getvalue(), rounds, targets)


def _frame(
    axes: Axes,
    rounds: Sequence[RoundRecord],
    targets: Sequence[Target],
    ahead: Sequence[CurvePoint],
) -> None:
    """Axes and their range."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    lows = [value for r in rounds for value in _span(r)[:1]]
    truths = [r.measurement.true_accuracy for r in rounds]
    seen = lows + [t for t in truths if t is not None] + [t.value for t in targets]
    floor = max(0.0, math.floor((min(seen, default=0.0) - 0.03) * 10) / 10)
    spent = [*(r.annotations for r in rounds), *(p.annotations for p in ahead)]
    last = max(spent, default=1)
    axes.set_ylim(floor, 1.0 + 0.02 * (1 - floor))
    axes.set_xlim(0, max(last * 1.04, 1))
    axes.patch.set_alpha(0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_MUTED)
    axes.grid(axis="y", color=_GRID, linewidth=0.9)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=_MUTED, pad=6)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y * 100:.0f}%"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.set_xlabel("annotations spent on training", color=_MUTED, labelpad=8)
    if not rounds:
        axes.text(0.5, 0.5, "no round yet", color=_MUTED, ha="center", transform=axes.transAxes)


def _lines(axes: Axes, targets: Sequence[Target]) -> list[Any]:
    """The target lines, with stand-ins for their words."""
    return [
        axes.axhline(
            target.value,
            color=_TARGET,
            linewidth=1.2,
            dashes=(1.5, 2.5),
            zorder=2,
            label=f"@target{number}@",
        )
        for number, target in enumerate(targets)
    ]


def _series(axes: Axes, rounds: Sequence[RoundRecord], *, narrow: bool) -> list[Any]:
    """The estimate with its band, and in a rehearsal the truth; returns what the legend names."""
    if not rounds:
        return []
    x = [r.annotations for r in rounds]
    y = [_known(r.measurement.main.estimate) for r in rounds]
    low, high = zip(*(_span(r) for r in rounds), strict=True)
    few = len(rounds) <= (12 if narrow else 25)
    size = 6.5 if few else 0.0
    if few:
        axes.vlines(x, low, high, color=_ESTIMATE, linewidth=1.3, alpha=0.45, zorder=4)
    handles: list[Any] = []
    for run in _runs(rounds):
        if run.stop - run.start > 1:
            band = x[run], low[run], high[run]
            axes.fill_between(*band, color=_ESTIMATE, alpha=0.16, linewidth=0, zorder=3)
        (line,) = axes.plot(
            x[run],
            y[run],
            color=_ESTIMATE,
            linewidth=2.2,
            marker="o",
            markersize=size,
            markeredgecolor=_PAPER,
            markeredgewidth=1.2,
            zorder=6,
            label="estimated on the holdout, with its 95% interval",
        )
        handles = handles or [line]
    for number, record in enumerate(rounds):  # bare points that carry the tooltips
        (point,) = axes.plot(record.annotations, y[number], ".", color=_ESTIMATE, alpha=0, zorder=9)
        point.set_markersize(18)
        point.set_gid(f"lw-round-{record.round}-{'n' if narrow else 'w'}")
    true = [_known(r.measurement.true_accuracy) for r in rounds]
    if not all(math.isnan(value) for value in true):
        dashed: Any = None
        for run in _runs(rounds):
            (dashed,) = axes.plot(
                x[run],
                true[run],
                color=_TRUTH,
                linewidth=1.8,
                dashes=(4, 2.4),
                marker="D",
                markersize=max(0.0, size - 2),
                markeredgewidth=0,
                zorder=5,
                label="true, on the whole holdout (rehearsal)",
            )
        handles.append(dashed)
    return handles


def _runs(rounds: Sequence[RoundRecord]) -> list[slice]:
    """Rounds measured under the same definition, one after the other."""
    starts = [i for i, r in enumerate(rounds) if not i or r.definition != rounds[i - 1].definition]
    ends = [*starts[1:], *([len(rounds)] if starts else [])]
    return [slice(start, end) for start, end in zip(starts, ends, strict=True)]


def _breaks(axes: Axes, rounds: Sequence[RoundRecord]) -> None:
    """Where another definition came into force: what stands left of it measured something else."""
    for run in _runs(rounds)[1:]:
        before, after = rounds[run.start - 1], rounds[run.start]
        where = (before.annotations + after.annotations) / 2
        axes.axvline(where, color=_MUTED, linewidth=1.1, dashes=(1, 2), zorder=2)
        axes.annotate(
            f"definition {after.definition}",
            (where, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(4, 6),
            textcoords="offset points",
            color=_MUTED,
            fontsize=9.5,
        )


def _known(value: float | None) -> float:
    """What is not known is a gap in the line."""
    return math.nan if value is None else value


def _span(record: RoundRecord) -> tuple[float, float]:
    main = record.measurement.main
    middle = main.estimate if main.estimate is not None else 0.0
    low = main.low if main.low is not None else middle
    high = main.high if main.high is not None else middle
    return low, high


def _finish(svg: str, rounds: Sequence[RoundRecord], targets: Sequence[Target]) -> str:
    """Stand-ins replaced: colours, fonts, words, tooltips; sized by the reader's page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r'<style type="text/css">.*?</style>', "", svg, flags=re.S)
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in used or m[1][:3] == "lw-" else "", svg)
    for sentinel, (variable, _, _) in _PAINT.items():
        svg = svg.replace(sentinel, f"var({variable})")
    svg = re.sub(r"font-family: [^;\"]*", f"font-family: {FONTS}", svg)
    for number, target in enumerate(targets):
        svg = svg.replace(f"@target{number}@", escape(clean(target.text)))
    for record in rounds:
        tip = f"<title>{escape(_tooltip(record))}</title>"
        svg = re.sub(rf'(<g id="lw-round-{record.round}-[nw]">)', rf"\1{tip}", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", svg, count=1, flags=re.S)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1, flags=re.S)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1, flags=re.S)
    title = escape(_description(rounds))
    head = f'<svg class="lw-curve" role="img" aria-label="{title}"'
    svg = svg.replace("<svg", head, 1)
    return re.sub(r"(<svg[^>]*>)", rf"\1\n <style>{_style()}</style>", svg, count=1).strip() + "\n"


def _style() -> str:
    light = ";".join(f"{name}:{value}" for name, value, _ in _PAINT.values())
    dark = ";".join(f"{name}:{value}" for name, _, value in _PAINT.values())
    scheme = "@media screen and (prefers-color-scheme:dark)"
    return f".lw-curve{{{light}}}{scheme}{{.lw-curve{{{dark}}}}}.lw-curve{{overflow:visible}}"


def _tooltip(record: RoundRecord) -> str:
    main = record.measurement.main
    words = f"round {record.round}: {figures.percent(main.estimate)}"
    span = figures.interval(main)
    words += f" ({span})" if span else ""
    return f"{words} after {figures.counted(record.annotations, 'annotation')} on training"


def _description(rounds: Sequence[RoundRecord]) -> str:
    if not rounds:
        return "Accuracy against annotations: no round yet."
    first, last = rounds[0].measurement.main, rounds[-1].measurement.main
    name = rounds[-1].measurement.main_name
    return (
        f"{name[:1].upper()}{name[1:]} on the holdout against training annotations: from "
        f"{figures.percent(first.estimate)} at {figures.count(rounds[0].annotations)} to "
        f"{figures.percent(last.estimate)} at {figures.count(rounds[-1].annotations)}."
    )
