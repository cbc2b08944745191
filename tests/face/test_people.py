"""`labelwright people` on simulated campaigns in which it is known who tires and what is mixed up."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .in_process import command, shown

WORDS = {
    "Cooking": "oven recipe flour bake pan spoon",
    "Travel": "train hotel border map ticket beach",
    "Sport": "match goal team coach league referee",
    "Games": "level console score player dice board",
}
TASK = """
task talk "Talk" {{ choose = one }}
class Cooking
class Travel
class Sport {{ counterexamples = ["a chess match"] }}
class Games
data {{
  source = csv("talk.csv")
  id     = id
  text   = text
}}
holdout {{ annotations = {holdout} }}
annotators {{
  from        = simulate(column = topic, people = 3, error = 4%{moods})
  overlap     = {overlap}
  suggestions = {suggestions}
}}
budget {{
  annotations = {budget}
  per_round   = {per_round} items
}}
query {{ phase all {{ strategy = random }} }}
accept {{ accuracy >= 99% }}
"""


def write(
    folder: Path, n: int, *, moods: str = "", suggestions: str = "none", **numbers: int
) -> None:
    rng = np.random.default_rng(0)
    with (folder / "talk.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "topic"])
        for i in range(n):
            topic = list(WORDS)[rng.integers(4)]
            words = [*rng.choice(WORDS[topic].split(), 3, replace=False), f"number {i}"]
            rows.writerow([f"t{i}", " ".join(words), topic])
    text = TASK.format(moods=moods, suggestions=suggestions, **numbers)
    (folder / "talk.task").write_text(text)


def told(folder: Path) -> Any:
    done = command(folder, "people", "talk.task", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_person_an_item_says_what_is_not_known(tmp_path: Path) -> None:
    write(tmp_path, 120, holdout=20, overlap=1, budget=60, per_round=20)
    env = {"LABELWRIGHT_CACHE": str(tmp_path / "cache")}
    code, before = shown(tmp_path, "people", "talk.task", env=env)
    assert code == 1
    assert "labelwright run talk.task" in before
    assert command(tmp_path, "run", "talk.task", env=env).returncode == 3
    code, text = shown(tmp_path, "people", "talk.task", env=env)
    assert code == 0
    assert "person_1" in text
    assert "the task asks one person for each item; `overlap = 2` lets it be known" in " ".join(
        text.split()
    )
    found = told(tmp_path)
    assert found["rehearsal"]
    assert found["agreement"]["shared"] == 0
    assert found["agreement"]["confused"] == []
    assert all(a["agreement"] is None and a["median_seconds"]["n"] for a in found["annotators"])


@pytest.mark.slow
def test_what_befalls_people_is_found(tmp_path: Path) -> None:
    moods = (
        ', mix_up = "Sport, Games", mixed = 25%, tired_after = 40, tired = 90%, tired_people = 1, '
        "anchored = 30%"
    )
    write(
        tmp_path, 1500, moods=moods, suggestions="model", holdout=150, overlap=2, budget=2200,
        per_round=200,
    )  # fmt: skip
    env = {"LABELWRIGHT_CACHE": str(tmp_path / "cache")}
    assert command(tmp_path, "run", "talk.task", env=env).returncode == 3
    found = told(tmp_path)
    people = {a["annotator"]: a for a in found["annotators"]}
    assert set(people) == {"person_1", "person_2", "person_3"}
    tired = people["person_1"]
    assert tired["with_others"]["high"] < people["person_3"]["with_others"]["estimate"]
    clear = {(t["measure"], t["along"]) for t in tired["trends"] if t["clear"]}
    assert ("agreement", "batch") in clear
    assert ("seconds", "batch") in clear
    for name in ("person_2", "person_3"):
        assert not any(t["clear"] and t["change"] < 1 for t in people[name]["trends"])
    assert found["anchoring"]["low"] > 0

    first, *rest = found["agreement"]["confused"]
    assert (first["one"], first["other"], first["clear"]) == ("Sport", "Games", True)
    assert not any(p["clear"] for p in rest)
    assert all(set(i["one"]) | set(i["other"]) <= set(people) for i in first["items"])
    line = next(p["line"] for p in first["proposed"] if p["cls"] == "Sport")
    assert line.startswith('counterexamples = ["a chess match", "')
    measured = {i["item"] for i in first["items"] if i["measures"]}
    assert measured
    assert not measured & {p["item"] for p in first["proposed"]}

    # The line goes into the file as it is, and the file is sound.
    path = tmp_path / "talk.task"
    path.write_text(path.read_text().replace('counterexamples = ["a chess match"]', line))
    assert command(tmp_path, "check", "talk.task").returncode == 0
    code, text = shown(tmp_path, "people", "talk.task", env=env)
    assert code == 0
    assert "Sport and Games" in text
    page = (tmp_path / ".labelwright/talk/report.html").read_text()
    assert "more than slips" in page
    assert "person_1 grows quicker than the others within a batch" in page
