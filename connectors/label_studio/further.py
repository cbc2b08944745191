"""Further opinions in Label Studio, which shows every task to everybody.

The item goes as a task of its own, which says who answered it before and is asked to skip it: a skipped task
goes to the others. Where that person answers all the same, the task would be done as far as the server knows:
it is then offered to one person more, and whoever answered it is not shown it again.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from labelwright.connectors.label_studio.faults import Gone
from labelwright.dsl.compile.words import words

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.site import Site
    from labelwright.loop.outbox import Held, Sent

OFFERED = "offered"


def for_others(site: Site, sent: Sent) -> tuple[str, ...]:
    """What stands above an item that somebody else than before is asked about; nothing above others."""
    if not sent.not_by:
        return ()
    said = words(site.context.task)
    return (said.further.format(who=said.either.join(sent.not_by)),)


def offer_gold(site: Site, batch: str) -> None:
    """Have the server show gold to all whom it is for, where these are more than judge other items."""
    usual = site.context.task.annotators.overlap
    for sent in site.outbox.sent(batch):
        if sent.purpose == "gold" and sent.people > usual and sent.remote is not None:
            with contextlib.suppress(Gone):
                site.client.update_task(sent.remote, overlap=sent.people)


def offer_to_others(site: Site) -> None:
    """Have the server show on what was answered only by those who were not asked. May be repeated."""
    asked = [s for s in site.outbox.sent() if s.not_by and s.state == "sent" and s.remote]
    if not asked:
        return
    batches = {s.batch for s in asked}
    given: dict[str, list[Held]] = {}
    for held in (h for batch in batches for h in site.outbox.held(batch)):
        if not held.deleted:
            given.setdefault(held.uid, []).append(held)
    before: dict[str, int] = json.loads(site.outbox.get(OFFERED) or "{}")
    now = dict(before)
    for sent in asked:
        people = {h.annotator for h in given.get(sent.uid, ())}
        answers = [h for h in given.get(sent.uid, ()) if not h.skipped and h.remote is not None]
        wanted = sent.people + len({h.annotator for h in answers})
        if answers and people <= {*sent.not_by} and now.get(sent.uid, sent.people) < wanted:
            _offer(site, sent, answers[0], wanted)
            now[sent.uid] = wanted
    if now != before:
        site.outbox.set(OFFERED, json.dumps(now))


def _offer(site: Site, sent: Sent, answer: Held, people: int) -> None:
    assert sent.remote is not None and answer.remote is not None  # noqa: PT018 - for the type checker
    try:
        site.client.update_task(sent.remote, overlap=people)
        site.client.update_annotation(answer.remote, {})  # only then it looks whether all have come
    except Gone:
        return
