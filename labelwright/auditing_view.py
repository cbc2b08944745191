"""An audit of a data set as plain text, as JSON values and as rows of a file. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright import figures
from labelwright.words import cell_width, clean, fit, pad, wrap

if TYPE_CHECKING:
    from labelwright.auditing import DatasetAudit
    from labelwright.loop.audit.checked import Counted
    from labelwright.loop.audit.queue import Suspect

PAIRS = 10
_LONGEST_ID = 24


def audit_view(found: DatasetAudit, *, top: int, width: int, following: Sequence[str]) -> str:
    """How many labels are wrong, which classes are taken for which, the head of the queue, what to do."""
    labels = len(found.given)
    head = f"{clean(str(found.path))} · {figures.counted(labels, 'label')} in {clean(found.label)}"
    lines = wrap(f"{head}, {len(found.names)} classes · {clean(found.read_from)}", width)
    lines.append("")
    facts = [
        ("Wrong", _share(found)),
        ("Look again", _queue(found)),
        ("Copies", _copies(found)),
        ("Left out", _left_out(found)),
        ("Judged by", _views(found)),
    ]
    for name, told in facts:
        for number, line in enumerate(piece for each in told for piece in wrap(each, width - 12)):
            lines.append(pad(name if number == 0 else "", 12) + line)
    lines += _pairs(found, width)
    lines += _suspects(found, top, width)
    lines.append("")
    for number, line in enumerate(following):
        lines.append(pad("Next" if number == 0 else "", 12) + line)
    return "\n".join(lines)


def _share(found: DatasetAudit) -> list[str]:
    bounds, n = found.audited.bounds, len(found.given)
    if found.checked is not None and found.checked.random.of:
        random = found.checked.random
        told = [
            f"{_counted(random)} of the random sample: so many of all labels are wrong, with 95% confidence"
        ]
    else:
        told = []
    if not bounds.known:
        told.append(
            f"not known by models: they tell only {figures.percent(bounds.agreement)} of these labels, too "
            "few to say how many are wrong; another --encoder may tell more"
        )
        return told if told[1:] else [*told, "a random sample that people look at tells"]
    told.append(
        f"between {figures.percent(bounds.low)} and {figures.percent(bounds.high)} "
        f"({bounds.low * n:,.0f} to {bounds.high * n:,.0f}), as far as models can tell: what is surely of "
        "another class, and all that is doubted, the models' own mistakes included"
    )
    if not told[1:]:
        told.append(
            "mistakes made everywhere alike are in neither: a random sample that people look at tells"
        )
    return told


def _counted(counted: Counted) -> str:
    """`12 of 100, 12.0% (6.4–20.0%)`."""
    between = f"{figures.percent(counted.low).removesuffix('%')}–{figures.percent(counted.high)}"
    return f"{counted.wrong:,} of {counted.of:,}, {figures.percent(counted.share)} ({between})"


def _queue(found: DatasetAudit) -> list[str]:
    suspects = found.audited.suspects
    flagged = sum(s.flagged for s in suspects)
    told = [f"{figures.counted(len(suspects), 'label')} in doubt, of which {flagged:,} stand out"]
    if found.checked is not None:
        if found.checked.suspects.of:
            told.append(
                f"of those that people looked at, wrong: {_counted(found.checked.suspects)}"
            )
        if found.checked.others:
            told.append(
                f"{figures.counted(found.checked.others, 'answer')} on others: counted nowhere"
            )
    return told


def _copies(found: DatasetAudit) -> list[str]:
    audited = found.audited
    told = f"{figures.counted(audited.copies, 'group')} of the same item with different labels"
    if audited.near:
        told += f", {figures.counted(audited.near, 'pair')} of nearly the same"
    return [told] if audited.copies or audited.near else ["none with different labels"]


def _left_out(found: DatasetAudit) -> list[str]:
    parts = []
    if found.unlabelled:
        parts.append(f"{figures.counted(found.unlabelled, 'item')} without a label")
    if found.set_aside:
        parts.append(f"{figures.counted(found.set_aside, 'row')} that cannot be used")
    return [", ".join(parts)] if parts else ["nothing"]


def _views(found: DatasetAudit) -> list[str]:
    pooled = found.audited.pooled
    total = sum(pooled.weights.values()) or 1.0
    parts = [
        f"{name} {weight / total:.0%} (log-loss {pooled.losses[name]:.3f})"
        for name, weight in sorted(pooled.weights.items(), key=lambda each: -each[1])
    ]
    return [", ".join(parts)]


def _pairs(found: DatasetAudit, width: int) -> list[str]:
    pairs = found.audited.pairs[:PAIRS]
    if not pairs:
        return []
    rows = [
        (clean(found.names[p.given]), clean(found.names[p.suggested]), f"{p.items:,}",
         figures.percent(p.share))
        for p in pairs
    ]  # fmt: skip
    heads = ("labelled", "likely", "items", "of the class")
    room = max(10, (width - 26) // 2)
    wide = [min(room, max(cell_width(r[c]) for r in (heads, *rows))) for c in range(2)]
    lines = [""]
    for first, second, items, share in (heads, *rows):
        lines.append(
            f"{fit(first, wide[0])}  {fit(second, wide[1])}  {items:>7}  {share:>12}".rstrip()
        )
    rest = len(found.audited.pairs) - len(pairs)
    return [*lines, f"and {figures.counted(rest, 'pair')} more"] if rest else lines


def _suspects(found: DatasetAudit, top: int, width: int) -> list[str]:
    suspects = found.audited.suspects[:top]
    if not suspects:
        return []
    ids = [clean(found.ids[s.row]) for s in suspects]
    widest = min(_LONGEST_ID, max(map(cell_width, ids)))
    digits = len(str(len(suspects)))
    lines = [""]
    for number, (identity, each) in enumerate(zip(ids, suspects, strict=True), 1):
        lead = f"{number:>{digits}}  {fit(identity, widest)}  "
        lines.append((lead + fit(clean(found.shown[each.row]), width - cell_width(lead))).rstrip())
        told = f"{_suggested(found, each)} · {clean(each.reason)}"
        lines += [f"{'':{digits}}  {line}" for line in wrap(told, width - digits - 2)]
    return lines


def _suggested(found: DatasetAudit, each: Suspect) -> str:
    given = clean(found.names[each.given])
    if each.suggested == each.given:
        return f"{given}, which may be right ({each.probability:.2f})"
    return f"{given} → {clean(found.names[each.suggested])} {each.probability:.2f}"


# --- for programs -----------------------------------------------------------------------------


def queue_rows(found: DatasetAudit, sample: int = 0) -> list[dict[str, Any]]:
    """The queue, a dictionary a row; then the random sample, in the order in which it was drawn.

    `label` is empty: for the person who looks again. A suspect that is in the sample too stands there
    once, as part of the sample and in its place, so that the sample is whole.
    """
    rows = []
    wrong = found.audited.wrong
    suspects = {s.row: s for s in found.audited.suspects}
    drawn = sorted((int(place), row) for row, place in enumerate(found.drawn) if place < sample)
    in_sample = {row for _, row in drawn}
    for row, each in suspects.items():
        if row not in in_sample:
            rows.append(_row(found, row, each, "suspect", float(wrong[row])))
    rows += [_row(found, row, suspects.get(row), "random", float(wrong[row])) for _, row in drawn]
    return rows


def _row(
    found: DatasetAudit, row: int, suspect: Suspect | None, part: str, wrong: float
) -> dict[str, Any]:
    return {
        "id": found.ids[row],
        "given": found.names[int(found.given[row])],
        "suggested": found.names[suspect.suggested] if suspect else None,
        "probability": round(suspect.probability, 4) if suspect else None,
        "wrong": round(wrong, 4),
        "stands_out": bool(suspect and suspect.flagged),
        "kind": suspect.kind if suspect else None,
        "reason": suspect.reason if suspect else "drawn at random",
        "part": part,
        "label": None,
        "item": found.shown[row],
    }


def audit_json(found: DatasetAudit, *, top: int) -> dict[str, Any]:
    """All figures, and the head of the queue."""
    audited, checked = found.audited, found.checked
    bounds = audited.bounds
    return {
        "data": str(found.path),
        "label": found.label,
        "read_from": found.read_from,
        "items": found.items,
        "labels": len(found.given),
        "unlabelled": found.unlabelled,
        "set_aside": found.set_aside,
        "classes": dict(zip(found.names, found.counts, strict=True)),
        "wrong": {
            "known": bounds.known,
            "low": bounds.low if bounds.known else None,
            "high": bounds.high if bounds.known else None,
            "surely": bounds.sure if bounds.known else None,
            "doubted": bounds.doubted,
            "agreement": bounds.agreement,
        },
        "checked": None
        if checked is None
        else {"random": _interval(checked.random), "suspects": _interval(checked.suspects)},
        "copies": audited.copies,
        "near_copies": audited.near,
        "suspects": len(audited.suspects),
        "stand_out": sum(s.flagged for s in audited.suspects),
        "views": {
            name: {"weight": weight, "log_loss": audited.pooled.losses[name]}
            for name, weight in audited.pooled.weights.items()
        },
        "pairs": [
            {
                "given": found.names[p.given],
                "suggested": found.names[p.suggested],
                "items": p.items,
                "share": p.share,
            }
            for p in audited.pairs
        ],
        "queue": queue_rows(found)[:top],
    }


def _interval(counted: Counted) -> dict[str, float | int | None]:
    return {
        "wrong": counted.wrong,
        "of": counted.of,
        "share": counted.share,
        "low": counted.low,
        "high": counted.high,
    }
