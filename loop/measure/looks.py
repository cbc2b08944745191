"""Looks at the holdout: which one a round's is, and how sure a bound must be for all looks to hold.

Models never learn from the holdout, so given the models its labels are a sample like any other at each look;
what repeated looking costs is that the best of many looks is chosen. `dsl.looks` divides the doubt over
the looks beforehand: look k's bound fails with a chance of at most its part, so the chance that any fails is
at most the sum of the parts, for one model or as many as there are looks (docs/measuring.md has the proof).

A round that measures the same answers on the same labels as the look before is that look again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from labelwright.dsl.looks import beyond, planned_looks, share
from labelwright.loop.history import Look


def level(confidence: float, look: Look | None) -> float:
    """The confidence of one look's bound, for bounds of all looks to hold with `confidence` at once.

    Without a look: `confidence` itself, for what is looked at once.
    """
    return confidence if look is None else 1 - (1 - confidence) * part(look)


def part(look: Look) -> float:
    """The part of the doubt that a look spends."""
    if look.closed:
        return beyond(look.number - min(look.planned, look.closed))
    if look.number > look.planned and not look.last:
        return beyond(look.number - look.planned)
    return share(look.number, look.planned, last=look.last)


def following(before: Look | None, fingerprint: str, planned: int, *, last: bool = False) -> Look:
    """The look after `before` (None: the first).

    planned: looks, where no plan was made yet. last: the budget ends with it, as is known without any label
    of the holdout.
    """
    if before is None:
        return Look(number=1, planned=planned, fingerprint=fingerprint, last=last)
    if before.fingerprint == fingerprint:
        return before
    closed = before.number if before.last else before.closed
    return Look(
        number=before.number + 1,
        planned=before.planned,
        fingerprint=fingerprint,
        last=last and not closed,
        closed=closed,
    )


def fingerprint(arrays: Iterable[np.ndarray]) -> str:
    """Of what a look sees: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


__all__ = ["following", "fingerprint", "level", "planned_looks", "share"]
