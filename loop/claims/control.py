"""Items drawn at random for the control arm: do the strategy's own teach more than these?"""

from __future__ import annotations

import numpy as np

from labelwright.loop.draft import Claim, Draft, Pick
from labelwright.loop.query.mix import apportion
from labelwright.loop.seeds import derive_seed


def control(draft: Draft) -> Claim:
    """The task's share of what the round has room for, right on average; none where it names none."""
    share = draft.task.query.control
    rows = draft.free_rows()
    n = min(draft.room(), len(rows))
    if not share or not n:
        return Claim()
    seed = derive_seed(draft.bench.context.seed, "control", draft.round_)
    count = apportion([share, 1 - share], n, seed)[0]
    drawn = np.random.default_rng(seed).choice(rows, count, replace=False)
    items, people = draft.bench.items(draft.round_), draft.task.annotators.overlap
    picks = tuple(
        Pick(int(row), "train", people, count / len(rows), "control, at random") for row in drawn
    )
    return Claim(picks, {"control": [items.id_of(pick.row) for pick in picks]})
