"""Holdouts drawn in stages where answers are several, or marks: with overlap, slices and parents."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright import Project

from . import several_made, test_spans_run

pytestmark = pytest.mark.slow


def test_several_classes_an_item_by_two_people_each(tmp_path: Path) -> None:
    several_made.write(tmp_path, n=900)
    path = several_made.task(tmp_path, error="3%", overlap=2, annotations=450)
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(
            "holdout { annotations = 150 }",
            "holdout {\n  annotations = 150\n  measure = active\n}",
        ),
        encoding="utf-8",
    )
    project = Project(path, state=tmp_path / "state", data_root=tmp_path)
    project.run()
    campaign = project.campaign()
    last = campaign.rounds[-1]
    stages = [r.holdout_stage for r in campaign.rounds if r.holdout_stage]
    assert sum(s.drawn for s in stages) == 75
    assert last.holdout_annotations == 150
    now = last.measurement
    assert now.kind == "many"
    assert now.micro_f1 is not None
    assert now.micro_f1.method == now.accuracy.method == "weighted"
    assert len(now.verdicts) == 8
    assert all(v.estimate is not None for v in now.verdicts)
    assert now.micro_f1.low is not None
    assert now.micro_f1.high is not None
    assert now.true_accuracy is not None
    assert now.micro_f1.low - 0.05 <= now.true_accuracy <= now.micro_f1.high + 0.05


def test_marks_in_texts(tmp_path: Path) -> None:
    test_spans_run.write_items(tmp_path, n=500)
    text = test_spans_run.TASK.format(query=test_spans_run.QUERY, annotations=160)
    path = tmp_path / "names.task"
    path.write_text(
        text.replace("annotations = 40\n}", "annotations = 80\n  measure = active\n}").replace(
            "micro_f1         >= 0.6", "micro_f1         >= 0.999"
        ),
        encoding="utf-8",
    )
    project = Project(path, state=tmp_path / "state", data_root=tmp_path)
    project.run()
    campaign = project.campaign()
    stages = [r.holdout_stage for r in campaign.rounds if r.holdout_stage]
    assert stages[0].drawn == 40
    assert sum(s.drawn for s in stages) == campaign.rounds[-1].measurement.holdout_labels <= 80
    assert len(stages) > 1
    last = campaign.rounds[-1].measurement
    assert last.kind == "spans"
    assert last.micro_f1 is not None
    assert last.micro_f1.method == "weighted"
    assert last.micro_f1.low is not None
    assert last.micro_f1.high is not None
    assert last.true_accuracy is not None
    assert last.micro_f1.low - 0.02 <= last.true_accuracy <= last.micro_f1.high + 0.02
