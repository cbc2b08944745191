"""Somebody else in place of a person who is paused: what they answered is set aside and asked again."""

from __future__ import annotations

import numpy as np

from labelwright.loop.budget import holdout_room
from labelwright.loop.draft import Claim, Draft, Pick
from labelwright.loop.split import HOLDOUT, POOL


def instead(draft: Draft) -> Claim:
    """As many of these items as there is room for: the holdout's within the whole budget."""
    lost = {row: told for row, told in draft.lost.items() if row not in set(map(int, draft.rows))}
    split = draft.bench.split(draft.round_)
    held = _of(draft, [row for row in lost if split[row] == HOLDOUT])
    held = held[: holdout_room(draft.task, draft.used(), len(held))]
    rows = _of(draft, [row for row in lost if split[row] == POOL])[: draft.room()]
    picks = []
    for row in [*rows, *held]:
        who, others, missing = lost[row]
        purpose = "holdout" if split[row] == HOLDOUT else "train"
        picks.append(
            Pick(row, purpose, missing, 1.0, f"asked again: {who} is paused", not_to=others)  # type: ignore[arg-type]
        )
    return Claim(tuple(picks))


def _of(draft: Draft, rows: list[int]) -> list[int]:
    return [int(row) for row in draft.in_order(np.array(rows, dtype=np.int64))]
