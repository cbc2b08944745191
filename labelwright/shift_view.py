"""How the parts of the data compare and what of the pool was asked, as plain text and as JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright import figures
from labelwright.loop.shift.words import names, remedy, sentence
from labelwright.summary import class_names
from labelwright.words import cell_width, clean, fit, pad, wrap

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.record import Estimate
    from labelwright.loop.shift.records import Comparison, Coverage, Distribution, ShiftTest

MOST_TESTS = 8  # of one comparison, those that differ most clearly


def shift_view(task: Task, found: Distribution, *, width: int = 80, following: str = "") -> str:
    """Each comparison with its tests and class shares, then the regions of the pool."""
    if not found.comparisons:
        return f"Nothing was compared yet: no round has finished.\n\nNext     {following}"
    titles = class_names(task)
    blocks = [_comparison(each, titles, width) for each in found.comparisons]
    if found.coverage is not None:
        blocks.append(_coverage(found.coverage, width))
    return "\n\n".join("\n".join(lines) for lines in blocks) + f"\n\nNext     {following}"


def warning(comparison: Comparison) -> str:
    """One line for a run or a status."""
    return f"{sentence(comparison)}; {remedy(comparison)}"


def shown(tests: Sequence[ShiftTest]) -> list[ShiftTest]:
    """The tests to show: vectors and classes first, then the columns that differ most clearly."""
    first = [t for t in tests if t.what in ("vectors", "predicted classes")]
    others = sorted((t for t in tests if t not in first), key=lambda t: (t.adjusted, -t.effect))
    return [*first, *others[:MOST_TESTS]]


def probability(p: float) -> str:
    """`0.032`, `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def effect(test: ShiftTest) -> str:
    """`AUC 0.71 (0.68 to 0.74)`."""
    span = "" if test.low is None else f" ({test.low:.2f} to {test.high:.2f})"
    return f"{test.kind} {test.effect:.2f}{span}"


def _comparison(found: Comparison, titles: dict[str, str], width: int) -> list[str]:
    one, other = names(found)
    mark = "!" if found.alarm else " "
    text = clean(sentence(found))
    if found.by_design and found.differs:
        text += ", as it was chosen to"
    lines = [f"{mark} {text[:1].upper()}{text[1:]}."]
    looked = (
        f"{found.looked[0]:,} of {found.one:,} and {found.looked[1]:,} of {found.other:,} items"
    )
    lines.append(f"    looked at {looked}")
    tests = shown(found.tests)
    widest = min(40, max((cell_width(clean(t.what)) for t in tests), default=0))
    lines += [
        f"    {fit(clean(t.what), widest)}  {effect(t):<25}  p {probability(t.adjusted)}"
        + ("  differs" if t.adjusted <= found.level else "")
        for t in tests
    ]
    if more := len(found.tests) - len(tests):
        lines.append(f"    and {more:,} more: --json lists them")
    if found.shares:
        name = min(28, max(cell_width(clean(titles.get(s.label, s.label))) for s in found.shares))
        first = max(cell_width(one), 22)
        lines.append(f"    {pad('', name)}  {pad(one, first)}  {other}")
        for s in found.shares:
            title = fit(clean(titles.get(s.label, s.label)), name)
            lines.append(f"    {title}  {pad(_share(s.one), first)}  {_share(s.other)}")
    if found.alarm:
        lines += [f"    {line}" for line in wrap(remedy(found), max(20, width - 4))]
    return lines


def _share(told: Estimate) -> str:
    span = figures.interval(told)
    return figures.percent(told.estimate) + (f" ({span})" if span else "")


def _coverage(found: Coverage, width: int) -> list[str]:
    never = found.never
    head = f"  Of {figures.counted(len(found.regions), 'region')} of the pool "
    head += f"{len(never):,} {'was' if len(never) == 1 else 'were'} never asked"
    if never:
        head += f": {figures.counted(sum(r.items for r in never), 'item')}"
    lines = [head + "."]
    if found.sampled is not None:
        lines.append(f"    found on {found.sampled:,} of {found.items:,} items, drawn at random")
    lines.append("    region   items  asked  by chance  right on holdout  doubt  told apart by")
    for region in found.regions:
        right = ""
        if region.accuracy.estimate is not None:
            right = f"{figures.percent(region.accuracy.estimate, 0)} of {region.accuracy.n}"
        doubt = "" if region.doubt is None else f"{region.doubt:.2f}"
        lead = (
            f"    {region.number:>6}  {region.items:>6,}  {region.asked:>5,}  {region.expected:>9.1f}"
            f"  {right:>16}  {doubt:>5}  "
        )
        named = clean(", ".join(region.name) or f"items like {region.examples[0]}")
        lines.append((lead + fit(named, max(12, width - len(lead)))).rstrip())
    return lines


# --- for programs -----------------------------------------------------------------------------


def shift_json(found: Distribution) -> dict[str, Any]:
    """All of it; points of the picture left out."""
    told = found.model_dump(mode="json", exclude={"coverage": {"points"}})
    for each, record in zip(told["comparisons"], found.comparisons, strict=True):
        each |= {"differs": record.differs, "alarm": record.alarm, "told": sentence(record)}
    return told
