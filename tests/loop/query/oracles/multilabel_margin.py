"""How open each label by itself is, over labels: Esuli & Sebastiani 2009, Brinker 2006."""

from __future__ import annotations

from collections.abc import Sequence


def utility(probs: Sequence[float], over: str) -> float:
    margins = []
    for p in probs:
        applies, not_ = p, 1 - p
        margins.append(1 - abs(applies - not_))
    return max(margins) if over == "most" else sum(margins) / len(margins)
