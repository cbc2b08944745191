"""Inputs of unlabelled items are read as far as a method takes them, and it learns the same of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright import Project
from labelwright.connectors.encode.resnet import ResNet
from labelwright.loop.lazy_rows import LazyRows
from labelwright.loop.unlabelled import trying
from labelwright.loop.workbench import Workbench

from .small_networks import made, moons


class Watched:
    """Rows of an array, and how many were read each time."""

    def __init__(self, X: np.ndarray) -> None:
        self.X, self.read = X, list[int]()

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        self.read.append(len(rows))
        return self.X[rows]


X = np.random.default_rng(0).integers(0, 255, size=(40, 3, 2)).astype(np.uint8)


@pytest.mark.parametrize(
    "which",
    [
        slice(None),
        slice(5, 9),
        slice(30, 99),
        slice(4, 4),
        np.array([7, 3, 3, 39]),
        np.array([], dtype=np.int64),
        [2, -1],
        np.arange(40) % 3 == 0,
    ],
)
def test_they_are_the_rows_of_the_array(which: Any) -> None:
    lazy = LazyRows(Watched(X), len(X))
    np.testing.assert_array_equal(lazy[which], X[which])
    np.testing.assert_array_equal(lazy[which], X[which])
    assert lazy[which].dtype == X.dtype


def test_they_are_described_as_the_array_is_from_one_row_at_most() -> None:
    for n in (40, 0):
        watched = Watched(X[:n])
        lazy = LazyRows(watched, n)
        told: Any = (lazy.shape, lazy.ndim, lazy.dtype, len(lazy))
        assert told == (X[:n].shape, 3, X.dtype, n)
        assert max(watched.read) <= 1


def test_all_are_read_where_somebody_wants_an_array() -> None:
    lazy = LazyRows(Watched(X), len(X))
    np.testing.assert_array_equal(np.asarray(lazy), X)
    np.testing.assert_array_equal(np.concatenate([lazy, X]), np.concatenate([X, X]))
    assert np.asarray(lazy, dtype=np.float32).dtype == np.float32


def test_the_rows_taken_last_are_read_once() -> None:
    watched = Watched(X)
    lazy = LazyRows(watched, len(X))
    for _ in range(3):
        lazy[np.array([1, 5])]
    assert watched.read == [2]


def test_what_is_no_list_of_rows_is_refused() -> None:
    with pytest.raises((TypeError, AttributeError, IndexError)):
        LazyRows(Watched(X), len(X))[0, 1]


@pytest.mark.parametrize(
    "method", ["fixmatch(steps = 4, ratio = 1)", "ensemble(members = 2, rows = 50)"]
)
def test_a_network_learns_the_same_and_only_what_is_drawn_is_read(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "MOST_ROWS", 50)
    labelled, y = moons(30, seed=0)
    U, _ = moons(400, seed=1)
    watched = Watched(U.astype(np.float32))
    lazy: Any = LazyRows(watched, len(U))
    a, b = (
        made(method, tmp_path, labelled.astype(np.float32), y, some, more="epochs = 2")
        for some in (watched.X, lazy)
    )
    assert sum(watched.read) <= 50 + 1, "the one tells the shape"
    np.testing.assert_array_equal(a.rows, b.rows)
    assert (a.gate, a.why) == (b.gate, b.why)
    np.testing.assert_array_equal(a.model.predict_proba(U), b.model.predict_proba(U))


TASK = """
task digits "Digits" {{}}
{classes}
data {{ source = bundled(digits) }}
holdout {{ annotations = 60 }}
annotators {{ from = simulate(column = label) }}
budget {{
  annotations = 90
  per_round   = 30 items
}}
query {{ phase all {{ strategy = random }} }}
pseudo_labels {{ method = fixmatch(steps = 2, ratio = 1) }}
train {{
  encoder  = resnet(width = 8)
  finetune = scratch
  epochs   = 1
}}
"""


def test_a_round_reads_no_more_pictures_than_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    inputs, write = ResNet.inputs, Workbench.write_pseudo

    def watched(self: Any, items: Any) -> np.ndarray:
        read.append(len(items))
        return inputs(self, items)

    def write_watched(self: Workbench, round_: int) -> Any:
        read.clear()
        made = write(self, round_)
        assert 0 < sum(read) <= 30 + 70 + 1, "labels, what is drawn, and one that tells the shape"
        return made

    monkeypatch.setattr(trying, "MOST_ROWS", 70)
    monkeypatch.setattr(ResNet, "inputs", watched)
    monkeypatch.setattr(Workbench, "write_pseudo", write_watched)
    path = tmp_path / "digits.task"
    classes = "\n".join(f"class {n}" for n in range(10))
    path.write_text(TASK.format(classes=classes), encoding="utf-8")
    project = Project(path, state=tmp_path / "state")
    project.run()
    (record,) = project.rounds_so_far()
    assert "in 3 folds" in record.gate_why
    assert read
