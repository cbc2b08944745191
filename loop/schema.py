"""The store's tables, as migrations: `state.db` is plain SQLite, for anybody's tools to read.

`annotation_event` is append-only, kept so by triggers. Everything else about labels is derived
from it and can be rebuilt; the view `annotation` shows the judgements in force.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

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


@migrations()  # type: ignore[untyped-decorator]
def applied(db: Database) -> None:
    """Every definition that was in force, in order, and what its classes mean."""
    _run(
        db,
        [
            """CREATE TABLE applied (
              seq INTEGER PRIMARY KEY, -- the definition's number, from 1
              definition TEXT NOT NULL REFERENCES definition (hash),
              first_round INTEGER NOT NULL, -- the round from which it holds
              event INTEGER NOT NULL, -- the last annotation event before it
              kind TEXT NOT NULL, -- begin, run (taken up by a run: no label changed), plan
              breaks INTEGER NOT NULL, -- 1 where rounds measured before no longer count
              lineage TEXT NOT NULL, -- JSON: what each class means
              changes TEXT NOT NULL -- JSON: what changed, in words
            ) STRICT""",
            """CREATE TRIGGER applied_no_update BEFORE UPDATE ON applied
              BEGIN SELECT RAISE(ABORT, 'applied is append-only'); END""",
            """CREATE TRIGGER applied_no_delete BEFORE DELETE ON applied
              BEGIN SELECT RAISE(ABORT, 'applied is append-only'); END""",
        ],
    )
    # Until now no change of what labels mean could be applied: all definitions have the same classes.
    known = db.execute("SELECT hash, first_round, task FROM definition ORDER BY rowid").fetchall()
    for number, (digest, first_round, task) in enumerate(known, start=1):
        meanings = _first_meanings(json.loads(task).get("classes", ()))
        lineage = {"number": number, "meanings": meanings, "restores": None}
        later = json.dumps([row[0] for row in known[number - 1 :]])
        (before,) = db.execute(
            "SELECT coalesce((SELECT min(seq) - 1 FROM annotation_event WHERE definition IN "
            "(SELECT value FROM json_each(?))), max(seq), 0) FROM annotation_event",
            [later],
        ).fetchone()
        db.execute(
            "INSERT INTO applied VALUES (?, ?, ?, ?, ?, 0, ?, '[]')",
            [number, digest, first_round, before if number > 1 else 0,
             "run" if number > 1 else "begin", json.dumps(lineage, ensure_ascii=False)],
        )  # fmt: skip


@migrations()  # type: ignore[untyped-decorator]
def asked(db: Database) -> None:
    """What was handed to people elsewhere, what they hold, and what is still to be done there."""
    _run(
        db,
        [
            "ALTER TABLE annotation_event ADD COLUMN spans TEXT",  # JSON; NULL: not of spans
            """CREATE TABLE sent (
              uid TEXT PRIMARY KEY, -- the item's name in this batch, the same at every attempt
              batch TEXT NOT NULL,
              rank INTEGER NOT NULL,
              item TEXT NOT NULL,
              content TEXT NOT NULL,
              purpose TEXT NOT NULL,
              people INTEGER NOT NULL,
              suggestion TEXT, -- JSON
              shown INTEGER NOT NULL, -- 1 where people see the suggestion
              state TEXT NOT NULL, -- waiting, sent, retired (taken back by us), gone (by others)
              remote INTEGER -- the server's number for it
            ) STRICT""",
            "CREATE INDEX sent_batch ON sent (batch)",
            """CREATE TABLE held (
              reference TEXT PRIMARY KEY,
              uid TEXT NOT NULL REFERENCES sent (uid),
              annotator TEXT NOT NULL,
              labels TEXT NOT NULL, -- JSON
              spans TEXT NOT NULL, -- JSON
              skipped INTEGER NOT NULL,
              seconds REAL,
              origin TEXT NOT NULL,
              updated TEXT NOT NULL, -- by the clock of whoever holds it
              deleted INTEGER NOT NULL,
              remote INTEGER
            ) STRICT""",
            "CREATE INDEX held_uid ON held (uid)",
            """CREATE TABLE memory ( -- what an annotator source remembers
              key TEXT PRIMARY KEY,
              value TEXT NOT NULL
            ) STRICT""",
            """CREATE TABLE chore ( -- what an applied plan still has to do elsewhere
              seq INTEGER PRIMARY KEY AUTOINCREMENT,
              kind TEXT NOT NULL,
              subject TEXT NOT NULL,
              detail TEXT NOT NULL, -- JSON
              done INTEGER NOT NULL DEFAULT 0
            ) STRICT""",
        ],
    )


@migrations()  # type: ignore[untyped-decorator]
def second_opinions(db: Database) -> None:
    """Items that are handed out for a further opinion, and to whom they are not."""
    _run(db, ["ALTER TABLE sent ADD COLUMN not_by TEXT"])  # JSON; NULL: to anybody


@migrations()  # type: ignore[untyped-decorator]
def views(db: Database) -> None:
    """What people ask of a campaign, as views: for Datasette, or any SQLite tool."""
    _run(
        db,
        [
            """CREATE VIEW round AS
              SELECT m.round,
                json_extract(m.outcome, '$.measurement.holdout_labels') AS holdout_labels,
                json_extract(d.outcome, '$.annotations') AS annotations,
                json_extract(d.outcome, '$.holdout_annotations') AS holdout_annotations,
                json_extract(d.outcome, '$.labels') AS labels,
                json_extract(d.outcome, '$.asked') AS asked,
                json_extract(d.outcome, '$.phase') AS phase,
                json_extract(d.outcome, '$.strategy') AS strategy,
                json_extract(m.outcome, '$.measurement.accuracy.estimate') AS accuracy,
                json_extract(m.outcome, '$.measurement.accuracy.low') AS accuracy_low,
                json_extract(m.outcome, '$.measurement.accuracy.high') AS accuracy_high,
                json_extract(m.outcome, '$.measurement.macro_f1.estimate') AS macro_f1,
                json_extract(m.outcome, '$.measurement.micro_f1.estimate') AS micro_f1,
                json_extract(m.outcome, '$.measurement.ece.estimate') AS ece,
                json_extract(m.outcome, '$.measurement.alpha.estimate') AS alpha,
                json_extract(d.outcome, '$.money') AS money,
                json_extract(d.outcome, '$.currency') AS currency,
                json_extract(d.outcome, '$.hours') AS hours,
                json_extract(d.outcome, '$.gate') AS gate,
                json_extract(d.outcome, '$.pseudo_labels') AS pseudo_labels
              FROM step m JOIN step d ON d.round = m.round AND d.name = 'decide'
              WHERE m.name = 'measure' ORDER BY m.round""",
            """CREATE VIEW criterion AS
              SELECT s.round,
                json_extract(v.value, '$.criterion') AS criterion,
                json_extract(v.value, '$.status') AS status,
                json_extract(v.value, '$.estimate') AS estimate,
                json_extract(v.value, '$.bound') AS bound,
                json_extract(v.value, '$.target') AS target,
                json_extract(v.value, '$.n') AS holdout_labels,
                json_extract(v.value, '$.note') AS note
              FROM step s, json_each(s.outcome, '$.measurement.verdicts') v
              WHERE s.name = 'measure' ORDER BY s.round, v.key""",
            """CREATE VIEW class_score AS
              SELECT s.round,
                json_extract(c.value, '$.id') AS class,
                json_extract(c.value, '$.support') AS support,
                json_extract(c.value, '$.predicted') AS predicted,
                json_extract(c.value, '$.precision.estimate') AS precision,
                json_extract(c.value, '$.recall.estimate') AS recall,
                json_extract(c.value, '$.f1.estimate') AS f1,
                json_extract(c.value, '$.f1.low') AS f1_low,
                json_extract(c.value, '$.f1.high') AS f1_high
              FROM step s, json_each(s.outcome, '$.measurement.classes') c
              WHERE s.name = 'measure' ORDER BY s.round, c.key""",
            """CREATE VIEW annotator AS
              SELECT annotator, source,
                count(*) AS annotations,
                sum(skipped) AS skipped,
                count(DISTINCT item) AS items,
                round(avg(seconds), 1) AS mean_seconds,
                round(sum(seconds) / 3600, 2) AS hours,
                min(round) AS first_round,
                max(round) AS last_round
              FROM annotation GROUP BY annotator, source ORDER BY annotator""",
            """CREATE VIEW vote AS
              SELECT a.item, l.value AS label, count(*) AS annotators,
                group_concat(a.annotator, ', ') AS who
              FROM annotation a, json_each(a.labels) l
              WHERE NOT a.skipped GROUP BY a.item, l.value ORDER BY a.item, annotators DESC""",
            """CREATE VIEW disputed AS
              SELECT item, count(*) AS labels, sum(annotators) AS votes,
                group_concat(label || ' ' || annotators, ', ') AS votes_by_label
              FROM vote GROUP BY item HAVING count(*) > 1 ORDER BY votes DESC, item""",
            """CREATE VIEW asked AS
              SELECT c.round, c.rank, c.item, c.purpose, c.people, c.utility, c.probability, c.reason,
                (SELECT count(*) FROM annotation a WHERE a.item = c.item AND a.round = c.round) AS answers
              FROM choice c ORDER BY c.round, c.rank""",
            """CREATE VIEW spending AS
              SELECT round, purpose, source, count(*) AS annotations, sum(seconds) / 3600 AS hours
              FROM annotation GROUP BY round, purpose, source ORDER BY round, purpose""",
        ],
    )


@migrations()  # type: ignore[untyped-decorator]
def only_some(db: Database) -> None:
    """Items that one person alone is asked about, and items that are kept from some."""
    _run(
        db,
        [
            "ALTER TABLE sent ADD COLUMN not_to TEXT",  # JSON; NULL: kept from nobody
            "ALTER TABLE sent ADD COLUMN only_by TEXT",  # JSON; NULL: for everybody
        ],
    )


def _first_meanings(classes: Sequence[dict[str, Any]]) -> dict[str, list[list[str]]]:
    """A region of its own for each class, within its parent's; parents come first."""
    found: dict[str, list[list[str]]] = {}
    for item in classes:
        above = found[item["parent"]][0] if item.get("parent") else []
        found[item["id"]] = [[*above, f"{item['id']}@1"]]
    return found
