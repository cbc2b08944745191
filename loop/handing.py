"""A batch as it is handed to people elsewhere: in which order, under which names, with what beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelwright.loop.outbox import Sent, State, uid_of
from labelwright.loop.ports import Span, Suggestion
from labelwright.loop.seeds import derive_seed

if TYPE_CHECKING:
    from labelwright.loop.ports import Items, Request


def handed_out(
    place: str,
    batch: str,
    requests: Sequence[Request],
    items: Items,
    *,
    seed: int,
    hidden: float = 0.0,
    state: State = "waiting",
) -> list[Sent]:
    """The batch as rows of the outbox, in the order people see it.

    place: where people answer; the names of the items follow from it. hidden: the share of suggestions
    that nobody is shown.
    """
    content = {i: bytes(c).hex() for i, c in zip(items.ids, items.contents, strict=True)}
    rows = []
    for rank, request in enumerate(mixed(requests, seed)):
        uid = uid_of(place, batch, request.item)
        suggestion = request.suggestion
        shown = suggestion is not None and derive_seed("hidden", seed, uid) >= hidden * 2**32
        rows.append(
            Sent(
                uid=uid,
                batch=batch,
                rank=rank,
                item=request.item,
                content=content[request.item],
                purpose=request.purpose,
                people=request.people,
                suggestion=_told(suggestion) if suggestion else None,
                shown=shown,
                state=state,
                not_by=request.not_by,
                not_to=request.not_to,
                only_by=request.only_by,
            )
        )
    return rows


def mixed(requests: Sequence[Request], seed: int) -> list[Request]:
    """What teaches in the order chosen, and what measures in between, so that nobody can tell which.

    A batch in which both stand among each other is laid out already, by theme.
    """
    kinds = [r.purpose == "train" for r in requests]
    if kinds != sorted(kinds, reverse=True):
        return list(requests)
    teaching = [r for r in requests if r.purpose == "train"]
    measuring = [r for r in requests if r.purpose != "train"]
    place = {r.item: derive_seed("mixed", seed, r.item) % (len(teaching) + 1) for r in measuring}
    measuring.sort(key=lambda r: (place[r.item], derive_seed("order", seed, r.item)))
    found: list[Request] = []
    for position in range(len(teaching) + 1):
        while measuring and place[measuring[0].item] == position:
            found.append(measuring.pop(0))
        found += teaching[position : position + 1]
    return found


def _told(suggestion: Suggestion) -> str:
    told = {
        "labels": suggestion.labels,
        "score": suggestion.score,
        "version": suggestion.version,
        **(
            {"spans": [[s.start, s.end, s.text] for s in suggestion.spans]}
            if suggestion.spans
            else {}
        ),
    }
    return json.dumps(told, ensure_ascii=False)


def suggestion_of(sent: Sent) -> Suggestion | None:
    """What was suggested for an item, whether it was shown or not."""
    if sent.suggestion is None:
        return None
    told = json.loads(sent.suggestion)
    return Suggestion(
        labels=tuple(told["labels"]),
        score=float(told["score"]),
        version=str(told["version"]),
        spans=tuple(Span(*s) for s in told.get("spans", ())),
    )
