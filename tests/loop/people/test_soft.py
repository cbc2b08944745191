"""Shares of people's answers as what a model learns: robust where a fifth of the answers is wrong."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from labelwright import Project
from labelwright.loop.learn.head import head
from labelwright.loop.people.majority import majority
from labelwright.loop.people.soft import soft

ANSWERS = [("1", "x", "A"), ("1", "y", "B"), ("1", "z", "B"), ("2", "x", "A")]

TASK = """
task digits "Digits" {{}}
{classes}
data {{ source = bundled(digits) }}
holdout {{ annotations = 60 }}
annotators {{
  from    = simulate(column = label, people = 3, error = 20%)
  overlap = 3
  resolve = {resolve}
}}
budget {{
  annotations = 420
  per_round   = 120 items
}}
query {{ phase all {{ strategy = random }} }}
"""


def test_the_label_is_that_of_the_majority_and_the_shares_teach() -> None:
    found, plain = soft(ANSWERS, ["A", "B"]), majority(ANSWERS, ["A", "B"])
    assert {i: r.label for i, r in found.items()} == {i: r.label for i, r in plain.items()}
    assert found["1"].probability == {"A": 1 / 3, "B": 2 / 3}
    assert all(r.teaches for r in found.values())
    assert not any(r.teaches for r in plain.values())


def test_with_a_fifth_of_the_answers_wrong_three_people_teach_more_than_one(tmp_path: Path) -> None:
    path = tmp_path / "digits.task"
    classes = "\n".join(f"class {n}" for n in range(10))
    path.write_text(TASK.format(classes=classes, resolve="soft"), encoding="utf-8")
    project = Project(path, state=tmp_path / "state")
    project.run()
    with project.looking() as bench:
        training, _ = bench.labels(0, bench.needed(0, "collect")["watermark"])
        targets = bench.targets(training)
        ids = bench.items(0).ids
        answers = defaultdict(list)
        for event in bench.events():
            answers[event.item].append(event.labels[0])
        for row, told in zip(training.rows[:20], targets, strict=False):
            given = answers[ids[int(row)]]
            assert len(given) == 3
            shares = {c.id: given.count(c.id) / 3 for c in bench.task.labels}
            assert told.tolist() == list(shares.values())
        assert 0.05 < (targets.max(axis=1) < 1).mean() < 0.8
        X = np.asarray(bench.features(0))
        known = bench.annotators.truth(ids)  # type: ignore[attr-defined]
        truth = np.array([int(known[item]) for item in ids])
        one = np.eye(10)[[int(answers[ids[int(row)]][0]) for row in training.rows]]
        test = np.setdiff1d(np.arange(len(X)), training.rows)
        fit = head(random_state=0).fit
        right = [
            float(
                (
                    fit(X[training.rows], T).predict_proba(X[test]).argmax(axis=1) == truth[test]
                ).mean()
            )
            for T in (targets, one)
        ]
        assert right[0] > right[1] + 0.03
        np.testing.assert_array_equal(
            bench.supervised(0).predict_proba(X[:50]),
            head(random_state=bench.learner(0).random_state)  # type: ignore[attr-defined]
            .fit(X[training.rows], targets)
            .predict_proba(X[:50]),
        )
