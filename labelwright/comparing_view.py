"""`compare-finetuning` as plain text."""

from __future__ import annotations

from labelwright import figures
from labelwright.comparing import AGAINST, Comparison, Trial
from labelwright.words import clean, pad, wrap

_HEADS = ("way", "stored", "share", "memory", "seconds", "accuracy", "points")


def comparison_view(compared: Comparison, *, width: int = 80) -> str:
    """A line for each way, beside full tuning."""
    labels = figures.counted(compared.labels, "label")
    head = f"{labels} to learn from, {figures.counted(compared.holdout, 'holdout item')} to measure"
    if compared.simulated:
        head += "   REHEARSAL: simulated annotators"
    against = compared.against
    rows = [_HEADS] + [_row(t, against, compared.encoder) for t in compared.trials if not t.why]
    if against is None:
        rows = [row[:-1] for row in rows]  # there is nothing that points could be against
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [head, ""]
    for row in rows:
        cells = [pad(row[0], widths[0])]
        cells += [pad(cell, w, right=True) for cell, w in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    for trial in compared.trials:
        if trial.why:
            lines += wrap(f"{trial.way}: not tried, for {clean(trial.why)}", width)
    lines += ["", *wrap(_told(compared), width)]
    return "\n".join(lines)


def _row(trial: Trial, against: Trial | None, encoder: int) -> tuple[str, ...]:
    points = ""
    if against is not None and trial.way != AGAINST:
        apart, error = trial.points(against)
        points = f"{apart:+.1f} ± {error:.1f}"
    return (
        trial.way,
        size(trial.stored),
        figures.percent(trial.stored / encoder, 2) if encoder else "",
        f"{size(trial.peak)} (+{size(max(0, trial.peak - trial.before))})",
        f"{trial.seconds:.1f}",
        figures.percent(trial.accuracy),
        points,
    )


def _told(compared: Comparison) -> str:
    told = (
        f"Share: of the encoder's bytes. Each was trained once on {compared.device}, in a process of its "
        "own: memory is the most it held, and in brackets what training took beyond what was loaded. "
        "Accuracy is of one training on one holdout."
    )
    if compared.against is not None:
        told += f" Points are against {AGAINST}, with the standard error on the same items."
    return told


def size(n: int) -> str:
    """1_327_104 -> `1.3 MB`."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n >= unit:
            return f"{n / unit:.1f} {name}"
    return f"{n} B"
