"""Which items are open to a person, and what that person answered before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from labelwright.loop.outbox import Held, Sent

PREFIX = "terminal/"


def reference(uid: str, person: str) -> str:
    """The name of a person's answer to an item, the same however often it is changed."""
    return f"{PREFIX}{uid}/{person}"


def open_to(person: str, sent: Iterable[Sent], held: Iterable[Held]) -> list[Sent]:
    """Items that this person has not answered, nor in an earlier batch where somebody else is asked, and too
    few others have; in the order they were sent. Without those that are kept from this person; nobody ("")
    stands for everybody.
    """
    answered: dict[str, set[str]] = {}
    for each in held:
        if not each.deleted:
            answered.setdefault(each.uid, set()).add(each.annotator)
    return [
        s
        for s in sent
        if s.state == "sent"
        and person not in (*s.not_by, *s.not_to)
        and (not s.only_by or not person or person in s.only_by)
        and person not in (by := answered.get(s.uid, set()))
        and len(by - {*s.not_to}) < s.people
    ]


def lacking(sent: Iterable[Sent], held: Iterable[Held]) -> int:
    """How many items still lack an answer, by whomever."""
    return len(open_to("", sent, held))


def following(open_items: Sequence[Sent], elsewhere: Collection[str]) -> Sent | None:
    """The next item: the first that nobody else is looking at, or else the first."""
    free = (s for s in open_items if s.uid not in elsewhere)
    return next(free, open_items[0] if open_items else None)


def given_by(person: str, held: Iterable[Held]) -> list[Held]:
    """The person's answers in this terminal that stand, oldest first."""
    mine = (
        h
        for h in held
        if h.annotator == person and not h.deleted and h.reference.startswith(PREFIX)
    )
    return sorted(mine, key=lambda h: h.updated)
