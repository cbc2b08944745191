"""The true labels are reachable through the annotators' port alone."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from labelwright import Project
from labelwright.loop.engine import Moment
from labelwright.loop.store import Choice, Store

TASK = """
task colours "Colours" {}
class Warm {}
class Cold {}
data {
  source = csv("items.csv")
  id = id
  text = body
}
holdout {
  size = 25%
  annotations = 30
}
annotators { from = simulate(column = label, people = 2, error = 5%) }
budget {
  annotations = 60
  per_round = 10 items
}
query { phase main { strategy = margin } }
existing_labels {
  source = csv("known.csv", key = id, label = label)
  trust = verified
}
"""
WARM, COLD = ["red", "orange", "yellow", "amber"], ["blue", "green", "teal", "cyan"]


def write(path: Path, rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chance = random.Random(3)
    rows = [("id", "body", "label")]
    for number in range(160):
        label, words = chance.choice([("Warm", WARM), ("Cold", COLD)])
        body = " ".join([chance.choice(words), *chance.choices(WARM + COLD, k=2), str(number)])
        rows.append((f"i{number}", body, label))
    write(tmp_path / "items.csv", rows)
    write(tmp_path / "known.csv", [("id", "label"), *((r[0], r[2]) for r in rows[1:30])])
    (tmp_path / "colours.task").write_text(TASK, encoding="utf-8")
    return tmp_path


def choices(folder: Path, state: str) -> list[Choice]:
    with Store(folder / state / "colours") as store:
        return store.choices()


def test_scrambling_the_truth_after_collection_changes_no_choice(folder: Path) -> None:
    task = folder / "colours.task"
    Project(task, state=folder / "plain", data_root=folder).run()
    data = folder / "items.csv"
    whole = data.read_text(encoding="utf-8")
    rows = [tuple(line.split(",")) for line in whole.splitlines()]
    labels = [row[2] for row in rows[1:]]
    random.Random(9).shuffle(labels)
    scrambled = [rows[0], *((*row[:2], label) for row, label in zip(rows[1:], labels, strict=True))]
    seen = []

    def observe(moment: Moment) -> None:
        if (moment.step, moment.when) == ("collect", "begin"):
            data.write_text(whole, encoding="utf-8")
        if (moment.step, moment.when) == ("collect", "done"):
            write(data, scrambled)
            seen.append(moment.round)

    project = Project(task, state=folder / "scrambled", data_root=folder)
    project.run(observe)
    data.write_text(whole, encoding="utf-8")
    assert len(seen) == 3
    strip = [(c.round, c.rank, c.item, c.utility, c.reason) for c in choices(folder, "plain")]
    assert strip == [
        (c.round, c.rank, c.item, c.utility, c.reason) for c in choices(folder, "scrambled")
    ]


def test_verified_labels_seed_the_loop_and_cost_nothing(folder: Path) -> None:
    project = Project(folder / "colours.task", state=folder / "state", data_root=folder)
    project.run()
    told = project.campaign()
    assert told.existing_labels > 10
    first = told.rounds[0]
    assert first.labels == first.asked + told.existing_labels
    assert first.annotations == 10
    assert {c.reason.split(" ")[0] for c in told.chosen if c.purpose == "train"} == {"margin"}
    known = {f"i{n}" for n in range(29)}
    with Store(folder / "state" / "colours") as store:
        assert not known & {c.item for c in store.choices() if c.purpose == "train"}


def test_a_label_column_trains_nobody_without_the_block(folder: Path) -> None:
    task = folder / "colours.task"
    text = task.read_text(encoding="utf-8")
    start = text.index("existing_labels")
    task.write_text(text[:start].replace("margin", "random"), encoding="utf-8")
    project = Project(task, state=folder / "state", data_root=folder)
    project.run()
    told = project.campaign()
    assert told.existing_labels == 0
    assert told.rounds[0].labels == 10
