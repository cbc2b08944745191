"""What the server's tasks say, as answers; pure but for people's names, which are asked for once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from labelwright.connectors.label_studio.results import Strange, decode
from labelwright.loop.outbox import Held, Outbox, Sent

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.site import Site
    from labelwright.loop.ports import Span

PEOPLE, STRANGE = "people", "strange"
STRANGE_ORIGIN = "strange"

Task = Mapping[str, Any]
"""A task as the server lists it, with its annotations."""


@dataclass(frozen=True)
class View:
    """Items and answers by uid: as the outbox has them, or is to have them."""

    sent: Mapping[str, Sent]
    held: Mapping[str, Mapping[str, Held]]  # uid -> reference -> answer, deleted ones too

    @classmethod
    def of(cls, outbox: Outbox) -> View:
        """As the outbox has it."""
        held: dict[str, dict[str, Held]] = {}
        for answer in outbox.held():
            held.setdefault(answer.uid, {})[answer.reference] = answer
        return cls({s.uid: s for s in outbox.sent()}, held)

    def there(self) -> tuple[int, int]:
        """How many items are on the server, and answers on these."""
        items = [s.uid for s in self.sent.values() if s.state == "sent"]
        return len(items), sum(len(self.living(uid)) for uid in items)

    def living(self, uid: str) -> list[Held]:
        """The answers to an item that are on the server."""
        return [
            h for h in self.held.get(uid, {}).values() if h.remote is not None and not h.deleted
        ]

    def without(self, uids: Iterable[str]) -> View:
        """These items are not on the server any more. What people said of them stays, without a number:
        that it is not on a task that is sent again does not take it back.
        """
        sent, held = dict(self.sent), dict(self.held)
        for uid in uids:
            sent[uid] = replace(sent[uid], state="gone")
            held[uid] = {r: replace(h, remote=None) for r, h in held.get(uid, {}).items()}
        return View(sent, held)


def kept(tasks: Sequence[Task]) -> int:
    """The number of the task that stays of those with the same uid: an answered one, else the first."""
    return int(min(tasks, key=lambda t: (not t["annotations"], t["id"]))["id"])


class Reader:
    """Reads tasks. Remembers what was odd about them, and who people are, until `remember`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._people: dict[str, str] = json.loads(site.outbox.get(PEOPLE) or "{}")
        self._odd: dict[str, str] = {}

    def read(self, before: View, tasks: Mapping[str, Sequence[Task]]) -> View:
        """What is to be remembered after these tasks were seen: by uid, all with this uid."""
        sent, held = dict(before.sent), dict(before.held)
        for uid, same in tasks.items():
            known = sent[uid]
            if known.state != "retired":
                sent[uid] = replace(known, state="sent", remote=kept(same))
            earlier = held.get(uid, {})
            told = [self._answer(known, t, a) for t in same for a in t["annotations"]]
            found = {a.reference: _first_reading(a, earlier.get(a.reference)) for a in told}
            held[uid] = found | {
                reference: replace(h, deleted=True) if _can_go(h, known) else h
                for reference, h in earlier.items()
                if reference not in found
            }
        return View(sent, held)

    def remember(self) -> None:
        """Write down what was learned beside the answers."""
        self._site.outbox.set(PEOPLE, json.dumps(self._people))
        if self._odd:
            told = json.loads(self._site.outbox.get(STRANGE) or "{}") | self._odd
            self._site.outbox.set(STRANGE, json.dumps(told, ensure_ascii=False))

    def _answer(self, sent: Sent, task: Task, annotation: Mapping[str, Any]) -> Held:
        page = self._site.page
        skipped = bool(annotation["was_cancelled"])
        result = annotation.get("result") or []
        annotator = self._person(annotation.get("completed_by"))
        reference = _reference(sent, annotation)
        labels: tuple[str, ...] = ()
        spans: tuple[Span, ...] = ()
        origin = _origin(result)
        if not skipped:
            is_text = self._site.context.task.kind == "spans"
            told = decode(page, result, str(task["data"].get(page.to, "")) if is_text else "")
            if isinstance(told, Strange):
                origin = STRANGE_ORIGIN
                self._odd[reference] = f"{annotator} on {sent.item}: {told.why}"
            else:
                labels, spans = told.labels, told.spans
        return Held(
            reference=reference,
            uid=sent.uid,
            annotator=annotator,
            labels=labels,
            spans=spans,
            skipped=skipped,
            seconds=annotation.get("lead_time"),
            origin=origin,
            updated=str(annotation.get("updated_at") or ""),
            remote=int(annotation["id"]),
        )

    def _person(self, number: Any) -> str:
        """An annotator's email, by the server's number for them."""
        told = str(number.get("id") if isinstance(number, dict) else number)
        if told not in self._people:
            self._people |= {str(n): email for n, email in self._site.client.people().items()}
            self._people.setdefault(told, f"user {told}")
        return self._people[told]


def strange(site: Site) -> dict[str, str]:
    """Answers that are none to the task's question: reference -> who, where and why."""
    told = json.loads(site.outbox.get(STRANGE) or "{}")
    if not told:
        return {}
    held = site.outbox.held()
    there = {h.reference for h in held if h.origin == STRANGE_ORIGIN and not h.deleted}
    return {reference: why for reference, why in told.items() if reference in there}


def _can_go(answer: Held, sent: Sent) -> bool:
    """Whether an answer that is not on the item's task was deleted, and did not go with another task."""
    return answer.remote is not None and sent.state != "retired"


def _first_reading(answer: Held, before: Held | None) -> Held:
    """The answer; as it was read before, where only the question changed since, and it is none to that."""
    unchanged = before is not None and before.updated == answer.updated and not before.deleted
    return before if unchanged and before and answer.origin == STRANGE_ORIGIN else answer


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
