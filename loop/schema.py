"""The store's tables, as migrations: `state.db` is plain SQLite, for anybody's tools to read.

`annotation_event` is append-only, kept so by triggers. Everything else about labels is derived
from it and can be rebuilt; the view `annotation` shows the judgements in force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

if TYPE_CHECKING:
    from collections.abc import Sequence

migrations = Migrations("labelwright")


def _run(db: Database, statements: Sequence[str]) -> None:
    for statement in statements:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def tables(db: Database) -> None:
    """The first version of the store."""
    _run(
        db,
        [
            """CREATE TABLE meta (
              key TEXT PRIMARY KEY,
              value TEXT NOT NULL
            ) STRICT""",
            """CREATE TABLE definition (
              hash TEXT PRIMARY KEY,
              first_round INTEGER NOT NULL,
              text TEXT NOT NULL,
              task TEXT NOT NULL -- the compiled Task as JSON
            ) STRICT""",
            """CREATE TABLE step (
              round INTEGER NOT NULL,
              name TEXT NOT NULL,
              outcome TEXT NOT NULL, -- JSON
              seconds REAL NOT NULL,
              PRIMARY KEY (round, name)
            ) STRICT""",
            """CREATE TABLE choice (
              round INTEGER NOT NULL,
              rank INTEGER NOT NULL,
              item TEXT NOT NULL,
              content TEXT NOT NULL, -- hash of the item as it was when chosen
              purpose TEXT NOT NULL, -- train, holdout, gold, audit
              people INTEGER NOT NULL,
              utility REAL,
              probability REAL NOT NULL,
              reason TEXT NOT NULL,
              PRIMARY KEY (round, rank)
            ) STRICT""",
            "CREATE INDEX choice_item ON choice (item)",
            """CREATE TABLE annotation_event (
              seq INTEGER PRIMARY KEY AUTOINCREMENT,
              event TEXT NOT NULL, -- answer, edit, delete
              reference TEXT NOT NULL, -- the source's own name for the annotation
              item TEXT NOT NULL,
              content TEXT NOT NULL,
              annotator TEXT NOT NULL,
              source TEXT NOT NULL, -- person, simulated, existing, rule, model
              purpose TEXT NOT NULL,
              round INTEGER NOT NULL,
              labels TEXT NOT NULL, -- JSON array of class ids; empty when skipped
              skipped INTEGER NOT NULL,
              seconds REAL,
              definition TEXT NOT NULL REFERENCES definition (hash),
              previous TEXT NOT NULL, -- hash of the event before
              hash TEXT NOT NULL UNIQUE
            ) STRICT""",
            "CREATE INDEX annotation_event_reference ON annotation_event (reference)",
            "CREATE INDEX annotation_event_item ON annotation_event (item)",
            """CREATE TRIGGER annotation_event_no_update BEFORE UPDATE ON annotation_event
              BEGIN SELECT RAISE(ABORT, 'annotation_event is append-only'); END""",
            """CREATE TRIGGER annotation_event_no_delete BEFORE DELETE ON annotation_event
              BEGIN SELECT RAISE(ABORT, 'annotation_event is append-only'); END""",
            """CREATE TABLE set_aside (
              snapshot TEXT NOT NULL,
              file TEXT NOT NULL,
              row INTEGER,
              reason TEXT NOT NULL,
              detail TEXT NOT NULL
            ) STRICT""",
            """CREATE TABLE file (
              name TEXT PRIMARY KEY, -- relative to the state folder
              sha256 TEXT NOT NULL,
              bytes INTEGER NOT NULL
            ) STRICT""",
            """CREATE VIEW annotation AS
              SELECT e.* FROM annotation_event e
              JOIN (SELECT reference, max(seq) AS seq FROM annotation_event GROUP BY reference) last
                ON last.seq = e.seq
              WHERE e.event <> 'delete'""",
            """CREATE VIEW curve AS
              SELECT round,
                json_extract(outcome, '$.annotations') AS annotations,
                json_extract(outcome, '$.labels') AS labels,
                json_extract(outcome, '$.measurement.accuracy.estimate') AS accuracy,
                json_extract(outcome, '$.measurement.accuracy.low') AS low,
                json_extract(outcome, '$.measurement.accuracy.high') AS high
              FROM step WHERE name = 'measure' ORDER BY round""",
        ],
    )
