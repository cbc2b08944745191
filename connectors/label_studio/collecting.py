"""Fetching what people did: one list of the tasks that changed since last time, read until it rests.

The task's `updated_at` moves with every annotation made, edited, deleted or skipped. Stamps may land a
little late and clocks differ: the next list begins a few seconds before the server's own time of this
one. Everything is told by uid: the server may use a task's number again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from labelwright.connectors.label_studio.filters import after, in_list
from labelwright.connectors.label_studio.payload import BATCH, UID
from labelwright.connectors.label_studio.results import Strange, decode
from labelwright.connectors.label_studio.site import Site
from labelwright.loop.outbox import Held, Sent
from labelwright.loop.ports import Span

SINCE, PEOPLE, STRANGE = "since", "people", "strange"
STRANGE_ORIGIN = "strange"
MERGED_ORIGIN = "merged"
_LATE = timedelta(seconds=5)
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_LIGHT = "id,data,total_annotations,cancelled_annotations,updated_at"
_WHOLE = "id,data,annotations,result,was_cancelled,completed_by,lead_time,created_at,updated_at"
_AT_ONCE = 500  # uids in one filter, for the address's length


@dataclass
class Pulled:
    """What a pull found. spare: tasks that arrived twice and were taken away."""

    changed: int = 0
    spare: int = 0
    gone: int = 0
    strange: list[str] = field(default_factory=list)


def pull(site: Site) -> Pulled:
    """Bring the answers in the outbox up to what the server holds."""
    found = Pulled()
    if site.project_id is None:
        return found
    since = _moment(site.outbox.get(SINCE)) or _FIRST
    client = site.client
    state = site.state()
    begun = client.clock or datetime.now(UTC)
    changed = list(
        client.tasks(
            site.project(),
            filters=[after("updated_at", since)],
            include=_LIGHT,
            ordering=["tasks:updated_at"],
        )
    )
    known = {s.uid: s for s in site.outbox.sent()}
    ours = [task for task in changed if task["data"].get(UID) in known]
    held = _held_by_uid(site, {task["data"][UID] for task in ours})
    by_uid = _whole(site, ours, held, known)
    spare = _spare(site, by_uid, known)
    found.spare = len(spare)
    answers = [h for uid, tasks in by_uid.items() for h in _answers(site, known[uid], tasks, held)]
    found.changed = sum(_differs(h, held) for h in answers)
    found.gone = _sweep(site, state, len(spare), known)
    with site.outbox.writing():
        site.outbox.hold([h for h in answers if _differs(h, held)])
        site.outbox.set(SINCE, max(since, begun - _LATE).isoformat())
    _remove(site, spare)
    found.strange = list(strange(site).values())
    return found


def strange(site: Site) -> dict[str, str]:
    """Answers that are none to the task's question: reference -> who, where and why."""
    told = json.loads(site.outbox.get(STRANGE) or "{}")
    there = {
        h.reference for h in site.outbox.held() if h.origin == STRANGE_ORIGIN and not h.deleted
    }
    return {reference: why for reference, why in told.items() if reference in there}


def _whole(
    site: Site,
    changed: Sequence[Mapping[str, Any]],
    held: Mapping[str, Mapping[str, Held]],
    known: Mapping[str, Sent],
) -> dict[str, list[dict[str, Any]]]:
    """By uid, the tasks with their annotations, of the changed ones in which there is anything to see."""
    wanted = {
        task["data"][UID]
        for task in changed
        if task["total_annotations"]
        or task["cancelled_annotations"]
        or task["data"][UID] in held
        or known[task["data"][UID]].remote != task["id"]
    }
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    uids = sorted(wanted)
    for first in range(0, len(uids), _AT_ONCE):
        some = in_list(f"data.{UID}", uids[first : first + _AT_ONCE])
        for task in site.client.tasks(
            site.project(), filters=[some], include=_WHOLE, fields_all=True
        ):
            found[task["data"][UID]].append(task)
        site.context.progress("fetching answers", min(first + _AT_ONCE, len(uids)), len(uids))
    return found


# --- one task ---------------------------------------------------------------------------------


def _answers(
    site: Site,
    sent: Sent,
    tasks: Sequence[Mapping[str, Any]],
    held: Mapping[str, Mapping[str, Held]],
) -> list[Held]:
    """All answers to an item: those that are there, and those that are there no longer."""
    found: dict[str, Held] = {}
    odd: dict[str, str] = {}
    for task in tasks:
        for annotation in task["annotations"]:
            answer, why = _answer(site, sent, task, annotation)
            found[answer.reference] = answer
            if why:
                odd[answer.reference] = f"{answer.annotator} on {sent.item}: {why}"
    if odd:
        site.outbox.set(STRANGE, json.dumps(strange(site) | odd, ensure_ascii=False))
    gone = [
        replace(h, deleted=True)
        for reference, h in held.get(sent.uid, {}).items()
        if reference not in found and h.origin != MERGED_ORIGIN
    ]
    return [*found.values(), *gone]


def _answer(
    site: Site, sent: Sent, task: Mapping[str, Any], annotation: Mapping[str, Any]
) -> tuple[Held, str]:
    skipped = bool(annotation["was_cancelled"])
    result = annotation.get("result") or []
    text = ""
    if site.context.task.kind == "spans":
        text = str(task["data"].get(site.page.to, ""))
    told = decode(site.page, [] if skipped else result, text) if not skipped else None
    why = told.why if isinstance(told, Strange) else ""
    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    if told is not None and not isinstance(told, Strange):
        labels, spans = told.labels, told.spans
    answer = Held(
        reference=_reference(sent, annotation),
        uid=sent.uid,
        annotator=_person(site, annotation.get("completed_by")),
        labels=labels,
        spans=spans,
        skipped=skipped,
        seconds=annotation.get("lead_time"),
        origin=STRANGE_ORIGIN if why else _origin(result),
        updated=str(annotation.get("updated_at") or ""),
        remote=int(annotation["id"]),
    )
    return answer, why


def _reference(sent: Sent, annotation: Mapping[str, Any]) -> str:
    """The annotation's own name: its number may be given again, with another time of making."""
    made = str(annotation.get("created_at") or "")
    stamp = "".join(ch for ch in made if ch.isdigit())
    return f"ls/{sent.uid}/{annotation['id']}/{stamp}"


def _origin(result: Iterable[Any]) -> str:
    origins = {part.get("origin") for part in result if isinstance(part, dict)}
    for told in ("prediction-changed", "prediction", "manual"):
        if told in origins:
            return told
    return ""


def _person(site: Site, number: Any) -> str:
    """An annotator's email, by the server's number for them."""
    told = number.get("id") if isinstance(number, dict) else number
    known = json.loads(site.outbox.get(PEOPLE) or "{}")
    if str(told) not in known:
        known |= {str(n): email for n, email in site.client.people().items()}
        known.setdefault(str(told), f"user {told}")
        site.outbox.set(PEOPLE, json.dumps(known))
    return str(known[str(told)])


def _held_by_uid(site: Site, uids: Iterable[str]) -> dict[str, dict[str, Held]]:
    wanted = set(uids)
    found: dict[str, dict[str, Held]] = defaultdict(dict)
    for held in site.outbox.held() if wanted else ():
        if held.uid in wanted:
            found[held.uid][held.reference] = held
    return found


def _differs(answer: Held, held: Mapping[str, Mapping[str, Held]]) -> bool:
    return held.get(answer.uid, {}).get(answer.reference) != answer


# --- tasks that came twice, or went -----------------------------------------------------------


def _spare(
    site: Site, by_uid: Mapping[str, list[dict[str, Any]]], known: Mapping[str, Sent]
) -> list[tuple[dict[str, Any], int]]:
    """(task, the one that stays) for tasks whose item is there twice: a late commit.

    The one with answers stays, else the lowest number.
    """
    found = []
    for uid, tasks in by_uid.items():
        keep = min(tasks, key=lambda t: (not t["annotations"], t["id"]))["id"]
        if keep != known[uid].remote or known[uid].state in ("waiting", "gone"):
            site.outbox.mark([uid], "sent", {uid: keep})
        found += [(task, keep) for task in tasks if task["id"] != keep]
    return found


def _remove(site: Site, spare: Sequence[tuple[Mapping[str, Any], int]]) -> None:
    """Move the answers of spare tasks to those that stay, and delete the spare ones."""
    for task, keep in spare:
        for annotation in task["annotations"]:
            site.client.update_annotation(annotation["id"], {"task": keep})
    site.client.delete_tasks(site.project(), sorted({task["id"] for task, _ in spare}))


def _sweep(site: Site, state: Mapping[str, Any], spare: int, known: Mapping[str, Sent]) -> int:
    """Mark tasks that somebody deleted; only looked for where the project's count does not fit."""
    expected = [s for s in known.values() if s.state == "sent"]
    if state.get("task_number") == len(expected) + spare:
        return 0
    there = {
        task["data"].get(UID): task["id"]
        for task in site.client.tasks(site.project(), include="id,data")
        if task["data"].get(BATCH)
    }
    missing = [s.uid for s in expected if s.uid not in there]
    site.outbox.mark(missing, "gone")
    back = [s.uid for s in known.values() if s.state == "gone" and s.uid in there]
    site.outbox.mark(back, "sent", {uid: there[uid] for uid in back})
    return len(missing)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
