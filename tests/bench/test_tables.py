"""The bench of tables: each learner reads what it reads, and learns from the labels it was given."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

DATA = os.environ.get("LABELWRIGHT_DATA")


@pytest.mark.slow
def test_every_learner_learns_from_few_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if DATA is None or not (Path(DATA) / "adult" / "data.parquet").exists():
        pytest.skip("needs the public data set adult/data.parquet under LABELWRIGHT_DATA")
    import tables

    monkeypatch.setenv("LABELWRIGHT_DATA", DATA)
    adult = tables.Adult(tmp_path)
    assert not set(adult.train) & set(adult.test)
    most = max(np.bincount(adult.y[adult.test].astype(int))) / len(adult.test)
    for learner in tables.LEARNERS:
        told = adult.score(learner, 400, 0)
        assert told["accuracy"] > most + 0.03
        assert told["macro_f1"] > 0.65
        assert adult.score(learner, 400, 0) | {"seconds": 0} == told | {"seconds": 0}
