"""Items of the pool whose answers a change of the definition set aside: asked again, first of all."""

from __future__ import annotations

from labelwright.loop.draft import Claim, Draft, Pick
from labelwright.loop.split import POOL


def again(draft: Draft) -> Claim:
    """As many of them as the round has room for."""
    people = draft.task.annotators.overlap
    rows = draft.to_ask_again(POOL)[: draft.room()]
    return Claim(
        tuple(
            Pick(row, "train", people, 1.0, f"asked again: {draft.again[row]}", again=True)
            for row in rows
        )
    )
