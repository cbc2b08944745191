"""Fetching what people did: one list of the tasks that changed since last time, and a count of them all.

A task's `updated_at` moves with every annotation made, edited, deleted or skipped (`watermark`). What a
list by time cannot show, a task deleted or one that arrived late, shows in the project's counts: where
these are not what is remembered here, all tasks are looked at (`sweeping`). Everything is told by uid:
the server may use a task's number again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from labelwright.connectors.label_studio.answers import STRANGE_ORIGIN, Reader, View, strange
from labelwright.connectors.label_studio.filters import after
from labelwright.connectors.label_studio.payload import UID
from labelwright.connectors.label_studio.site import Site
from labelwright.connectors.label_studio.sweeping import fits, merge, settle_counts, sweep, whole
from labelwright.connectors.label_studio.watermark import Watermark
from labelwright.loop.outbox import State

__all__ = ["Pulled", "STRANGE_ORIGIN", "pull", "strange"]

WATERMARK, TWICE = "watermark", "twice"
_LIGHT = "id,data,total_annotations,cancelled_annotations,created_at,updated_at"
_IMPORTED = timedelta(seconds=1)  # nobody answers sooner after a task was made

Row = dict[str, Any]
"""A task as the light list shows it."""


@dataclass
class Pulled:
    """What a pull found. spare: tasks that arrived twice and were merged."""

    changed: int = 0
    spare: int = 0
    gone: int = 0
    strange: list[str] = field(default_factory=list)


def pull(site: Site) -> Pulled:
    """Bring the answers in the outbox up to what the server holds."""
    if site.project_id is None:
        return Pulled()
    with site.there():
        return _pull(site)


def _pull(site: Site) -> Pulled:
    mark = Watermark.read(site.outbox.get(WATERMARK))
    recent = [after("updated_at", mark.since)]
    rows = list(site.client.tasks(site.project(), filters=recent, include=_LIGHT))
    clock, ours = site.client.clock, site.now()
    before = View.of(site.outbox)
    reader = Reader(site)
    unfinished = json.loads(site.outbox.get(TWICE) or "[]")
    tasks = whole(site, {*unfinished, *_worth_a_look(rows, before)})
    view = reader.read(before, tasks)
    state = site.state()
    doubted = (
        mark.jumped(clock, ours)
        or not fits(site, state, view, _spare(tasks))
        or any(row["data"].get(UID) not in before.sent and _age(row) < _IMPORTED for row in rows)
    )  # tasks that others import may hide in the counts that one of ours is gone
    gone: frozenset[str] = frozenset()
    if doubted:
        swept = sweep(site, view)
        gone = swept.missing
        tasks |= whole(site, swept.doubtful)
        view = reader.read(before, tasks).without(gone)
        state = site.state()
    twice = sorted(uid for uid, same in tasks.items() if len(same) > 1)
    stamps = [datetime.fromisoformat(row["updated_at"]) for row in rows]
    with site.outbox.writing():
        changed = _write(site, before, view)
        reader.remember()
        if doubted:
            settle_counts(site, state, view, _spare(tasks))
        site.outbox.set(WATERMARK, mark.moved(stamps, clock, ours).written())
        site.outbox.set(TWICE, json.dumps(twice))
    site.tidy()
    if twice:
        merge(site, twice)
        site.outbox.set(TWICE, "[]")
    return Pulled(changed, _spare(tasks), len(gone), list(strange(site).values()))


def _worth_a_look(rows: Sequence[Row], view: View) -> Iterator[str]:
    """The uids of changed tasks, but for those that nobody touched since they were imported."""
    for row in rows:
        sent = view.sent.get(row["data"].get(UID))
        if sent is None:
            continue
        if (
            row["total_annotations"]
            or row["cancelled_annotations"]
            or _age(row) > _IMPORTED
            or sent.uid in view.held
            or (sent.state, sent.remote) != ("sent", row["id"])
        ):
            yield sent.uid


def _age(row: Row) -> timedelta:
    """How long after it was made a task changed last."""
    return datetime.fromisoformat(row["updated_at"]) - datetime.fromisoformat(row["created_at"])


def _spare(tasks: dict[str, Any]) -> int:
    return sum(len(same) - 1 for same in tasks.values())


def _write(site: Site, before: View, view: View) -> int:
    """Write down what is other than before; how many answers are."""
    marks: dict[State, dict[str, int]] = defaultdict(dict)
    for uid, sent in view.sent.items():
        if sent != before.sent[uid] and sent.remote is not None:
            marks[sent.state][uid] = sent.remote
    for state, remotes in marks.items():
        site.outbox.mark(remotes, state, remotes)
    answers = [
        answer
        for uid, held in view.held.items()
        if held is not before.held.get(uid)
        for reference, answer in held.items()
        if before.held.get(uid, {}).get(reference) != answer
    ]
    site.outbox.hold(answers)
    return len(answers)
