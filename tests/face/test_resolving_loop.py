"""Resolving in a campaign: a model beside people on the pool, people alone on the holdout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labelwright import Project
from labelwright.loop import assisted
from labelwright.loop.labels import in_force, resolve
from labelwright.loop.people.majority import majority
from labelwright.loop.split import HOLDOUT, POOL

from .test_second_opinions import begin


def _twice(folder: Path, resolve: str = "") -> Project:
    path = begin(folder)
    text = path.read_text(encoding="utf-8")
    text = text.replace("error = 30%) }", f"error = 30%)\n overlap = 2{resolve} }}")
    path.write_text(text.replace(" second_opinions = auto\n", "\n"), encoding="utf-8")
    return Project(path)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = _twice(tmp_path_factory.mktemp("resolving"))
    project.run()
    return project


def _last(project: Project) -> tuple[int, int]:
    with project.looking() as bench:
        last = len(bench.store.outcomes("resolve")) - 1
        return last, int(bench.needed(last, "collect")["watermark"])


def test_the_holdout_is_resolved_by_the_majority_and_no_model_is_asked(ran: Project) -> None:
    last, watermark = _last(ran)
    with ran.looking() as bench:
        split, items = bench.split(last), bench.items(last)
        _, held = bench.labels(last, watermark)
        judged = in_force(bench.events(watermark), items, bench.translation)
        said = [(e.item, e.annotator, e.labels[0]) for r, e in judged
                if split[r] == HOLDOUT and e.labels]  # fmt: skip
        voted = majority(said, [c.id for c in bench.task.choices])
        found = {items.id_of(int(r)): a[0] for r, a in zip(held.rows, held.answers, strict=True)}
        assert found == {item: r.label for item, r in voted.items()}
        asked = assisted.predictions(bench, last, judged)
        assert asked is not None
        assert all(split[items.rows_of([item])[0]] == POOL for item in asked)


def test_predictions_are_out_of_sample_and_enter_the_labels(ran: Project) -> None:
    last, watermark = _last(ran)
    with ran.looking() as bench:
        split = bench.split(last)
        judged = in_force(bench.events(watermark), bench.items(last), bench.translation)
        asked = assisted.predictions(bench, last, judged)
        assert asked is not None
        assert all(p.sum() == pytest.approx(1) and len(p) == 3 for p in asked.values())
        alone = resolve(bench.task, bench.context.plugins, judged, split == POOL, alone=True)
        said = {
            bench.items(last).id_of(int(r)): k
            for r, k in zip(alone.rows, alone.classes, strict=True)
        }
        agree = np.mean([p.argmax() == said[item] for item, p in asked.items()])
        assert 0.5 < agree < 1  # learned something, and not the label itself
        pool, _ = bench.labels(last, watermark)
        again = resolve(bench.task, bench.context.plugins, judged, split == POOL, probs=asked)
        assert np.array_equal(pool.rows, again.rows)
        assert np.array_equal(pool.classes, again.classes)


def test_a_round_replayed_has_the_same_labels(ran: Project) -> None:
    last, watermark = _last(ran)
    found = []
    for _ in range(2):
        with ran.looking() as bench:
            found.append(bench.labels(last, watermark))
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one.classes, other.classes)
        assert one.answers == other.answers


@pytest.mark.slow
def test_no_model_is_made_where_nobody_answered_twice_or_the_rule_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a model was made")

    monkeypatch.setattr(assisted, "_spread", fail)
    begin(tmp_path)
    path = tmp_path / "news.task"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "second_opinions = auto", "second_opinions = none"
        ),
        encoding="utf-8",
    )
    Project(path).run()
    (tmp_path / "other").mkdir()
    _twice(tmp_path / "other", "\n resolve = dawid_skene").run()
