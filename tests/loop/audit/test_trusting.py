"""How far existing labels are trusted: weights, what people's answers teach, whose word stands."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import minimize

from labelwright.dsl.task import ExistingLabels, Task
from labelwright.loop.audit.doubting import doubted
from labelwright.loop.store import Event
from labelwright.loop.trusting import informed, overruled, recalibrated, trust
from tests.small import small_task


def test_a_weight_is_what_a_label_tells() -> None:
    right = np.array([1.0, 0.9, 0.5, 0.25, 0.1])
    np.testing.assert_allclose(informed(right, 2), [1.0, 0.8, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(informed(right, 4), [1.0, 1 - 4 * 0.1 / 3, 1 / 3, 0.0, 0.0])


def test_nothing_looked_at_changes_nothing() -> None:
    p = np.array([0.9, 0.5, 0.02])
    nothing = np.empty(0, dtype=np.int64)
    np.testing.assert_allclose(recalibrated(p, nothing, nothing.astype(bool)), p, atol=1e-9)


def test_what_people_found_is_the_mode_of_the_posterior() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.05, 0.99, 300)
    logit = np.log(p / (1 - p))
    looked = rng.permutation(300)[:80]
    right = rng.random(80) < 1 / (1 + np.exp(-(0.5 + 0.6 * logit[looked])))

    def loss(at: np.ndarray) -> float:
        z = at[0] + at[1] * logit[looked]
        return float(
            np.logaddexp(0, np.where(right, -z, z)).sum() + at[0] ** 2 / 2 + (at[1] - 1) ** 2 / 0.5
        )

    best = minimize(loss, np.array([0.0, 1.0]), method="Nelder-Mead", tol=1e-9).x
    wanted = 1 / (1 + np.exp(-(best[0] + best[1] * logit)))
    np.testing.assert_allclose(recalibrated(p, looked, right), wanted, atol=1e-4)


def test_only_the_random_part_tells_the_share() -> None:
    rows = np.array([3, 5, 8, 9])
    given = np.array([0, 1, 0, 1])
    found = {3: True, 5: False, 8: False}
    told = trust(rows, given, np.full(4, 0.8), found, frozenset({3, 5}), 2)
    assert (told.accuracy.wrong, told.accuracy.of) == (1, 2)
    assert {k: (c.wrong, c.of) for k, c in told.per_class.items()} == {0: (0, 1), 1: (1, 1)}
    assert (told.suspects.wrong, told.suspects.of) == (1, 1)
    assert told.right.max() < 0.8  # two of three were wrong


def event(source: str, label: str, *, skipped: bool = False) -> Event:
    labels = () if skipped else (label,)
    return Event("answer", source + label, "i", "c", source, source, "train", 0, labels, skipped,
                 None, "d")  # fmt: skip


@pytest.mark.parametrize("trusted", ["noisy", "people", "verified"])
def test_a_persons_word_stands(trusted: str) -> None:
    block = ExistingLabels(label="old", trust=trusted)  # type: ignore[arg-type]
    task: Task = small_task().model_copy(update={"existing_labels": block})
    old, new = event("existing", "A"), event("person", "B")
    assert overruled(task, [old]) == [old]
    assert overruled(task, [old, new]) == ([old, new] if trusted == "people" else [new])
    passed = event("person", "", skipped=True)
    assert overruled(task, [old, passed]) == [old, passed]


def test_copies_with_different_labels_are_doubted_together() -> None:
    task = small_task()
    contents = np.zeros((3, 16), dtype=np.uint8)
    contents[2] = 1
    probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]])
    table = pa.table({"text": ["a", "a", "b"]})
    found = doubted(task, table, contents, np.array([0, 1, 0]), probs)
    np.testing.assert_allclose(found[0], found[1])
    assert found[1, 0] > probs[1, 0]  # what the copy looks like speaks against it
    np.testing.assert_array_equal(found[2], probs[2])
    np.testing.assert_array_equal(doubted(task, table, contents, np.array([0, 0, 0]), probs), probs)
