"""The whole audit: what was planted is found, what is sound is left alone, whatever else speaks is heard."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelwright.loop.audit.audit import Audited, audit
from labelwright.loop.audit.contradictions import Against
from labelwright.loop.errors import DataError

from .planted import blobs, labelled, turned


def name(row: int) -> str:
    return f"item {row}"


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray, Audited]:
    X, truth = blobs(apart=5.0)
    given = turned(truth, 0.1)
    return truth, given, audit(labelled(X, given), name, 0)


def test_what_was_planted_leads_the_queue(
    planted: tuple[np.ndarray, np.ndarray, Audited],
) -> None:
    truth, given, found = planted
    first = [s.row for s in found.suspects[:30]]
    assert (truth[first] != given[first]).mean() >= 0.9
    right = [s for s in found.suspects[:30] if truth[s.row] != given[s.row]]
    assert np.mean([s.suggested == truth[s.row] for s in right]) >= 0.9
    assert all(s.flagged and s.probability > 0.5 for s in right)
    assert "models that did not see this label say" in found.suspects[0].reason


def test_the_share_and_the_pairs(planted: tuple[np.ndarray, np.ndarray, Audited]) -> None:
    truth, given, found = planted
    assert found.bounds.known
    assert found.bounds.low <= (truth != given).mean() <= found.bounds.high
    pairs = {(p.given, p.suggested): p.items for p in found.pairs}
    for pair in ((0, 1), (1, 2), (2, 0)):
        there = int(((given == pair[0]) & (truth == pair[1])).sum())
        assert abs(pairs.get(pair, 0) - there) <= 3


def test_clean_labels_are_left_alone() -> None:
    X, truth = blobs(apart=5.0, seed=3)
    found = audit(labelled(X, truth), name, 0)
    assert sum(s.flagged for s in found.suspects) <= 6
    assert found.bounds.low < 0.02


def test_the_same_arguments_give_the_same_queue() -> None:
    X, truth = blobs(n=120)
    items = labelled(X, turned(truth, 0.2))
    assert audit(items, name, 4).suspects == audit(items, name, 4).suspects


def test_copies_with_different_labels_come_first() -> None:
    X, truth = blobs(apart=5.0)
    given = turned(truth, 0.1)
    X[7], given[7], given[3] = X[3], (truth[3] + 1) % 3, truth[3]
    same = np.arange(len(given))
    same[7] = 3
    found = audit(labelled(X, given, same=same), name, 0)
    assert {s.row for s in found.suspects[:2]} == {3, 7}
    assert found.copies == 1
    assert {s.kind for s in found.suspects[:2]} == {"copy"}
    wrong = next(s for s in found.suspects if s.row == 7)
    assert wrong.suggested == truth[3]
    assert wrong.reason == f"the same as item 3, which is labelled {'abc'[given[3]]}"
    assert found.wrong[7] > 0.8 > 0.3 > found.wrong[3]


def test_a_forbidden_label_is_wrong_for_certain() -> None:
    X, truth = blobs(apart=5.0)
    found = audit(
        labelled(X, truth, broken={11: "names a and b, which exclude each other"}), name, 0
    )
    assert found.suspects[0].row == 11
    assert found.suspects[0].reason == "it names a and b, which exclude each other"
    assert found.wrong[11] == 1.0
    assert found.scores.argmax() == 11


def test_a_strong_rule_raises_a_doubt() -> None:
    X, truth = blobs(apart=1.5)
    given = truth.copy()
    items = labelled(X, given)
    before = audit(items, name, 0)
    within = np.array([False, True, False])
    row = int(np.flatnonzero(given == 0)[0])
    after = audit(replace(items, rules=[Against(row, "goals", 0.95, within)]), name, 0)
    assert after.wrong[row] > before.wrong[row]
    told = next(s for s in after.suspects if s.row == row)
    assert told.reason == "rule goals, right 95% of the time, says b"


@pytest.mark.parametrize("n", [0, 10])
def test_too_little_to_compare_is_refused(n: int) -> None:
    X, truth = blobs(n=40)
    given = np.zeros(40, dtype=int) if n == 0 else truth
    rows = slice(None) if n == 0 else slice(n)
    with pytest.raises(DataError):
        audit(labelled(X[rows], given[rows]), name, 0)


def test_weak_models_say_nothing_of_the_share() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 6)).astype(np.float32)
    found = audit(labelled(X, rng.integers(0, 3, 150)), name, 0)
    assert not found.bounds.known
