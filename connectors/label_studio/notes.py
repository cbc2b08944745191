"""Telling people which of their answers break a constraint: Community Label Studio has no comments.

The note stands above the item that was answered, and the first items of the next batch say that there
is something to mend, and where. Both go when the answer was mended.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelwright.connectors.label_studio.faults import Gone
from labelwright.dsl.compile.fields import NOTE
from labelwright.dsl.compile.words import words

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.site import Site
    from labelwright.loop.ports import Flag

FLAGS = "flags"
MOST = 5  # items of a new batch that carry a note


def tell(site: Site, batch: str, flags: Sequence[Flag]) -> None:
    """Write a note above each item of the batch whose answer is flagged, and take mended ones away."""
    said = words(site.context.task)
    sent = {s.item: s for s in site.outbox.sent(batch) if s.state == "sent" and s.remote}
    wanted: dict[str, list[str]] = defaultdict(list)
    for flag in flags:
        if flag.item in sent:
            why = "; ".join(flag.why)
            wanted[sent[flag.item].uid].append(said.mend.format(who=flag.annotator, why=why))
    now = {uid: " ".join(sentences) for uid, sentences in wanted.items()}
    key = f"{FLAGS} {batch}"
    before: dict[str, str] = json.loads(site.outbox.get(key) or "{}")
    if now == before:
        return
    remote = {s.uid: s.remote for s in sent.values()}
    for uid in {*before, *now}:
        number = remote.get(uid)
        if number is not None and now.get(uid) != before.get(uid):
            _write(site, number, now.get(uid, ""))
    site.outbox.set(key, json.dumps(now, ensure_ascii=False))


def _write(site: Site, number: int, note: str) -> None:
    try:
        data = site.client.task(number)["data"]
    except Gone:
        return
    if data.get(NOTE, "") != note:
        site.client.update_task(number, {**data, NOTE: note})


def notes(site: Site) -> list[str]:
    """For the first items of a batch: what is to be mended in those before it, a note an item."""
    said = words(site.context.task)
    remote = {s.uid: s.remote for s in site.outbox.sent() if s.state == "sent"}
    batches = dict.fromkeys(s.batch for s in site.outbox.sent())
    found = []
    for batch in batches:
        told: dict[str, str] = json.loads(site.outbox.get(f"{FLAGS} {batch}") or "{}")
        found += [
            said.mend_there.format(number=remote[uid], what=what)
            for uid, what in told.items()
            if remote.get(uid)
        ]
    return found[:MOST]
