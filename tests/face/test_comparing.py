"""`compare-finetuning`: each way in a process of its own, on labels of simulated people or a campaign."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from labelwright import Project
from labelwright.cli import app
from labelwright.comparing import Comparison, Trial
from labelwright.comparing_view import comparison_view, size
from tests.tiny_text import tiny_transformer

TASK = """
task tiny "Tiny texts" {}
class a
class b
data {
  source = csv("tiny.csv")
  text = text
}
holdout { annotations = 40 }
annotators { from = simulate(column = label, error = 0) }
budget {
  annotations = 70
  per_round   = 30 items
}
query { phase all { strategy = random } }
train {
  encoder  = ENCODER
  finetune = lora(r = 2)
  epochs   = 3
}
"""
RUN = CliRunner()


@pytest.fixture
def task(tmp_path: Path) -> Path:
    pytest.importorskip("sentence_transformers")
    words = [f"w{i}" for i in range(30)]
    tiny_transformer(tmp_path / "tiny", words)
    rng = np.random.default_rng(0)
    lines = ["id,text,label"]
    for i in range(150):
        told = rng.integers(2)
        text = " ".join([*rng.choice(words[4:], size=5), words[told]])
        lines.append(f"{i},{text},{'ab'[told]}")
    (tmp_path / "tiny.csv").write_text("\n".join(lines), encoding="utf-8")
    path = tmp_path / "tiny.task"
    path.write_text(TASK.replace("ENCODER", 'pretrained("tiny")'), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_rehearsal_is_compared_before_it_began_and_leaves_nothing(task: Path) -> None:
    command = [
        "compare-finetuning",
        str(task),
        "--ways",
        "head,lora,full",
        "--labels",
        "25",
        "--json",
    ]
    result = RUN.invoke(app, command)
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert (told["labels"], told["holdout"], told["simulated"]) == (25, 30, True)
    head, lora, full = told["trials"]
    assert [t["way"] for t in (head, lora, full)] == ["head", "lora", "full"]
    assert head["stored"] < lora["stored"] < full["stored"]
    assert abs(full["stored"] / told["encoder"] - 1) < 0.2  # all weights, and a head
    # r = 2 as the task says, in 12 matrices: 8 of 32 x 32 and 4 of 32 x 64, beside a head of 2 x 32
    weights = 4 * (2 * (8 * 64 + 4 * 96) + 2 * 33)
    assert weights < lora["stored"] < weights + 8_000  # names and shapes
    assert all(t["peak"] >= t["before"] > 1e7 and t["seconds"] > 0 for t in told["trials"])
    assert full["points"] == 0
    assert lora["points"] == pytest.approx(100 * (lora["accuracy"] - full["accuracy"]))
    assert not (task.parent / ".labelwright").exists()


def test_a_campaigns_own_labels_are_learned_from(task: Path) -> None:
    Project(task).run()
    before = {
        p: p.stat().st_mtime_ns for p in (task.parent / ".labelwright").rglob("*") if p.is_file()
    }
    result = RUN.invoke(app, ["compare-finetuning", str(task), "--ways", "lora"])
    assert result.exit_code == 0, result.output
    assert "30 labels to learn from, 30 holdout items to measure" in result.output
    assert "REHEARSAL" not in result.output
    after = {
        p: p.stat().st_mtime_ns for p in (task.parent / ".labelwright").rglob("*") if p.is_file()
    }
    assert {p.name for p in before} >= {p.name for p in after if p.suffix == ".safetensors"}


def test_what_cannot_be_tried_is_said(task: Path) -> None:
    wrong = RUN.invoke(app, ["compare-finetuning", str(task), "--ways", "lora,loro"])
    assert wrong.exit_code == 1
    assert "loro" in str(wrong.exception)
    people = task.with_name("people.task")
    people.write_text(
        task.read_text("utf-8").replace("simulate(column = label, error = 0)", "terminal"), "utf-8"
    )
    none = RUN.invoke(app, ["compare-finetuning", str(people)])
    assert none.exit_code == 1
    assert "no labels yet" in str(none.exception)


def test_the_table_compares_the_same_items() -> None:
    full = Trial("full", 90_000_000, 400_000_000, 900_000_000, 61.0, (True, True, False, True))
    lora = Trial("lora", 1_330_000, 400_000_000, 600_000_000, 40.0, (True, False, False, False))
    apart, error = lora.points(full)
    assert apart == -50
    assert error == pytest.approx(100 * np.std([0, -1, 0, -1], ddof=1) / 2)
    trials = (lora, Trial("prefix", why="there is no attention"), full)
    shown = comparison_view(Comparison(256, 4, False, 90_852_864, "CPU", trials))
    assert next(x for x in shown.splitlines() if "lora" in x).split()[:4] == [
        "lora",
        "1.3",
        "MB",
        "1.46%",
    ]
    alone = comparison_view(Comparison(256, 4, False, 90_852_864, "CPU", (lora,)))
    assert "points" in shown
    assert "points" not in alone.casefold(), "there is no full tuning to be against"
    assert "600.0 MB (+200.0 MB)" in shown
    assert "-50.0 ± 28.9" in shown
    assert "prefix: not tried, for there is no attention" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert [size(n) for n in (5, 2_500, 7_000_000, 3_200_000_000)] == [
        "5 B",
        "2.5 kB",
        "7.0 MB",
        "3.2 GB",
    ]
