"""`labelwright shift`, and warnings of a run: planted differences are found, and none where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from labelwright import Project

from .in_process import command

TASK = """task desk "Desk"
class warm
class cold
data {
  source = csv("my.csv")
  id     = id
  text   = body
}
holdout {
  HOLDOUT
  annotations = 40
}
annotators { from = simulate(column = topic, people = 1, error = 0%) }
budget { annotations = BUDGET
 per_round = 30 items }
query { phase all { strategy = random } }
pseudo_labels { method = threshold }
"""
WORDS = {
    "warm": "amber red fire sun lamp glow rust rose",
    "cold": "blue ice teal snow frost rain sea slate",
}
OTHER = "ledger invoice tax audit broker pension bond fund"


def _rows(n: int, start: int, warm: float, seed: int, *, other: bool = False) -> list[str]:
    rng = np.random.default_rng(seed)
    lines = []
    for i in range(start, start + n):
        topic = "warm" if rng.random() < warm else "cold"
        words = rng.choice(WORDS[topic].split(), 4).tolist()
        words += rng.choice(OTHER.split(), 4).tolist() if other else []
        lines.append(f"{i},{' '.join(words)} {i},{topic},{'new' if other else 'old'}")
    return lines


def _write(folder: Path, rows: list[str], holdout: str = "size = 30%", budget: int = 70) -> None:
    text = TASK.replace("HOLDOUT", holdout).replace("BUDGET", str(budget))
    (folder / "my.task").write_text(text, encoding="utf-8")
    (folder / "my.csv").write_text(
        "\n".join(["id,body,topic,source", *rows]) + "\n", encoding="utf-8"
    )


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    _write(tmp_path, _rows(300, 0, 0.5, 0))
    ran = command(tmp_path, "run", "my.task")
    assert ran.returncode == 0, ran.stderr
    assert "warning" not in ran.stdout
    told = command(tmp_path, "shift", "my.task")
    assert "No difference between the pool and the holdout was found" in told.stdout
    assert "regions of the pool" in told.stdout
    found = json.loads(command(tmp_path, "shift", "my.task", "--json").stdout)
    pool, asked = found["comparisons"]
    assert (pool["about"], pool["alarm"]) == ("pool and holdout", False)
    assert {t["what"] for t in pool["tests"]} >= {"vectors", "length of body", "predicted classes"}
    assert (asked["about"], asked["alarm"]) == ("asked and pool", False)
    assert sum(s["one"]["estimate"] for s in pool["shares"]) == pytest.approx(1)
    covered = found["coverage"]
    assert sum(r["items"] for r in covered["regions"]) == covered["items"] == 210
    assert sum(r["asked"] for r in covered["regions"]) == covered["asked"] == 30
    assert sum(r["expected"] for r in covered["regions"]) == pytest.approx(30)
    again = json.loads(command(tmp_path, "shift", "my.task", "--json").stdout)
    assert again == found


def test_a_holdout_from_elsewhere_is_an_alarm_in_run_status_and_report(tmp_path: Path) -> None:
    rows = _rows(150, 0, 0.5, 0) + _rows(120, 1_000, 0.5, 1, other=True)
    _write(tmp_path, rows, 'items when source == "new"')
    ran = command(tmp_path, "run", "my.task")
    assert "warning: the pool differs from the holdout: vectors (AUC" in ran.stdout
    assert "length of body (KS" in ran.stdout
    status = command(tmp_path, "status", "my.task")
    assert "warning: the pool differs" in status.stdout
    told = json.loads(command(tmp_path, "status", "my.task", "--json").stdout)
    assert told["shift"][0]["alarm"] is True
    project = Project(tmp_path / "my.task")
    page = project.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The pool differs from the holdout" in page
    assert 'class="lw-coverage"' in page
    assert "What was never asked" in page


def test_appended_rows_of_another_class_mix_are_found(tmp_path: Path) -> None:
    rows = _rows(200, 0, 0.5, 0)
    _write(tmp_path, rows, budget=70)
    command(tmp_path, "run", "my.task")
    _write(tmp_path, rows + _rows(120, 2_000, 0.95, 2), budget=100)
    ran = command(tmp_path, "run", "my.task")
    assert "the rows that came last differ from the rows before" in ran.stdout, ran.stdout
    found = json.loads(command(tmp_path, "shift", "my.task", "--json").stdout)
    new = next(c for c in found["comparisons"] if c["about"] == "new and old")
    assert (new["one"], new["other"]) == (120, 200)
    by_class = {s["label"]: s for s in new["shares"]}
    assert by_class["warm"]["one"]["low"] > by_class["warm"]["other"]["high"]


def test_before_the_first_round_it_says_what_to_do(tmp_path: Path) -> None:
    _write(tmp_path, _rows(60, 0, 0.5, 0))
    told = command(tmp_path, "shift", "my.task")
    assert told.returncode == 1
    assert "was not run yet" in told.stderr
