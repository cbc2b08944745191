"""Scheffer, Decomain & Wrobel 2001: how close the second likeliest class comes to the first."""

from __future__ import annotations

from collections.abc import Sequence


def utility(probs: Sequence[float]) -> float:
    best, second = sorted(probs, reverse=True)[:2]
    return 1 - (best - second)
