"""Following a change of the definition on the server: answers first, then the page.

What has to be done is written down as chores in the transaction that applies the definition, each with
all that it needs. So whoever comes next finishes it, however often it is interrupted. An answer that
counts under the new definition is rewritten to say so; an item whose answer does not is taken away, its
answers stay in the store, and it comes again with a later batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labelwright.connectors.label_studio.filters import in_list
from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.payload import UID
from labelwright.connectors.label_studio.results import encode, rewrite
from labelwright.connectors.label_studio.site import PUSHED, Site
from labelwright.dsl.compile.labelconfig import CONTROL
from labelwright.loop.history import Elsewhere
from labelwright.loop.outbox import Chore, Held, Sent

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.versions import Reading

_AT_ONCE = 200


def foresee(
    site: Site, old: Task, readings: Mapping[str, Reading], drift: tuple[str, ...]
) -> Elsewhere | None:
    """What applying would do on the server; None where nothing is there yet."""
    if site.project_id is None:
        return None
    sent = [s for s in site.outbox.sent() if s.state == "sent"]
    there = {s.uid for s in sent}
    held = [h for h in site.outbox.held() if not h.deleted and h.uid in there]
    planned = list(chores(site, old, readings, drift))
    leaving = {c.subject for c in planned if c.kind == "retire"}
    return Elsewhere(
        where=f"Label Studio project {site.project_id}",
        items=len(sent),
        annotations=len(held),
        drift=drift,
        page=any(c.kind == "page" for c in planned),
        rewritten=sum(c.kind == "rewrite" for c in planned),
        retired=len(leaving),
        retired_annotations=sum(h.uid in leaving for h in held),
        resent=sum(c.kind == "resend" for c in planned),
    )


def chores(
    site: Site, old: Task, readings: Mapping[str, Reading], drift: tuple[str, ...]
) -> Iterator[Chore]:
    """All that has to be done, in the order in which it is safe: answers, items, then the page."""
    sent = {s.uid: s for s in site.outbox.sent()}
    before, after = Page.of(old, site.kinds), site.page
    held = [h for h in site.outbox.held() if not h.deleted and sent[h.uid].state == "sent"]
    leaving = {h.uid for h in held if _unreadable(site, h, readings)}
    for answer in held:
        reading = readings.get(answer.reference)
        if reading is None or reading.labels is None or answer.skipped or answer.uid in leaving:
            continue
        now = encode(before, answer.labels, answer.spans, origin="manual")
        then = encode(after, reading.labels, answer.spans, origin="manual")
        if _values(now) != _values(then):
            yield Chore("rewrite", answer.uid, _rewriting(answer, reading, now, then))
    for uid in sorted(leaving):
        yield Chore("retire", uid)
    for uid in sorted(s.uid for s in sent.values() if s.state == "gone" and _missed(s, readings)):
        yield Chore("resend", uid)
    if drift or _settings(site) != json.loads(site.outbox.get(PUSHED) or "{}"):
        yield Chore("page", str(site.project_id))


def _missed(sent: Sent, readings: Mapping[str, Reading]) -> bool:
    """Whether an item that was deleted there is without the answers that it was sent for."""
    return sum(f"/{sent.uid}/" in reference for reference in readings) < sent.people


def _settings(site: Site) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(json.dumps(site.wanted()))
    return settings


def _unreadable(site: Site, answer: Held, readings: Mapping[str, Reading]) -> bool:
    """Whether the answer says nothing under the new definition: it was set aside, or names no class."""
    reading = readings.get(answer.reference)
    if reading is None or reading.labels is not None or answer.skipped:
        return False
    return reading.changed or not set(answer.labels) <= site.page.paths.keys()


def _rewriting(
    answer: Held, reading: Reading, now: list[dict[str, Any]], then: list[dict[str, Any]]
) -> dict[str, Any]:
    labels = reading.labels or ()
    pairs = zip(answer.labels, labels, strict=False)
    return {
        "annotation": answer.remote,
        "old": _values(now),
        "new": then,
        "becomes": {one: other for one, other in pairs if one != other},
    }


def _values(result: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What of a result an answer is: its classes, and where they are marked."""
    kept = ("choices", "taxonomy", "labels", "start", "end")
    own = [p["value"] for p in result if p.get("from_name") == CONTROL]
    return [{k: v[k] for k in kept if k in v} for v in own]


# --- doing it ---------------------------------------------------------------------------------


def finish(site: Site) -> int:
    """Do every chore that is left. Each may be done again without a second effect."""
    left = site.outbox.chores()
    done = 0
    for kind, do in _WAYS.items():
        mine = [c for c in left if c.kind == kind]
        for first in range(0, len(mine), _AT_ONCE):
            some = mine[first : first + _AT_ONCE]
            do(site, some)
            done += len(some)
            site.context.progress("applying to Label Studio", done, len(left))
    return done


def _rewrite(site: Site, some: Sequence[Chore]) -> None:
    results: dict[int, list[dict[str, Any]]] = {}
    wanted = in_list(f"data.{UID}", sorted({c.subject for c in some}))
    for task in site.client.tasks(
        site.project(), filters=[wanted], include="id,data,annotations,result", fields_all=True
    ):
        results |= {a["id"]: a["result"] for a in task["annotations"]}
    for chore in some:
        number = chore.detail["annotation"]
        if number in results:  # else somebody deleted it: the next pull tells
            new = _rewritten(results[number], chore.detail)
            if _values(new) != _values(results[number]):
                site.client.update_annotation(number, {"result": new})
        site.outbox.done([chore])


def _rewritten(result: list[dict[str, Any]], detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The result as it is to read; one that was edited since the plan keeps what the edit says."""
    own = [p for p in result if p.get("from_name") == CONTROL]
    marks = any("start" in v for v in detail["old"])
    if marks or _values(result) != detail["old"]:
        return rewrite(result, detail["becomes"])
    kept = [p for p in result if p.get("from_name") != CONTROL]
    first = own[0] if own else {}
    new = [{**p, **{k: first[k] for k in ("id", "origin") if k in first}} for p in detail["new"]]
    return [*kept, *new]


def _retire(site: Site, some: Sequence[Chore]) -> None:
    uids = [c.subject for c in some]
    site.outbox.mark(uids, "retired")  # before they go, so that nobody takes them for lost
    wanted = in_list(f"data.{UID}", uids)
    numbers = [t["id"] for t in site.client.tasks(site.project(), filters=[wanted], include="id")]
    site.client.delete_tasks(site.project(), numbers)
    site.outbox.done(some)


def _resend(site: Site, some: Sequence[Chore]) -> None:
    """They wait to be sent once more; whoever holds the items does it (`source.pull`)."""
    site.outbox.mark([c.subject for c in some], "waiting")
    site.outbox.done(some)


def _page(site: Site, some: Sequence[Chore]) -> None:
    site.push(whole=True)
    site.outbox.done(some)


_WAYS = {"rewrite": _rewrite, "retire": _retire, "resend": _resend, "page": _page}
"""In this order: answers, items, then the page."""
