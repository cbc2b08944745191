"""Telling people which of their answers break a constraint: Community Label Studio has no comments.

The note stands above the item that was answered, and the first items of the next batch say that there
is something to mend, and where. Both go when the answer was mended.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from labelwright.connectors.label_studio.faults import Gone
from labelwright.dsl.compile.fields import NOTE
from labelwright.dsl.compile.words import words
from labelwright.loop.constraints import violations

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.site import Site
    from labelwright.dsl.task import Task
    from labelwright.loop.outbox import Sent
    from labelwright.loop.ports import Flag

FLAGS, CARRIED = "flags", "notes"  # and a batch: what is remembered of it
MOST = 5  # items of a new batch that carry a note


def tell(site: Site, batch: str, flags: Sequence[Flag]) -> None:
    """Write a note above each item of the batch whose answer is flagged, and take mended ones away."""
    sent = {s.item: s.uid for s in site.outbox.sent(batch)}
    sentences: dict[str, list[str]] = defaultdict(list)
    for flag in flags:
        if flag.item in sent:
            sentences[sent[flag.item]].append(_sentence(site.context.task, flag))
    now = {uid: " ".join(own) for uid, own in sentences.items()}
    before = _flagged(site, batch)
    if now == before:
        return
    changed = {uid for uid in {*before, *now} if before.get(uid) != now.get(uid)}
    everywhere = site.outbox.sent()
    flagged = {
        u: s for b in _batches(everywhere) if b != batch for u, s in _flagged(site, b).items()
    }
    flagged |= now
    carried = _carried(site, everywhere)
    remote = {s.uid: s.remote for s in everywhere if s.state == "sent"}
    for uid, number in remote.items():
        if number is not None and (uid in changed or carried.get(uid) in changed):
            about = carried.get(uid, "")
            parts = (_there(site, remote.get(about), flagged.get(about)), flagged.get(uid))
            _write(site, number, "\n".join(part for part in parts if part))
    site.outbox.set(f"{FLAGS} {batch}", json.dumps(now, ensure_ascii=False))


def notes(site: Site, batch: str) -> list[str]:
    """For the first items of a batch: what is to be mended in those before it, a note an item.

    Which note goes with which item is remembered, so that it can be taken away.
    """
    everywhere = site.outbox.sent()
    remote = {s.uid: s.remote for s in everywhere if s.state == "sent"}
    found = [
        (uid, note)
        for before in _batches(everywhere)
        if before != batch
        for uid, what in _flagged(site, before).items()
        if (note := _there(site, remote.get(uid), what))
    ][:MOST]
    if found:
        site.outbox.set(f"{CARRIED} {batch}", json.dumps([uid for uid, _ in found]))
    return [note for _, note in found]


def _sentence(task: Task, flag: Flag) -> str:
    """What is wrong with an answer, in the annotators' language as far as it is a constraint."""
    said = words(task)
    titles = {c.id: c.title for c in task.classes}
    plain = set(violations(task.model_copy(update={"constraints": ()}), flag.labels))
    broken = [
        said.constraint(each, titles).rstrip(".")
        for each in task.constraints
        if set(violations(task.model_copy(update={"constraints": (each,)}), flag.labels)) - plain
    ]
    return said.mend.format(who=flag.annotator, why="; ".join(broken or flag.why))


def _there(site: Site, number: int | None, what: str | None) -> str:
    """The sentence that sends people back to another item; empty where there is nothing to mend."""
    if number is None or not what:
        return ""
    return words(site.context.task).mend_there.format(number=number, what=what)


def _batches(sent: Iterable[Sent]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s.batch for s in sent))


def _flagged(site: Site, batch: str) -> dict[str, str]:
    """uid -> what was last said of it, of the batch's answers that are to be mended."""
    told: dict[str, str] = json.loads(site.outbox.get(f"{FLAGS} {batch}") or "{}")
    return told


def _carried(site: Site, sent: Iterable[Sent]) -> dict[str, str]:
    """uid of an item that carries a note -> uid of the item that it speaks of."""
    found = {}
    about = {b: json.loads(site.outbox.get(f"{CARRIED} {b}") or "[]") for b in _batches(sent)}
    for each in sent:
        if each.rank < len(about[each.batch]):
            found[each.uid] = about[each.batch][each.rank]
    return found


def _write(site: Site, number: int, note: str) -> None:
    try:
        data = site.client.task(number)["data"]
    except Gone:
        return
    if data.get(NOTE, "") != note:
        site.client.update_task(number, {**data, NOTE: note})
