"""Further opinions on items that have an answer: the strategy's last items give way to them."""

from __future__ import annotations

import numpy as np

from labelwright.loop.draft import Claim, Draft, Pick
from labelwright.loop.second_opinions import further_opinions


def further(draft: Draft) -> Claim:
    """The most needed ones, as many as the task's share of the questions allows."""
    chosen = draft.picked_by("strategy")
    found = further_opinions(
        draft.bench,
        draft.round_,
        draft.training,
        np.array([pick.row for pick in chosen], dtype=np.int64),
        {**draft.again, **dict.fromkeys(map(int, draft.rows), "")},
        draft.room(besides="strategy"),
    )
    told = {
        "second_opinions": sum(not o.recheck for o in found.asked),
        "rechecks": sum(o.recheck for o in found.asked),
    }
    choosing, notes = draft.told()["choosing"], list(found.notes)
    if found.asked:
        notes.append(
            f"the last {len(found):,} of {len(chosen):,} items gave way to further opinions"
        )
    if choosing is not None and notes:
        told["choosing"] = choosing | {"notes": [*choosing["notes"], *notes]}
    return Claim(
        tuple(
            Pick(o.row, "train", 1, 1.0, o.reason, 1 - o.score, not_by=o.not_by)
            for o in found.asked
        ),
        told,
        frozenset(pick.row for pick in chosen[len(chosen) - len(found) :]),
    )
