"""What measures: a uniform sample of the holdout, which grows when the task file asks for more.

Where the task says so, it is drawn in stages instead: `holdout_sample`.
"""

from __future__ import annotations

import numpy as np

from labelwright.loop.budget import holdout_items, holdout_room
from labelwright.loop.draft import Claim, Draft, Pick
from labelwright.loop.holdout_sample import claim, in_stages
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import HOLDOUT


def holdout(draft: Draft) -> Claim:
    """Rows of the sample not asked yet, and those whose answers a change of the definition set aside."""
    if in_stages(draft):
        return claim(draft)
    task, people = draft.task, draft.task.annotators.overlap
    used = draft.used()
    new = _sample(draft)
    new = new[: holdout_room(task, used, len(new))]
    used = used.plus([("holdout", people)] * len(new))
    again = draft.to_ask_again(HOLDOUT)
    again = again[: holdout_room(task, used, len(again))]
    share = min(1.0, holdout_items(task) / max(1, len(draft.held_rows())))
    return Claim(
        tuple(
            Pick(row, "holdout", people, share, f"asked again: {draft.again[row]}", again=True)
            for row in again
        )
        + tuple(Pick(row, "holdout", people, share, "holdout, at random") for row in new)
    )


def _sample(draft: Draft) -> list[int]:
    seed = derive_seed(draft.bench.context.seed, "holdout sample")
    wanted = draft.in_order(draft.held_rows(), seed)[: holdout_items(draft.task)]
    return [int(row) for row in wanted[~np.isin(wanted, draft.asked)]]
