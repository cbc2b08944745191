"""How far suggestions lead each person: a figure of one's own, drawn towards everybody's.

A person has seen few suggestions and had fewer kept back, so that the plain difference swings widely. It
is drawn towards the team's by how uncertain it is (empirical Bayes, as in Efron & Morris 1975): the spread
between people is estimated by DerSimonian and Laird's moments (1986), and taken to be five points at least,
since a few people cannot show that all are led alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt

from labelwright.loop.people.anchoring import anchoring
from labelwright.loop.people.records import Anchoring
from labelwright.loop.record import Estimate

LEAST = 10  # answers of either kind, below which a person's own figure is not known
_LEAST_SPREAD = 0.05
_Z = 1.959963984540054


def anchoring_of_each(
    answers: Iterable[tuple[str, bool, bool]],
) -> Mapping[str, tuple[Anchoring, Estimate]]:
    """answers: (annotator, the suggestion was shown, the answer agrees with it), one a judgement.

    By annotator what was counted, and the difference drawn towards everybody's with its 95% interval; that
    is not known below `LEAST` answers with a suggestion shown, or kept back.
    """
    given: dict[str, list[tuple[bool, bool]]] = {}
    for annotator, shown, agrees in answers:
        given.setdefault(annotator, []).append((shown, agrees))
    counted = {who: c for who, told in given.items() if (c := anchoring(told)) is not None}
    known = {who: _difference(c) for who, c in counted.items() if min(c.shown, c.hidden) >= LEAST}
    drawn = towards_all(known)
    return {who: (c, drawn.get(who, Estimate(estimate=None))) for who, c in counted.items()}


def towards_all(known: Mapping[str, tuple[float, float, int]]) -> dict[str, Estimate]:
    """known: by person a difference, its variance, and the answers it rests on."""
    if not known:
        return {}
    values = [d for d, _, _ in known.values()]
    weights = [1 / v for _, v, _ in known.values()]
    whole = sum(weights)
    mean = sum(w * d for w, d in zip(weights, values, strict=True)) / whole
    q = sum(w * (d - mean) ** 2 for w, d in zip(weights, values, strict=True))
    scale = whole - sum(w**2 for w in weights) / whole
    spread = max(_LEAST_SPREAD**2, (q - (len(known) - 1)) / scale if scale > 0 else 0.0)
    weights = [1 / (v + spread) for _, v, _ in known.values()]
    whole = sum(weights)
    mean = sum(w * d for w, d in zip(weights, values, strict=True)) / whole
    found = {}
    for who, (d, v, n) in known.items():
        drawn = v / (v + spread)  # share of the team's figure in the person's
        value = (1 - drawn) * d + drawn * mean
        error = sqrt((1 - drawn) * v + drawn**2 / whole)  # the last: the mean is estimated too
        found[who] = Estimate(
            estimate=value,
            low=max(-1.0, value - _Z * error),
            high=min(1.0, value + _Z * error),
            n=n,
            method="drawn towards all",
        )
    return found


def _difference(counts: Anchoring) -> tuple[float, float, int]:
    """Of two shares, its variance, both with one more answer of either kind (Agresti & Caffo 2000)."""
    one = (counts.shown_agreeing + 1) / (counts.shown + 2)
    other = (counts.hidden_agreeing + 1) / (counts.hidden + 2)
    variance = one * (1 - one) / (counts.shown + 2) + other * (1 - other) / (counts.hidden + 2)
    return one - other, variance, counts.shown + counts.hidden
