from __future__ import annotations

from itertools import pairwise

import pytest

from labelwright.dsl.task import Class
from labelwright.loop.history import Campaign, Measurement
from labelwright.summary import (
    accuracy_targets,
    bill,
    class_names,
    most_confused,
    outcome,
    spent_by_phase,
    verdicts,
)

from .campaign_makers import ACCURACY, RECALL, task_of
from .campaigns import banking, digits, empty, steady


def with_statuses(*statuses: str, decision: str) -> tuple[object, Campaign]:
    case = steady()
    last = case.campaign.rounds[-1]
    verdict = last.measurement.verdicts[0]
    changed = tuple(verdict.model_copy(update={"status": s}) for s in statuses)
    measurement = last.measurement.model_copy(update={"verdicts": changed})
    record = last.model_copy(update={"measurement": measurement})
    campaign = case.campaign.model_copy(update={"rounds": (record,), "decision": decision})
    return case.task, campaign


@pytest.mark.parametrize(
    ("statuses", "decision", "word"),
    [
        (("PASS", "PASS"), "passed", "PASS"),
        (("PASS", "FAIL"), "failed", "FAIL"),
        (("PASS", "FAIL"), "running", "NOT YET KNOWN"),
        (("FAIL", "FAIL"), "waiting", "NOT YET KNOWN"),
        (("PASS", "NOT YET KNOWN"), "spent", "NOT YET KNOWN"),
        (("FAIL", "NOT YET KNOWN"), "spent", "FAIL"),
        ((), "passed", "NO CRITERIA"),
    ],
)
def test_outcome(statuses: tuple[str, ...], decision: str, word: str) -> None:
    task, campaign = with_statuses(*statuses, decision=decision)
    assert outcome(task, campaign) == word  # type: ignore[arg-type]


def test_before_the_first_round_nothing_is_known() -> None:
    case = empty()
    assert {v.status for v in verdicts(case.task, case.campaign)} == {"NOT YET KNOWN"}
    assert len(verdicts(case.task, case.campaign)) == 2
    assert bill(case.task, case.campaign).total == 0


def test_bill_and_phases_add_up() -> None:
    case = digits()
    spent = bill(case.task, case.campaign)
    assert (spent.training, spent.holdout, spent.limit, spent.left) == (200, 300, 600, 100)
    assert spent_by_phase(case.campaign) == {"cold": 20, "main": 180}


def test_most_confused_against_brute_force() -> None:
    now: Measurement = banking().campaign.rounds[-1].measurement
    found = most_confused(now, 10**6)
    wrong = sum(map(sum, now.confusion)) - sum(now.confusion[i][i] for i in range(77))
    assert sum(c.items for c in found) == wrong
    assert all(a.items >= b.items for a, b in pairwise(found))
    ids = [c.id for c in now.classes]
    for c in found:
        assert now.confusion[ids.index(c.true)][ids.index(c.predicted)] == c.items
        assert c.support == sum(now.confusion[ids.index(c.true)])
    assert most_confused(now, 20) == found[:20]


def test_repeated_titles_are_told_apart_by_their_parents() -> None:
    task = task_of(
        "t",
        "t",
        [
            Class(id="Bills", title="Bills"),
            Class(id="Bills.Other", title="Other", parent="Bills"),
            Class(id="Cards", title="Cards"),
            Class(id="Cards.Other", title="Other", parent="Cards"),
        ],
    )
    names = class_names(task)
    assert names["Bills"] == "Bills"
    assert names["Cards.Other"] == "Cards › Other"


def test_targets_are_plain_accuracy_only() -> None:
    on_slice = ACCURACY.model_copy(update={"on": "short"})
    task = task_of("t", "t", [Class(id="a", title="a")], criteria=(ACCURACY, RECALL, on_slice))
    assert [t.value for t in accuracy_targets(task)] == [0.9]
