"""What rules suggest, in a campaign, before there is a model and after people answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labelwright import Project
from labelwright.loop.rules.at_work import rules_at
from labelwright.loop.suggesting import suggestions

TASK = """task colours "Colours"
class warm { aliases = [red] }
class cold
class odd { role = unusable }
data {
  source = csv("my.csv")
  id     = id
  text   = body
}
rules {
  reds:  vote warm when body contains "red"
  amber: vote warm when body contains "amber"
  blues: vote cold when body contains "blue"
  teals: vote cold when body contains "teal"
  liar:  vote cold when body contains "sun"
  bad:   vote odd when body contains "???"
  stub:  veto when words(body) < 3
}
annotators {
  from = simulate(column = topic, people = 1, error = 0%)
  suggestions = MODE
}
holdout { size = 30%
 annotations = 30 }
budget { annotations = 70
 per_round = 20 items }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    lines = ["id,body,topic"]
    for i in range(300):
        warm = i % 2 == 0
        words = [
            w for w in (("red", "amber", "sun") if warm else ("blue", "teal")) if rng.random() < 0.6
        ]
        lines.append(f"{i},the {' '.join(words)} thing {i},{'warm' if warm else 'cold'}")
    for i, body in enumerate(("red", "what red ??? is", "red blue thing here"), 900):
        lines.append(f"{i},{body},warm")
    (tmp_path / "my.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def _begun(folder: Path, mode: str) -> Project:
    (folder / "my.task").write_text(TASK.replace("MODE", mode), encoding="utf-8")
    project = Project(folder / "my.task", state=folder / "state")
    project.run()
    return project


def test_rules_stand_in_for_a_model_until_there_is_one(folder: Path) -> None:
    with _begun(folder, "model").looking() as bench:
        items = bench.items(0)
        rows = list(range(len(items)))
        first = suggestions(bench, 0, rows)
        later = suggestions(bench, 1, rows)
        assert {s.version for s in first.values()} == {"colours rules"}
        assert {s.version for s in later.values()} == {"colours round 0"}
        assert len(later) == len(rows) > len(first) > 100
        at = {items.id_of(row): row for row in rows}
        assert at["900"] not in first, "vetoed"
        assert at["901"] not in first, "an unusable class has as much weight"
        bodies = items.table["body"].to_pylist()
        for row, suggested in first.items():
            if bodies[row].split() == ["the", "red", "thing", bodies[row].split()[-1]]:
                assert suggested.labels == ("warm",)
                assert 0.5 < suggested.score < 1


def test_labels_teach_which_rule_to_believe(folder: Path) -> None:
    project = _begun(folder, "rules")
    with project.looking() as bench:
        before, after = rules_at(bench, 0), rules_at(bench, 1)
        assert before is not None
        assert after is not None
        names = [before.votes.names[j] for j in before.model.rules]
        assert "bad" not in names, "no model knows unusable classes"
        liar = names.index("liar")
        assert after.model.accuracy[liar] < before.model.accuracy[liar] - 0.05
        assert after.model.worth[liar] > before.model.worth[liar]
        sent = suggestions(bench, 1, list(range(300)))
        assert {s.version for s in sent.values()} == {"colours rules"}
