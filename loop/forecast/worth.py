"""Where the next money is best spent: what further labels of each kind would bring.

Training labels raise the figure, by the forecast. Holdout labels raise nothing: they decide criteria. Second
opinions mend labels that are wrong; a share ν of wrong labels among n teaches about as much as n (1 − 2ν)²
labels without (Angluin & Laird 1988: the sample that noise ν asks for grows by 1 / (1 − 2ν)²).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labelwright.loop.forecast.foretelling import BAND, Facts, Outlook, outlook
from labelwright.loop.history import Band, RoundRecord, Worth

STEP = 100
"""Annotations that are weighed against each other."""


def worth(
    rounds: Sequence[RoundRecord], facts: Facts, wrong: float | None, left: int
) -> tuple[Worth, ...]:
    """What the next 100 annotations of each kind would bring, fewer where fewer are left.

    wrong: share of labels that are thought to be wrong, None where nobody judged an item twice.
    """
    if not rounds or left <= 0:
        return ()
    step = min(STEP, left)
    found = outlook(rounds, facts)
    each = [_training(found, step), _holdout(rounds[-1], step), _second(found, wrong, step)]
    best = _best(each)
    return tuple(w.model_copy(update={"best": i == best}) for i, w in enumerate(each))


def _best(each: Sequence[Worth]) -> int | None:
    """What decides comes first; else the greatest gain that is known."""
    deciding = [i for i, w in enumerate(each) if w.decides]
    if deciding:
        return deciding[0]
    gains = [(w.gain.estimate, -i) for i, w in enumerate(each) if w.gain and w.gain.estimate]
    return -max(gains)[1] if gains else None


def _training(found: Outlook | None, step: int) -> Worth:
    if found is None:
        said = "not known yet what training labels would add: too few rounds are measured"
        return Worth(kind="training", annotations=step, gain=None, sentence=said)
    gain = _band(found.gain(step))
    return Worth(
        kind="training",
        annotations=step,
        gain=gain,
        sentence=f"{step} more training annotations: {_points(gain)}",
    )


def _holdout(last: RoundRecord, step: int) -> Worth:
    verdicts = [v for v in last.measurement.verdicts if v.status == "NOT YET KNOWN"]
    known = [v for v in verdicts if v.more is not None]
    if not verdicts:
        said = "holdout labels would decide nothing that is open"
        return Worth(kind="holdout", annotations=0, gain=None, sentence=said)
    if len(known) < len(verdicts):
        said = "not known how many holdout labels would decide what is open"
        if any(v.more_than is not None for v in verdicts):
            least = max(v.more_than for v in verdicts if v.more_than is not None)
            said = f"more than {least:,} further holdout annotations would be needed to decide what is open"
        return Worth(kind="holdout", annotations=step, gain=None, sentence=said)
    more = max(v.more or 0 for v in known)
    said = f"about {more:,} more holdout annotations would decide what is open, as the model is now"
    return Worth(kind="holdout", annotations=more, gain=None, decides=more <= step, sentence=said)


def _second(found: Outlook | None, wrong: float | None, step: int) -> Worth:
    if wrong is None:
        said = "not known what second opinions would mend: nobody judged an item twice"
        return Worth(kind="second opinions", annotations=step, gain=None, sentence=said)
    if found is None:
        said = f"second opinions would find about {wrong:.0%} of labels wrong; their worth is not known yet"
        return Worth(kind="second opinions", annotations=step, gain=None, sentence=said)
    gain = _band(mended(found, wrong, step))
    said = (
        f"{step} second opinions: {_points(gain)}, where about {wrong:.0%} of the labels are wrong "
        "and each wrong one found takes a third answer"
    )
    return Worth(kind="second opinions", annotations=step, gain=gain, sentence=said)


def mended(found: Outlook, wrong: float, step: int) -> tuple[float, float, float]:
    """What mending labels adds to the figure: 5%, median, 95%.

    A question costs one annotation, and where the two disagree a third answer decides: (1 + ν) a label.
    """
    if found.labels <= 0:
        return 0.0, 0.0, 0.0
    nu = min(wrong, 0.45)
    asked = min(step / (1 + nu), found.labels)
    after = nu * (1 - asked / found.labels)
    grown = found.labels * ((1 - 2 * after) / (1 - 2 * nu)) ** 2
    error = found.curves.error(np.array([found.labels, grown]))
    low, middle, high = found.curves.quantiles(error[:, 0] - error[:, 1], BAND)
    return low, middle, high


def _band(three: tuple[float, float, float]) -> Band:
    low, middle, high = three
    return Band(estimate=middle, low=low, high=high)


def _points(gain: Band) -> str:
    low, middle, high = (100 * (v or 0.0) for v in (gain.low, gain.estimate, gain.high))
    return f"{middle:+.1f} points expected ({low:.1f} to {high:.1f})"
