"""Labels that mean nothing: a network memorises them, and the campaign says that nothing was learned."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from labelwright import Project
from labelwright.cli import app
from tests.tiny_text import tiny_transformer

TASK = """
task noise "Labels at random" {}
class a
class b
class c
data {
  source = csv("noise.csv")
  text = text
}
holdout { annotations = 80 }
annotators { from = simulate(column = label, error = 0) }
budget {
  annotations = 130
  per_round   = 50 items
}
query { phase all { strategy = random } }
train {
  encoder  = pretrained("tiny")
  finetune = scratch(decay = 0)
  epochs   = 200
}
"""


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """A task on texts of random words whose labels are drawn without looking at them."""
    pytest.importorskip("sentence_transformers")
    words = [f"w{i}" for i in range(60)]
    tiny_transformer(tmp_path / "tiny", words)
    rng = np.random.default_rng(4)
    with (tmp_path / "noise.csv").open("w", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "label"])
        for i in range(400):
            text = " ".join(rng.choice(words, size=8))
            rows.writerow([i, text, rng.choice(["a", "b", "c"], p=[0.5, 0.3, 0.2])])
    path = tmp_path / "noise.task"
    path.write_text(TASK, encoding="utf-8")
    return path


@pytest.mark.slow
def test_random_labels_are_memorised_and_the_campaign_says_what_they_are_worth(
    noise: Path, tmp_path: Path
) -> None:
    project = Project(noise, state=tmp_path / "state")
    project.run()
    (record,) = project.rounds_so_far()
    with project.looking() as bench:
        training, _ = bench.labels(0, bench.needed(0, "collect")["watermark"])
        probs = bench.final(0).predict_proba(bench.seen(0, training.rows))
        assert len(training.rows) == 50
        assert (probs.argmax(axis=1) == training.classes).mean() > 0.99
    now = record.measurement
    share = max(score.support for score in now.classes) / now.holdout_labels
    assert now.accuracy.low is not None
    assert now.accuracy.low < share  # no better than always the most frequent

    run = CliRunner()
    state = ["--state", str(tmp_path / "state")]
    status = run.invoke(app, ["status", str(noise), *state])
    sentence = "nothing was learned: "
    assert sentence in " ".join(status.output.split())
    assert "always answering a would be right for" in " ".join(status.output.split())
    told = json.loads(run.invoke(app, ["status", str(noise), *state, "--json"]).output)
    assert told["nothing_learned"].startswith(sentence)
    report = tmp_path / "report.html"
    run.invoke(app, ["report", str(noise), *state, "--out", str(report)])
    assert "<strong>Nothing was learned: " in report.read_text("utf-8")


def test_where_something_was_learned_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "digits.task"
    classes = "\n".join(f"class {n}" for n in range(10))
    path.write_text(
        f'task digits "Digits" {{}}\n{classes}\ndata {{ source = bundled(digits) }}\n'
        "holdout { annotations = 40 }\nannotators { from = simulate(column = label) }\n"
        "budget {\n  annotations = 80\n  per_round = 40 items\n}\n"
        "query { phase all { strategy = random } }\n",
        encoding="utf-8",
    )
    project = Project(path, state=tmp_path / "state")
    project.run()
    status = CliRunner().invoke(app, ["status", str(path), "--state", str(tmp_path / "state")])
    assert "nothing was learned" not in status.output
    assert "accuracy" in status.output
