"""The bench of pretraining: its verdicts, and which rows teach and which measure."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pretraining
import pytest
from pretraining import Done, Run

DATA = os.environ.get("LABELWRIGHT_DATA")


def done(*accuracies: float) -> list[Done]:
    return [Done(accuracy, 1.0, 2.0) for accuracy in accuracies]


def test_a_pretraining_is_held_against_the_better_baseline() -> None:
    found = {
        "scratch 420": done(0.5, 0.5),
        "scratch 1050": done(0.6, 0.62),
        "contrastive full": done(0.65, 0.69),
        "contrastive head": done(0.6, 0.6),
        "masked full": done(0.6, 0.61),
    }
    contrast, masked = pretraining.verdicts(found)
    assert contrast[0]
    assert contrast[1].startswith("contrastive full +6.0 ± 1.0 points over scratch 1050")
    assert not masked[0]
    found["masked full"] = done(0.61, 0.62)
    assert [met for met, _ in pretraining.verdicts(found)] == [True, True]
    found["contrastive full"] = done(0.64, 0.68)
    assert "+5.0" in pretraining.verdicts(found)[0][1]
    assert "| contrastive full | 0.6600 ± 0.0200 | 1 | 2 |" in pretraining.table(found)


def test_only_pretraining_is_only_told() -> None:
    assert pretraining.verdicts({"contrastive full": done(0.7)}) == []


def test_labels_come_from_the_pool_and_what_measures_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if DATA is None or not (Path(DATA) / "fashion_mnist" / "fashion_mnist.npz").exists():
        pytest.skip("needs the public data set fashion_mnist.npz under LABELWRIGHT_DATA")
    monkeypatch.setenv("LABELWRIGHT_DATA", DATA)
    for validation, measured in ((False, 5_000), (True, 2_000)):
        run = Run("scratch 420", 0, validation=validation)
        X, y, pool, labelled, held = pretraining._rows(run)
        assert set(labelled) <= set(pool)
        assert not set(held) & set(pool)
        assert np.bincount(y[labelled]).tolist() == [10] * 10
        assert (len(held), len(pool), len(X)) == (measured, 16_000, 25_000)
        assert (held >= 20_000).all() != validation
