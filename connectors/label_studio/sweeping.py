"""Looking at all tasks, where the project's counts say that something escaped: what was deleted, came
late, or was changed at a time that the server's clock does not tell. And putting together what came twice.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.connectors.label_studio.answers import Task, View, kept
from labelwright.connectors.label_studio.filters import in_list
from labelwright.connectors.label_studio.payload import UID
from labelwright.loop.errors import ConnectorError

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.site import Site

_FOREIGN = "foreign"
_WHOLE = "id,data,annotations,result,was_cancelled,completed_by,lead_time,created_at,updated_at"
_NAMES = "id,data,annotations,updated_at"
_AT_ONCE = 500  # uids in one filter, for the address's length
_TRIES = 4


@dataclass(frozen=True)
class Swept:
    """What all tasks together show. missing: uids not there. doubtful: not as they are remembered."""

    missing: frozenset[str]
    doubtful: frozenset[str]


def whole(site: Site, uids: Iterable[str]) -> dict[str, list[Task]]:
    """By uid, all tasks that carry it, with their annotations; none for one that is not there."""
    found: dict[str, list[Task]] = defaultdict(list)
    ordered = sorted(set(uids))
    for first in range(0, len(ordered), _AT_ONCE):
        some = in_list(f"data.{UID}", ordered[first : first + _AT_ONCE])
        for task in site.client.tasks(
            site.project(), filters=[some], include=_WHOLE, fields_all=True
        ):
            found[task["data"][UID]].append(task)
        done = min(first + _AT_ONCE, len(ordered))
        site.context.progress("fetching answers", done, len(ordered))
    return dict(found)


def fits(site: Site, state: Mapping[str, Any], view: View, spare: int) -> bool:
    """Whether the project holds as many tasks and answers as we think. spare: tasks that came twice."""
    items, answers = view.there()
    more, others = json.loads(site.outbox.get(_FOREIGN) or "[0, 0]")
    return _counted(state) == (items + spare + more, answers + others)


def settle_counts(site: Site, state: Mapping[str, Any], view: View, spare: int) -> None:
    """Remember how many tasks and answers there are that are none of ours."""
    items, answers = view.there()
    tasks, annotations = _counted(state)
    site.outbox.set(_FOREIGN, json.dumps([tasks - items - spare, annotations - answers]))


def _counted(state: Mapping[str, Any]) -> tuple[int, int]:
    given, skipped = state["total_annotations_number"], state["skipped_annotations_number"]
    return int(state["task_number"]), int(given) + int(skipped)


def sweep(site: Site, view: View) -> Swept:
    """Hold all tasks on the server against what is remembered."""
    numbers: dict[str, list[int]] = defaultdict(list)
    marks: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for task in site.client.tasks(site.project(), include=_NAMES, fields_all=True):
        uid = task["data"].get(UID)
        if uid in view.sent:
            numbers[uid].append(task["id"])
            marks[uid] |= {(int(a["id"]), str(a["updated_at"])) for a in task["annotations"]}
    known = {uid: {(h.remote, h.updated) for h in view.living(uid)} for uid in numbers}
    sent = view.sent
    return Swept(
        frozenset(uid for uid, s in sent.items() if s.state == "sent" and uid not in numbers),
        frozenset(
            uid
            for uid, found in numbers.items()
            if found != [sent[uid].remote] or marks[uid] != known[uid] or sent[uid].state != "sent"
        ),
    )


def merge(site: Site, uids: Iterable[str]) -> None:
    """Bring the answers to an item that came twice together on one task, and delete the others.

    They are looked at once more just before they go: what somebody answers meanwhile is moved too.
    """
    for _ in range(_TRIES):
        tasks = whole(site, uids)
        spare = [(t, kept(same)) for same in tasks.values() for t in same if t["id"] != kept(same)]
        moves = [(a["id"], keep) for task, keep in spare for a in task["annotations"]]
        if not moves:
            site.client.delete_tasks(site.project(), sorted(task["id"] for task, _ in spare))
            return
        for annotation, keep in moves:
            moved = site.client.update_annotation(annotation, {"task": keep})
            if moved.get("task") != keep:
                raise ConnectorError(
                    f"the server does not move annotation {annotation} to task {keep}",
                    "copy it there by hand: both tasks show the same item",
                )
    raise ConnectorError(
        "people are at work on tasks that arrived twice, and these cannot be put together",
        "run the same command again a little later",
        retry=True,
    )
