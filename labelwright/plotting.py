"""Pictures made of characters: an interval as `├──●──┤`, the curve in a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from labelwright import figures
from labelwright.words import clean

if TYPE_CHECKING:
    from labelwright.loop.history import Campaign, RoundRecord
    from labelwright.summary import Target

WIDTH = 80


def whisker(
    estimate: float | None, low: float | None, high: float | None, *, floor: float, width: int
) -> str:
    """`├──●──┤` on a scale from `floor` to 1 in exactly `width` cells; `‹` lies below the scale."""
    if estimate is None:
        return " " * width
    cells = [" "] * width

    def at(value: float) -> int:
        return round((min(max(value, floor), 1.0) - floor) / (1 - floor) * (width - 1))

    middle = at(estimate)
    left = at(low) if low is not None else middle
    right = at(high) if high is not None else middle
    for position in range(left, right + 1):
        cells[position] = "─"
    cells[left] = "├" if low is None or low >= floor else "‹"
    cells[right] = "┤"
    cells[middle] = "●"
    return "".join(cells)


def scale_floor(values: Sequence[float | None]) -> float:
    """Where a scale that ends at 1 begins: a tenth, somewhat below the least value."""
    known = [v for v in values if v is not None]
    return min(0.9, max(0.0, math.floor((min(known, default=0.0) - 0.03) * 10) / 10))


def curve_view(
    campaign: Campaign,
    *,
    targets: Sequence[Target] = (),
    width: int = WIDTH,
    height: int = 16,
) -> str:
    """The main figure with its interval against training annotations, drawn in characters."""
    rounds = [r for r in campaign.rounds if r.measurement.main.estimate is not None]
    if not rounds:
        return "No round has finished yet: there is no curve."
    found = [r.measurement.main for r in rounds]
    seen = [value for figure in found for value in (figure.low, figure.estimate)]
    seen += [r.measurement.true_accuracy for r in rounds]
    floor = scale_floor([*seen, *(t.value for t in targets)])
    columns = width - 8
    last = max(1, rounds[-1].annotations)
    grid = [[" "] * columns for _ in range(height)]

    def row(value: float) -> int:
        share = (min(max(value, floor), 1.0) - floor) / (1 - floor)
        return height - 1 - round(share * (height - 1))

    def column(annotations: int) -> int:
        return round(annotations / last * (columns - 1))

    for target in targets:
        grid[row(target.value)] = ["╌"] * columns
    for record in rounds:
        _draw_round(grid, record, column(record.annotations), row)
    step = 0.05 if 1 - floor <= 0.3 else 0.1 if 1 - floor <= 0.6 else 0.2
    ticks = {row(1 - n * step): f"{1 - n * step:.2f}" for n in range(round((1 - floor) / step) + 1)}
    lines = [
        f"{ticks.get(y, ''):>5} {'┤' if y in ticks else '│'}{''.join(cells)}".rstrip()
        for y, cells in enumerate(grid)
    ]
    lines.append(" " * 6 + "└" + "─" * columns)
    lines.append(" " * 7 + _axis(columns, last))
    lines.append(" " * 7 + "annotations spent on training".center(columns).rstrip())
    legend = f"● {rounds[-1].measurement.main_name} on the holdout   │ its 95% interval"
    if any(r.measurement.true_accuracy is not None for r in rounds):
        legend += "   ○ true (rehearsal)"
    lines += ["", " " * 7 + legend]
    lines += [" " * 7 + f"╌ {clean(t.text)}" for t in targets]
    return "\n".join(lines)


def _draw_round(
    grid: list[list[str]], record: RoundRecord, x: int, row: Callable[[float], int]
) -> None:
    """One round over what is there; a later round covers an earlier one in the same column."""
    main, true = record.measurement.main, record.measurement.true_accuracy
    assert main.estimate is not None
    if main.low is not None and main.high is not None:
        for y in range(row(main.high), row(main.low) + 1):
            grid[y][x] = "│"
    if true is not None:
        grid[row(true)][x] = "○"
    grid[row(main.estimate)][x] = "●"


def _axis(columns: int, last: int) -> str:
    """`0 … last` with figures between where there is room; ends flush with the plot."""
    marks = [(round(part / 4 * (columns - 1)), round(last * part / 4)) for part in range(5)]
    line = ""
    for x, value in marks:
        text = figures.count(value)
        start = min(max(0, x - len(text) // 2), columns - len(text))
        if start > len(line) or not line:
            line = line.ljust(start) + text
    return line
