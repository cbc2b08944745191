"""A holdout drawn in stages, in whole campaigns: what is stored, what it comes to, what chance decides."""

from __future__ import annotations

import json
import signal
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright import Project
from labelwright.exporting import curve_json
from labelwright.loop.alarms import alarms
from labelwright.loop.holdout_answers import Answers, answers
from labelwright.loop.measure.designs import doubt
from labelwright.loop.measure.estimators import label_weights, stage_weights
from labelwright.terminal import RoundTable, status_view

from .test_resume import run

TASK = """
task small "Digits" {{}}
{classes}
data {{ source = bundled(digits) }}
holdout {{
  size = 30%
  annotations = {held}
  measure = {measure}
}}
annotators {{ from = simulate(column = label, people = 3, error = 4%) }}
budget {{
  annotations = {all}
  per_round = 30 items
}}
accept {{ accuracy >= 99.9% }}
"""


def written(folder: Path, measure: str, *, held: int = 120, training: int = 90) -> Path:
    classes = "\n".join(f"class {n} {{}}" for n in range(10))
    path = folder / "small.task"
    path.write_text(
        TASK.format(measure=measure, held=held, all=held + training, classes=classes),
        encoding="utf-8",
    )
    return path


def outcomes(state: Path) -> list[dict[str, Any]]:
    """What each round's choosing remembers."""
    with sqlite3.connect(state / "small" / "state.db") as db:
        rows = db.execute("SELECT outcome FROM step WHERE name = 'choose' ORDER BY round")
        return [json.loads(text) for (text,) in rows]


def drawn(state: Path) -> list[tuple[int, str, float]]:
    """(round, item, probability) of the holdout's choices."""
    with sqlite3.connect(state / "small" / "state.db") as db:
        return db.execute(
            "SELECT round, item, probability FROM choice WHERE purpose = 'holdout'"
        ).fetchall()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished campaign whose holdout is drawn actively."""
    folder = tmp_path_factory.mktemp("active")
    Project(written(folder, "active", training=60), state=folder / "state").run()
    return folder / "state"


def test_a_campaign_draws_its_holdout_in_stages(state: Path) -> None:
    check(Project(state.parent / "small.task", state=state), state, "active")


@pytest.mark.slow
def test_a_campaign_draws_its_holdout_by_strata(tmp_path: Path) -> None:
    project = Project(written(tmp_path, "stratified"), state=tmp_path / "state")
    project.run()
    check(project, tmp_path / "state", "stratified")


def check(project: Project, state: Path, measure: str) -> None:
    """Every holdout item once, with the probability that its stage says; the record says the same."""
    campaign = project.campaign()
    stages: list[Any] = [told.get("holdout_stage") for told in outcomes(state)]
    choices = drawn(state)
    assert len(choices) == len({item for _, item, _ in choices}) == 120
    assert stages[0]["design"] == "uniform"
    assert stages[0]["drawn"] == 40
    assert measure in [s["design"] for s in stages if s]
    left = campaign.holdout
    for k, stage in enumerate(stages):
        mine = [p for r, _, p in choices if r == k]
        if stage is None:
            assert not mine
            continue
        assert stage["frame"] == left
        assert stage["drawn"] == len(mine)
        assert all(stage["least"] <= p <= stage["most"] for p in mine)
        assert min(mine) >= 0.2 * len(mine) / left - 1e-9
        left -= len(mine)
    records = [r.holdout_stage for r in campaign.rounds]
    assert [r.drawn if r else 0 for r in records] == [s["drawn"] if s else 0 for s in stages]
    last = campaign.rounds[-1].measurement
    assert last.holdout_labels == 120
    assert last.accuracy.method == "weighted"
    assert sum(map(sum, last.confusion)) == pytest.approx(120, abs=10)
    low, high = last.accuracy.low, last.accuracy.high
    assert low is not None
    assert high is not None
    assert low - 0.03 <= (last.true_accuracy or 0) <= high + 0.03  # labels err, truth does not
    assert "holdout items drawn: " in status_view(project.task, campaign)
    assert curve_json(campaign)["rounds"][0]["holdout_stage"]["design"] == "uniform"


def test_what_was_measured_can_be_made_again_from_the_store(state: Path) -> None:
    """The weighted share of each class among the holdout's labels, from choices and answers alone."""
    project = Project(state.parent / "small.task", state=state)
    told = {k: t["holdout_stage"] for k, t in enumerate(outcomes(state))
            if t.get("holdout_stage")}  # fmt: skip
    choices, order = drawn(state), list(told)
    w = stage_weights([told[k]["frame"] for k in order], [told[k]["drawn"] for k in order])
    stage = np.array([order.index(r) for r, _, _ in choices])
    v, _ = label_weights(stage, np.array([p for *_, p in choices]), w)
    assert v.sum() == pytest.approx(project.campaign().holdout, rel=0.1)
    with sqlite3.connect(state / "small" / "state.db") as db:
        given = {
            i: json.loads(t) for i, t in db.execute("SELECT item, labels FROM annotation_event")
        }
    labels = [given[item][0] for _, item, _ in choices]
    now = project.campaign().rounds[-1].measurement
    for each, row in zip(now.classes, now.confusion, strict=True):
        share = v[[label == each.id for label in labels]].sum() / v.sum()
        assert sum(row) == pytest.approx(share * len(v), abs=3)


def test_confidences_that_know_nothing_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_answers = answers

    def shuffled(*given: Any) -> Answers:
        told = true_answers(*given)
        sure = np.random.default_rng(0).permutation(np.linspace(0.3, 0.999, len(told.rows)))
        return replace(told, sure=sure, unsure=doubt(sure))

    monkeypatch.setattr("labelwright.loop.holdout_sample.answers", shuffled)
    project = Project(written(tmp_path, "active", training=60), state=tmp_path / "state")
    project.run()
    campaign = project.campaign()
    later = [r for r in campaign.rounds[1:] if r.holdout_stage]
    assert later
    assert {r.holdout_stage.design for r in later if r.holdout_stage} == {"uniform"}
    words = "do not tell where it errs"
    assert any(words in told for r in later for told in alarms(r))
    assert words in status_view(project.task, campaign)
    table = RoundTable()
    assert any(words in table.lines(r) for r in campaign.rounds)
    # All its stages are uniform: every label stands for as many items.
    v = {p for _, _, p in drawn(tmp_path / "state")}
    assert len(v) == len(later) + 1


@pytest.mark.slow
def test_killed_anywhere_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    task = written(tmp_path, "active")
    Project(task, state=tmp_path / "whole").run()
    for moment in (3, 31, 12):
        assert run(task, tmp_path / "killed", moment) == -signal.SIGKILL
    Project(task, state=tmp_path / "killed").run()
    assert drawn(tmp_path / "killed") == drawn(tmp_path / "whole")
    one, two = (
        curve_json(Project(task, state=tmp_path / name).campaign()) for name in ("whole", "killed")
    )
    assert one == two


@pytest.mark.slow
def test_more_holdout_annotations_and_another_way_to_measure_go_on_from_what_was_drawn(
    tmp_path: Path,
) -> None:
    """Uniform at first, then active with more annotations: the first sample is a uniform stage."""
    state = tmp_path / "state"
    task = written(tmp_path, "uniform", held=50, training=60)
    Project(task, state=state).run()
    first = {item for _, item, _ in drawn(state)}
    assert len(first) == 50
    task = written(tmp_path, "active", held=120, training=120)
    project = Project(task, state=state)
    project.run()
    choices = drawn(state)
    assert len({item for _, item, _ in choices}) == 120
    assert {item for r, item, _ in choices if r == 0} == first
    stages = [told.get("holdout_stage") for told in outcomes(state)]
    later = [s for s in stages if s]
    assert later[0]["frame"] == project.campaign().holdout - 50
    assert "active" in {s["design"] for s in later}
    assert project.campaign().rounds[-1].measurement.holdout_labels == 120
