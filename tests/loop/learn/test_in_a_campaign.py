"""A method that learns from unlabelled items, in a campaign: what it learned is kept, and comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labelwright import Project
from labelwright.loop.learn.graph import Smoothed

TASK = """
task digits "Digits" {{}}
{classes}
data {{ source = bundled(digits) }}
holdout {{ annotations = 100 }}
annotators {{ from = simulate(column = label) }}
budget {{
  annotations = 160
  per_round   = 60 items
}}
query {{ phase all {{ strategy = random }} }}
pseudo_labels {{ method = {method} }}
"""


@pytest.mark.parametrize("method", ["infomax(features = graph)", "propagate"])
def test_it_opens_on_digits_and_the_model_comes_back_from_its_file(
    tmp_path: Path, method: str
) -> None:
    path = tmp_path / "digits.task"
    classes = "\n".join(f"class {n}" for n in range(10))
    path.write_text(TASK.format(classes=classes, method=method), encoding="utf-8")
    project = Project(path, state=tmp_path / "state")
    project.run()
    (record,) = project.rounds_so_far()
    assert record.gate == "open", record.gate_why
    assert record.pseudo_labels > 1_000
    with project.looking() as bench:
        model = bench.final(0)
        assert isinstance(model, Smoothed) == ("graph" in method)
        X = np.asarray(bench.features(0)[:50])
        before = model.predict_proba(X)
        held = bench.split(0)
        assert np.isfinite(before).all()
    with project.looking() as again:
        np.testing.assert_array_equal(again.final(0).predict_proba(X), before)
        np.testing.assert_array_equal(again.split(0), held)
