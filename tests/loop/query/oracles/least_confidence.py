"""Lewis & Gale 1994: how unlikely the likeliest class is."""

from __future__ import annotations

from collections.abc import Sequence


def utility(probs: Sequence[float]) -> float:
    return 1 - max(probs)
