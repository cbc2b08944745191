"""Spans through the whole loop: asked, learned, measured, suggested, reported, exported."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from labelwright import Project
from labelwright.loop.suggesting import suggestions
from labelwright.loop.supported import unsupported

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LABELWRIGHT_DATA") or ROOT.parent / "shared" / "data")

TASK = """
task names "Names" {{
  kind = spans
}}
class Person {{ describe = "People." }}
class Place {{ describe = "Places, 서울 in 서울에서." }}
data {{
  source = jsonl("names.jsonl")
  id     = id
  text   = body
}}
holdout {{
  size        = 25%
  annotations = 40
}}
annotators {{
  from        = simulate(column = marks, people = 2, error = 0%)
  suggestions = model
}}
budget {{
  annotations = {annotations}
  per_round   = 20 items
}}
query {{ {query} }}
train {{
  encoder  = tfidf(16)
  finetune = head
}}
accept {{
  micro_f1         >= 0.6
  f1 of Person     >= 0.5
  recall of Place  >= 0.5
  labels           >= 40
}}
"""
QUERY = """
  phase cold until labels >= 40 { strategy = auto }
  phase low { strategy = mix(token_log_probability, random(25%)) }
"""

LEADS = (("Mr ", "Person", "", ("Kim", "Lee", "Otto", "Ada", "Bo", "Zoe")),
         ("in ", "Place", "", ("Rome", "New York", "Oslo", "Ghent")),
         ("지금 ", "Place", "에서", ("서울", "부산", "제주", "인천")),
         ("we like ", "", "", ("tea", "bread", "rain", "this")))  # fmt: skip


def write_items(folder: Path, n: int = 260) -> None:
    """Texts in which names follow certain words; no two are the same."""
    rng = np.random.default_rng(0)
    with (folder / "names.jsonl").open("w", encoding="utf-8") as file:
        for number in range(n):
            text, marks = f"no {number} : ", []
            for kind in rng.permutation(4)[: rng.integers(1, 4)]:
                lead, label, tail, names = LEADS[kind]
                name = str(rng.choice(names))
                text += lead
                if label:
                    marks.append({"start": len(text), "end": len(text) + len(name), "label": label})
                text += f"{name}{tail} , "
            line = {"id": f"t{number}", "body": text, "marks": marks}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def project(folder: Path, query: str = QUERY, annotations: int = 100) -> Project:
    """The made task in a folder of its own."""
    write_items(folder)
    path = folder / "names.task"
    path.write_text(TASK.format(query=query, annotations=annotations), encoding="utf-8")
    return Project(path, state=folder / "state", data_root=folder)


def test_spans_run_the_whole_loop(tmp_path: Path) -> None:
    made = project(tmp_path)
    decision = made.run()
    told = made.campaign()
    assert decision.ending in ("passed", "spent")
    f1s = [r.measurement.micro_f1.estimate for r in told.rounds if r.measurement.micro_f1]
    assert len(f1s) == len(told.rounds)
    last = told.rounds[-1].measurement
    assert last.kind == "spans"
    assert last.micro_f1 is not None
    assert last.micro_f1.estimate is not None
    assert last.micro_f1.estimate > 0.8
    assert last.micro_f1.low is not None
    assert last.micro_f1.low <= last.micro_f1.estimate <= last.micro_f1.high  # type: ignore[operator]
    assert last.true_accuracy is not None
    assert last.true_accuracy > 0.8
    assert {v.status for v in last.verdicts} == {"PASS"}
    report = made.report().read_text(encoding="utf-8")
    assert "<mark>" in report
    assert "token by token" in report
    rows = [
        json.loads(line)
        for line in made.export(tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    for row in rows:
        for mark in row["label"]:
            assert row["body"][mark["start"] : mark["end"]] == mark["text"]
    assert {m["text"] for row in rows for m in row["label"]} >= {"서울", "Kim"}


def test_suggestions_are_marks_of_the_model_of_the_round_before(tmp_path: Path) -> None:
    made = project(tmp_path, annotations=80)
    made.run()
    with made.looking() as bench:
        assert suggestions(bench, 0, [0, 1]) == {}
        found = suggestions(bench, 1, list(range(20)))
        texts = bench.items(1).table["body"].to_pylist()
        assert len(found) == 20
        for row, suggestion in found.items():
            assert len(suggestion.spans) == len(suggestion.labels)
            for span in suggestion.spans:
                assert texts[row][span.start : span.end] == span.text
        assert any(suggestion.spans for suggestion in found.values())


@pytest.mark.parametrize(
    "strategy", ["random", "k_means", "token_log_probability(measure = total_entropy)"]
)
def test_strategies_for_spans(strategy: str, tmp_path: Path) -> None:
    query = f"phase cold until labels >= 20 {{ strategy = auto }}\n phase main {{ strategy = {strategy} }}"
    made = project(tmp_path, query, annotations=80)
    made.run()
    assert len(made.campaign().rounds) == 2


def test_what_asks_for_classes_of_whole_items_is_told_before_anybody_is_asked(
    tmp_path: Path,
) -> None:
    query = "phase main { strategy = mix(margin, random) }"
    told = unsupported(project(tmp_path, query).task)
    assert told == [
        "query strategy margin for spans (auto, token_log_probability, k_means and random can)"
    ]


@pytest.mark.slow
def test_wnut17_learns_more_with_more_labels(tmp_path: Path) -> None:
    if not (DATA / "wnut17" / "data.parquet").exists():
        pytest.skip("needs the public data set wnut17/data.parquet under LABELWRIGHT_DATA")
    made = Project(ROOT / "tasks" / "wnut17.task", state=tmp_path, data_root=DATA)
    made.run()
    rounds = made.campaign().rounds
    first, last = rounds[0].measurement.true_accuracy, rounds[-1].measurement.true_accuracy
    assert first is not None
    assert last is not None
    assert last > 0.33
    assert last > first
