"""What the sources without a server share: writing down what is handed out, and reading it back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelwright.loop.handing import handed_out
from labelwright.loop.outbox import Held, Outbox, Sent, State
from labelwright.loop.ports import Answer, Items, Request

if TYPE_CHECKING:
    from labelwright.dsl.compile.fields import Shown
    from labelwright.loop.ports import Context


def hand_out(
    outbox: Outbox,
    context: Context,
    batch: str,
    requests: Sequence[Request],
    items: Items,
    state: State,
) -> list[Sent]:
    """Write the batch down, in the order people are to see it; what is known stays as it is.

    What measures stands between what teaches, so that nobody can tell which is which.
    """
    rows = handed_out(context.task.name, batch, requests, items, seed=context.seed, state=state)
    hints = {r.item: r.hints for r in requests if r.hints}
    with outbox.writing():
        outbox.add(rows)
        for row in rows:
            if row.item in hints:
                outbox.set(_hints(row.uid), json.dumps(hints[row.item], ensure_ascii=False))
    return rows


def hints_of(outbox: Outbox, uid: str) -> tuple[str, ...]:
    """The sentences that were handed out with an item."""
    return tuple(json.loads(outbox.get(_hints(uid)) or "[]"))


def answers(outbox: Outbox, batch: str, requests: Sequence[Request]) -> list[Answer]:
    """All that is held for these items of the batch, in the order of the requests."""
    held: dict[str, list[Held]] = {}
    for each in outbox.held(batch):
        held.setdefault(each.uid, []).append(each)
    uids = {sent.item: sent.uid for sent in outbox.sent(batch)}
    return [
        Answer(
            item=request.item,
            annotator=each.annotator,
            labels=each.labels,
            seconds=each.seconds,
            skipped=each.skipped,
            reference=each.reference,
            spans=each.spans,
            withdrawn=each.deleted,
        )
        for request in requests
        for each in held.get(uids.get(request.item, ""), ())
    ]


def parts(context: Context) -> tuple[Shown, ...]:
    """What annotators see of an item. Raises DataError where the source cannot be opened."""
    from labelwright.dsl.compile.fields import shown

    task, data = context.task, context.task.data
    if not (data.text or data.image or data.columns):
        from labelwright.loop.items import inputs_of, open_source
        from labelwright.loop.workbench import complete

        task = complete(task, inputs_of(data, open_source(context)))
    return shown(task)


def _hints(uid: str) -> str:
    return f"hints/{uid}"
