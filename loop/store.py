"""The store: one SQLite file a task, and the big files beside it.

Every write is one transaction opened with BEGIN IMMEDIATE (a deferred one loses transactions to
BUSY under several writers), which first checks the fencing epoch: a run that was superseded while
it stalled cannot write any more. Big things are files, written under a temporary name, synced,
renamed and recorded with their SHA-256; a file that does not match its hash is not used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from labelwright.loop.errors import StoreError
from labelwright.loop.outbox import spans_json, spans_of
from labelwright.loop.ports import Fault, Span
from labelwright.loop.schema import migrations

GENESIS = "0" * 64


@dataclass(frozen=True)
class Choice:
    """One item chosen in a round; `rank` is the order people see."""

    round: int
    rank: int
    item: str
    content: str
    purpose: str
    people: int
    utility: float | None
    probability: float
    reason: str


@dataclass(frozen=True)
class Event:
    """One thing that happened to an annotation; `seq` orders them, never a clock."""

    event: str
    reference: str
    item: str
    content: str
    annotator: str
    source: str
    purpose: str
    round: int
    labels: tuple[str, ...]
    skipped: bool
    seconds: float | None
    definition: str
    seq: int = 0
    spans: tuple[Span, ...] = ()  # as long as `labels`, where parts of a text were marked

    def says_same(self, other: Event) -> bool:
        """Whether both tell the same answer."""
        mine = (self.labels, self.spans, self.skipped)
        return mine == (other.labels, other.spans, other.skipped)


@dataclass(frozen=True)
class Applied:
    """A definition that came into force, and what its classes mean; see the table of this name."""

    definition: str
    first_round: int
    event: int
    kind: Literal["begin", "run", "plan"]
    breaks: bool
    lineage: str
    changes: tuple[str, ...] = ()
    seq: int = 0


class Store:
    """The history of one task. Use as a context manager; `writing()` is the only way to write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.epoch: int | None = None
        with _telling(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(folder / "state.db", timeout=30)
            self._db = Database(self.connection, execute_plugins=False)
            self._prepare()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def _prepare(self) -> None:
        for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "foreign_keys=ON"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute("PRAGMA busy_timeout=30000")
        applied = {m.name for m in migrations.applied(self._db)}
        ours = {m.name for m in migrations.pending(Database(memory=True))}
        if applied - ours:
            raise StoreError(
                f"{self.folder / 'state.db'} was written by a newer labelwright "
                f"({', '.join(sorted(applied - ours))})",
                "install the newer version, or use another --state folder",
            )
        if applied == ours:
            return
        if applied:
            backup = self.folder / f"state-before-{len(applied) + 1}.db"
            backup.unlink(missing_ok=True)
            self.connection.execute("VACUUM INTO ?", [str(backup)])
        migrations.apply(self._db)

    # --- writing ------------------------------------------------------------------------------

    def supersede(self) -> None:
        """Take over as the only writer: earlier holders' transactions fail from now on.

        Called with the task's lock held, so that half-written files are those of killed runs.
        """
        self.epoch = None
        for abandoned in self.folder.rglob("*.tmp"):
            abandoned.unlink()
        with self.writing():
            self.epoch = int(self.meta("epoch") or 0) + 1
            self.set_meta("epoch", str(self.epoch))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: all of it, or nothing. Nested use joins the outer one."""
        if self.connection.in_transaction:
            yield
            return
        with _telling(self.folder):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                if self.epoch is not None and self.meta("epoch") != str(self.epoch):
                    raise StoreError(
                        "another run took over this task while this one stood still",
                        "look at `labelwright status`; this run has changed nothing since",
                    )
                yield
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.commit()

    def set_meta(self, key: str, value: str) -> None:
        """Remember a single value."""
        with self.writing():
            self.connection.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [key, value],
            )

    def record_definition(self, digest: str, first_round: int, text: str, task: str) -> None:
        """Remember a task definition; one that is known already stays as it was."""
        with self.writing():
            self.connection.execute(
                "INSERT OR IGNORE INTO definition VALUES (?, ?, ?, ?)",
                [digest, first_round, text, task],
            )

    def add_applied(self, applied: Applied) -> None:
        """Append a definition that comes into force; its number follows the last one's."""
        with self.writing():
            self.connection.execute(
                "INSERT INTO applied SELECT coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM applied",
                [applied.definition, applied.first_round, applied.event, applied.kind,
                 int(applied.breaks), applied.lineage,
                 json.dumps(applied.changes, ensure_ascii=False)],
            )  # fmt: skip

    def forget_steps(self, round_: int, names: Sequence[str]) -> None:
        """Take back outcomes that can be worked out again, so that they are."""
        with self.writing():
            self.connection.executemany(
                "DELETE FROM step WHERE round = ? AND name = ?", [(round_, n) for n in names]
            )

    def record_step(self, round_: int, name: str, outcome: dict[str, Any], seconds: float) -> None:
        """Record a step's outcome; recording it twice is an error of ours and raises."""
        with self.writing():
            self.connection.execute(
                "INSERT INTO step VALUES (?, ?, ?, ?)",
                [round_, name, json.dumps(outcome, ensure_ascii=False), seconds],
            )

    def add_choices(self, choices: Sequence[Choice]) -> None:
        """Store what was chosen, in the order people are to see it."""
        with self.writing():
            self.connection.executemany(
                "INSERT INTO choice VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (c.round, c.rank, c.item, c.content, c.purpose, c.people, c.utility,
                     c.probability, c.reason)
                    for c in choices
                ],
            )  # fmt: skip

    def add_events(self, events: Sequence[Event]) -> int:
        """Append what is new among `events`; returns how many were.

        An answer already told under the same reference is not told twice; one that says something
        else is stored as an edit.
        """
        added = 0
        with self.writing():
            known = self._last_by_reference({e.reference for e in events})
            row = self.connection.execute(
                "SELECT hash FROM annotation_event ORDER BY seq DESC LIMIT 1"
            ).fetchone()
            previous = row[0] if row else GENESIS
            for event in events:
                before = known.get(event.reference)
                kind = event.event
                gone = before is None or before.event == "delete"
                if kind == "delete" and gone:
                    continue
                if before is not None and not gone and kind != "delete":
                    if before.says_same(event):
                        continue
                    kind = "edit"
                fields = (
                    kind, event.reference, event.item, event.content, event.annotator,
                    event.source, event.purpose, event.round,
                    json.dumps(event.labels, ensure_ascii=False), int(event.skipped),
                    event.seconds, event.definition,
                )  # fmt: skip
                spans = spans_json(event.spans) if event.spans else None
                digest = chain(previous, fields, spans)
                self.connection.execute(
                    "INSERT INTO annotation_event (event, reference, item, content, annotator, "
                    "source, purpose, round, labels, skipped, seconds, definition, spans, previous, "
                    "hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*fields, spans, previous, digest),
                )
                known[event.reference] = event
                previous = digest
                added += 1
        return added

    def _last_by_reference(self, references: set[str]) -> dict[str, Event]:
        found: dict[str, Event] = {}
        for reference in references:
            row = self.connection.execute(
                f"SELECT {_EVENT_COLUMNS} FROM annotation_event WHERE reference = ? "
                "ORDER BY seq DESC LIMIT 1",
                [reference],
            ).fetchone()
            if row:
                found[reference] = _event(row)
        return found

    def add_set_aside(self, snapshot: str, faults: Sequence[Fault]) -> None:
        """List the rows that were set aside when this snapshot of the data was read."""
        with self.writing():
            self.connection.execute("DELETE FROM set_aside WHERE snapshot = ?", [snapshot])
            self.connection.executemany(
                "INSERT INTO set_aside VALUES (?, ?, ?, ?, ?)",
                [(snapshot, f.file, f.row, f.reason, f.detail) for f in faults],
            )

    def write_file(self, name: str, write: Callable[[Path], None]) -> Path:
        """Make the file `name` by `write(path)`, safely, and record its hash."""
        path = self.folder / name
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with _telling(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(temporary)
            _sync(temporary)
            digest, size = sha256(temporary), temporary.stat().st_size
            os.replace(temporary, path)
            _sync(path.parent)
        with self.writing():
            self.connection.execute(
                "INSERT INTO file VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                "sha256 = excluded.sha256, bytes = excluded.bytes",
                [name, digest, size],
            )
        return path

    # --- reading ------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        """A single remembered value."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return row[0] if row else None

    def applied(self) -> list[Applied]:
        """Every definition that was in force, oldest first."""
        rows = self.connection.execute(
            "SELECT definition, first_round, event, kind, breaks, lineage, changes, seq FROM applied "
            "ORDER BY seq"
        )
        return [
            Applied(
                definition, first_round, event, kind, bool(breaks), lineage,
                tuple(json.loads(changes)), seq,
            )
            for definition, first_round, event, kind, breaks, lineage, changes, seq in rows
        ]  # fmt: skip

    def last_applied(self) -> int:
        """The number of the definition that holds; 0 before the first."""
        row = self.connection.execute("SELECT coalesce(max(seq), 0) FROM applied")
        return int(row.fetchone()[0])

    def definition(self, digest: str) -> tuple[str, str]:
        """The text of a definition, and its Task as JSON. Raises StoreError where it is not known."""
        row = self.connection.execute(
            "SELECT text, task FROM definition WHERE hash = ?", [digest]
        ).fetchone()
        if row is None:
            raise StoreError(
                f"{self.folder / 'state.db'} does not hold the definition {digest[:12]}",
                "restore the state folder from a backup",
            )
        return str(row[0]), str(row[1])

    def events_of_definition(self, digest: str, after: int, until: int) -> int:
        """How many events between these two were told under a definition."""
        row = self.connection.execute(
            "SELECT count(*) FROM annotation_event WHERE definition = ? AND seq > ? AND seq <= ?",
            [digest, after, until],
        )
        return int(row.fetchone()[0])

    def events_since(self, seq: int) -> dict[str, int]:
        """How many events of each kind (answer, edit, delete) came after this one."""
        rows = self.connection.execute(
            "SELECT event, count(*) FROM annotation_event WHERE seq > ? GROUP BY event", [seq]
        )
        return dict(rows)

    def outcome(self, round_: int, name: str) -> dict[str, Any] | None:
        """What a step recorded, or None where it has not been done."""
        row = self.connection.execute(
            "SELECT outcome FROM step WHERE round = ? AND name = ?", [round_, name]
        ).fetchone()
        return json.loads(row[0]) if row else None

    def outcomes(self, name: str) -> list[dict[str, Any]]:
        """What this step recorded in every round, by round."""
        rows = self.connection.execute(
            "SELECT outcome FROM step WHERE name = ? ORDER BY round", [name]
        )
        return [json.loads(row[0]) for row in rows]

    def seconds(self, round_: int) -> float:
        """Wall time of a round's steps."""
        row = self.connection.execute("SELECT sum(seconds) FROM step WHERE round = ?", [round_])
        return float(row.fetchone()[0] or 0.0)

    def choices(self, round_: int | None = None) -> list[Choice]:
        """What was chosen in a round (or in all), in order."""
        where, values = ("", []) if round_ is None else ("WHERE round = ?", [round_])
        rows = self.connection.execute(
            "SELECT round, rank, item, content, purpose, people, utility, probability, reason "
            f"FROM choice {where} ORDER BY round, rank",
            values,
        )
        return [Choice(*row) for row in rows]

    def last_event(self) -> int:
        """The sequence number of the last event; 0 before the first."""
        row = self.connection.execute("SELECT coalesce(max(seq), 0) FROM annotation_event")
        return int(row.fetchone()[0])

    def events(self, until: int | None = None) -> list[Event]:
        """The judgements in force (latest event of each reference, deletions left out), in order.

        until: as they were when this sequence number was the last.
        """
        limit = self.last_event() if until is None else until
        rows = self.connection.execute(
            f"SELECT {_EVENT_COLUMNS} FROM annotation_event WHERE seq IN (SELECT max(seq) FROM "
            "annotation_event WHERE seq <= ? GROUP BY reference) AND event <> 'delete' ORDER BY seq",
            [limit],
        )
        return [_event(row) for row in rows]

    def set_aside(self, snapshot: str) -> dict[str, int]:
        """How many rows of a snapshot were set aside, by reason."""
        rows = self.connection.execute(
            "SELECT reason, count(*) FROM set_aside WHERE snapshot = ? GROUP BY reason ORDER BY 1",
            [snapshot],
        )
        return dict(rows)

    def set_aside_rows(self, snapshot: str) -> list[Fault]:
        """The rows of a snapshot that were set aside."""
        rows = self.connection.execute(
            "SELECT file, row, reason, detail FROM set_aside WHERE snapshot = ? ORDER BY rowid",
            [snapshot],
        )
        return [Fault(*row) for row in rows]

    def file(self, name: str) -> Path | None:
        """The file, if it is there and is what was written; None where it must be made again."""
        row = self.connection.execute("SELECT sha256 FROM file WHERE name = ?", [name]).fetchone()
        path = self.folder / name
        if row is None or not path.exists() or sha256(path) != row[0]:
            return None
        return path

    def broken_files(self) -> list[str]:
        """Recorded files that are missing or do not match their hash."""
        names = [r[0] for r in self.connection.execute("SELECT name FROM file ORDER BY name")]
        return [name for name in names if self.file(name) is None]

    def broken_link(self) -> int | None:
        """The first event whose hash does not follow from the one before; None when all do."""
        previous = GENESIS
        rows = self.connection.execute(
            "SELECT seq, previous, hash, event, reference, item, content, annotator, source, "
            "purpose, round, labels, skipped, seconds, definition, spans FROM annotation_event "
            "ORDER BY seq"
        )
        for seq, before, digest, *fields, spans in rows:
            if before != previous or digest != chain(previous, fields, spans):
                return int(seq)
            previous = digest
        return None

    def integrity(self) -> str:
        """SQLite's own check; "ok" when the file is sound."""
        return str(self.connection.execute("PRAGMA integrity_check").fetchone()[0])


_EVENT_COLUMNS = (
    "event, reference, item, content, annotator, source, purpose, round, labels, skipped, seconds, "
    "definition, seq, spans"
)


def _event(row: Sequence[Any]) -> Event:
    values = list(row)
    values[8] = tuple(json.loads(values[8]))
    values[9] = bool(values[9])
    values[13] = spans_of(values[13])
    return Event(*values)


def chain(previous: str, fields: Sequence[Any], spans: str | None = None) -> str:
    """The hash that ties an event to all before it; spans are part of it where there are any."""
    marked = [] if spans is None else [spans]
    told = json.dumps([previous, *fields, *marked], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def sha256(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Turn what disk and database say into an error that names the folder."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        raise StoreError(
            f"the store in {folder} cannot be used: {error}",
            "check that the disk has room and may be written, then run the same command again",
        ) from error
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder}: {error.strerror}",
            "check that the disk has room and may be written, then run the same command again",
        ) from error
