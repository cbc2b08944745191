"""What was handed to people elsewhere, and what they hold: the memory of an annotator source.

An item is written down here, under a name that stays the same at every attempt, before it leaves. So
whoever sends can find out afterwards what arrived, and nothing is sent twice or forgotten. Answers are
kept as the place where people answer holds them; the store's events follow from them (`collecting`).
Every write is one of the store's transactions, under its fencing epoch.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid5

from labelwright.loop.ports import Span

if TYPE_CHECKING:
    from labelwright.loop.store import Store

State = Literal["waiting", "sent", "retired", "gone"]

_NAMES = UUID("6d1f3f5c-9c3e-5a43-8b0a-0f3f8a1f7c55")


@dataclass(frozen=True)
class Sent:
    """One item handed out. state: retired, taken back by us; gone, deleted there by somebody else."""

    uid: str
    batch: str
    rank: int
    item: str
    content: str
    purpose: str
    people: int
    suggestion: str | None = None  # JSON
    shown: bool = False  # whether people see the suggestion
    state: State = "waiting"
    remote: int | None = None  # the server's number for it
    not_by: tuple[str, ...] = ()  # who answered it before, where somebody else is asked
    not_to: tuple[str, ...] = ()  # from whom it is kept
    only_by: tuple[str, ...] = ()  # who alone is asked


@dataclass(frozen=True)
class Held:
    """One answer as the place where people answer holds it."""

    reference: str
    uid: str
    annotator: str
    labels: tuple[str, ...]
    spans: tuple[Span, ...] = ()
    skipped: bool = False
    seconds: float | None = None
    origin: str = ""  # manual, prediction, prediction-changed, where it is known
    updated: str = ""
    deleted: bool = False
    remote: int | None = None


@dataclass(frozen=True)
class Chore:
    """Something that an applied plan still has to do elsewhere."""

    kind: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)
    seq: int = 0


def uid_of(project: str, batch: str, item: str) -> str:
    """The name of an item in a batch: a UUIDv5, the same whenever it is asked for."""
    return str(uuid5(_NAMES, json.dumps([project, batch, item], ensure_ascii=False)))


class Outbox:
    """The tables sent, held, memory and chore of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection = store.connection

    @property
    def store(self) -> Store:
        """Whose tables these are."""
        return self._store

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """Several writes as one transaction."""
        return self._store.writing()

    def get(self, key: str) -> str | None:
        """What was remembered under this key."""
        row = self._connection.execute("SELECT value FROM memory WHERE key = ?", [key]).fetchone()
        return row[0] if row else None

    def set(self, key: str, value: str) -> None:
        """Remember a value."""
        with self.writing():
            self._connection.execute(
                "INSERT INTO memory VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [key, value],
            )

    # --- items --------------------------------------------------------------------------------

    def add(self, rows: Sequence[Sent]) -> None:
        """Write items down; one that is known under its uid stays as it is."""
        with self.writing():
            self._connection.executemany(
                "INSERT OR IGNORE INTO sent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (s.uid, s.batch, s.rank, s.item, s.content, s.purpose, s.people, s.suggestion,
                     int(s.shown), s.state, s.remote,
                     *(json.dumps(who, ensure_ascii=False) if who else None
                       for who in (s.not_by, s.not_to, s.only_by)))
                    for s in rows
                ],
            )  # fmt: skip

    def sent(self, batch: str | None = None) -> list[Sent]:
        """What was handed out (in a batch), in the order people see."""
        where, values = ("", []) if batch is None else ("WHERE batch = ?", [batch])
        return self._sent(where, values)

    def find(self, uids: Sequence[str]) -> list[Sent]:
        """What was handed out under these names; names that are not ours are left out."""
        return self._sent("WHERE uid IN (SELECT value FROM json_each(?))", [json.dumps(list(uids))])

    def _sent(self, where: str, values: list[str]) -> list[Sent]:
        rows = self._connection.execute(
            "SELECT uid, batch, rank, item, content, purpose, people, suggestion, shown, state, "
            f"remote, not_by, not_to, only_by FROM sent {where} ORDER BY rowid",
            values,
        )
        return [
            Sent(
                uid, batch, rank, item, content, purpose, people, told, bool(shown), state, remote,
                *(tuple(json.loads(each or "[]")) for each in who),
            )
            for uid, batch, rank, item, content, purpose, people, told, shown, state, remote, *who
            in rows
        ]  # fmt: skip

    def mark(
        self, uids: Iterable[str], state: State, remotes: Mapping[str, int] | None = None
    ) -> None:
        """Items are now in this state; remotes: the server's number for some of them."""
        known = remotes or {}
        with self.writing():
            self._connection.executemany(
                "UPDATE sent SET state = ?, remote = coalesce(?, remote) WHERE uid = ?",
                [(state, known.get(uid), uid) for uid in uids],
            )

    # --- answers ------------------------------------------------------------------------------

    def hold(self, answers: Sequence[Held]) -> None:
        """These answers are there now, or have changed; known ones are told by their reference."""
        with self.writing():
            self._connection.executemany(
                "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (h.reference, h.uid, h.annotator, json.dumps(h.labels, ensure_ascii=False),
                     spans_json(h.spans), int(h.skipped), h.seconds, h.origin, h.updated,
                     int(h.deleted), h.remote)
                    for h in answers
                ],
            )  # fmt: skip

    def held(self, batch: str | None = None) -> list[Held]:
        """Answers (to a batch), deleted ones included, in a stable order."""
        where, values = ("", []) if batch is None else ("WHERE batch = ?", [batch])
        rows = self._connection.execute(
            "SELECT reference, uid, annotator, labels, spans, skipped, seconds, origin, updated, "
            f"deleted, held.remote FROM held JOIN sent USING (uid) {where} ORDER BY uid, reference",
            values,
        )
        return [
            Held(
                reference, uid, annotator, tuple(json.loads(labels)), spans_of(spans),
                bool(skipped), seconds, origin, updated, bool(deleted), remote,
            )
            for reference, uid, annotator, labels, spans, skipped, seconds, origin, updated,
            deleted, remote in rows
        ]  # fmt: skip

    # --- chores -------------------------------------------------------------------------------

    def plan(self, chores: Sequence[Chore]) -> None:
        """Write down what has to be done elsewhere, in this order."""
        with self.writing():
            self._connection.executemany(
                "INSERT INTO chore (kind, subject, detail) VALUES (?, ?, ?)",
                [(c.kind, c.subject, json.dumps(c.detail, ensure_ascii=False)) for c in chores],
            )

    def chores(self) -> list[Chore]:
        """What is still to be done, first things first."""
        rows = self._connection.execute(
            "SELECT kind, subject, detail, seq FROM chore WHERE done = 0 ORDER BY seq"
        )
        return [
            Chore(kind, subject, json.loads(detail), seq) for kind, subject, detail, seq in rows
        ]

    def done(self, chores: Sequence[Chore]) -> None:
        """These are done."""
        with self.writing():
            self._connection.executemany(
                "UPDATE chore SET done = 1 WHERE seq = ?", [(c.seq,) for c in chores]
            )


def spans_json(spans: Sequence[Span]) -> str:
    """Spans as they are stored."""
    return json.dumps([[s.start, s.end, s.text] for s in spans], ensure_ascii=False)


def spans_of(text: str | None) -> tuple[Span, ...]:
    """Spans as they were stored."""
    return tuple(Span(*span) for span in json.loads(text)) if text else ()
