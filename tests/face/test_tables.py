"""All that a campaign knows, as csv files and as views of its store."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from labelwright import Project
from labelwright.tables import Tables, tables_of, write_tables

from .leaving import texts
from .predicting import invoke


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABELWRIGHT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return texts(tmp_path_factory.mktemp("ran"))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_record_of_the_campaign_is_in_a_table(ran: Project, tmp_path: Path) -> None:
    campaign = ran.campaign(doubts=True)
    done = invoke(
        "export", ran.definition.folder / "small.task", "--tables", "-o", tmp_path / "out"
    )
    assert done.exit_code == 0, done.output
    written = {Path(line).stem: Path(line) for line in done.stdout.split()}
    assert {"campaign", "rounds", "rounds_measurement_classes", "chosen", "annotations"} <= set(
        written
    )
    rounds = read(written["rounds"])
    assert [int(row["round"]) for row in rounds] == [r.round for r in campaign.rounds]
    told = [row["measurement.accuracy.estimate"] for row in rounds]
    assert [float(t) for t in told] == [r.measurement.accuracy.estimate for r in campaign.rounds]
    classes = read(written["rounds_measurement_classes"])
    assert [(row["round"], row["id"]) for row in classes] == [
        (str(r.round), c.id) for r in campaign.rounds for c in r.measurement.classes
    ]
    assert len(read(written["chosen"])) == len(campaign.chosen)
    (whole,) = read(written["campaign"])
    assert whole["task"] == "small"
    events = read(written["annotations"])
    assert [int(row["seq"]) for row in events] == list(range(1, len(events) + 1))
    again = invoke("export", ran.definition.folder / "small.task", "--tables", "-o", tmp_path / "b")
    assert again.exit_code == 0
    for name, path in written.items():
        assert path.read_bytes() == (tmp_path / "b" / f"{name}.csv").read_bytes(), name


def test_what_a_spreadsheet_would_run_is_quoted(tmp_path: Path) -> None:
    (path,) = write_tables(Tables({"t": [{"=a": "@b"}, {"c": -5}], "empty": []}), tmp_path)
    assert path.read_text(encoding="utf-8").splitlines() == ["'=a,c", "'@b,", ",-5"]


def test_lists_without_records_make_no_table(ran: Project) -> None:
    found = tables_of(ran.campaign())
    assert found.rows["flagged"] == []
    assert "flagged" not in found.columns("campaign")


@pytest.mark.parametrize("other", ["--model", "--merge", "--format=csv"])
def test_tables_go_with_nothing_else(ran: Project, other: str) -> None:
    done = invoke("export", ran.definition.folder / "small.task", "--tables", other)
    assert done.exit_code == 2
    assert "--tables goes with none of" in " ".join(done.output.split())


def test_the_views_say_what_the_campaign_says(ran: Project) -> None:
    campaign = ran.campaign()
    with sqlite3.connect(ran.state / "state.db") as db:
        db.row_factory = sqlite3.Row

        def all_of(view: str) -> list[sqlite3.Row]:
            return db.execute(f"SELECT * FROM {view}").fetchall()

        names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
        views = {name: all_of(name) for name in sorted(names)}
    db.close()
    for row, record in zip(views["round"], campaign.rounds, strict=True):
        now = record.measurement
        assert row["accuracy"] == now.accuracy.estimate
        assert (row["labels"], row["annotations"]) == (record.labels, record.annotations)
    assert [r["status"] for r in views["criterion"]] == [
        v.status for record in campaign.rounds for v in record.measurement.verdicts
    ]
    assert [(r["class"], r["f1"]) for r in views["class_score"]] == [
        (c.id, c.f1.estimate) for record in campaign.rounds for c in record.measurement.classes
    ]
    assert {r["annotator"]: r["annotations"] for r in views["annotator"]} == {
        a.annotator: a.annotations for a in campaign.annotators
    }
    given = [json.loads(r["labels"]) for r in views["annotation"]]
    votes = Counter(label for labels in given for label in labels)
    assert sum(r["annotators"] for r in views["vote"]) == votes.total()
    assert [r["item"] for r in views["asked"]] == [c.item for c in campaign.chosen]
    assert all(r["answers"] >= 1 for r in views["asked"])
    assert sum(r["annotations"] for r in views["spending"]) == len(given)
