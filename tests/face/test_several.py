"""Several classes an item, through the whole loop: asked, learned, measured, shown, exported."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from labelwright import Project, load_model
from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.payload import prediction
from labelwright.loop.sets import Sets
from labelwright.loop.suggesting import by_model
from labelwright.loop.supported import unsupported
from labelwright.loop.workbench import Workbench
from labelwright.terminal import curve_view, status_view

from . import several_made as made

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LABELWRIGHT_DATA") or ROOT.parent / "shared" / "data")


def begin(folder: Path, n: int = 500, **more: object) -> Project:
    made.write(folder, n)
    return Project(made.task(folder, **more), state=folder / "state")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A campaign that ran to its end, and its folder."""
    folder = tmp_path_factory.mktemp("wishes")
    project = begin(folder)
    project.run()
    return project, folder


def truth_and_given(bench: Workbench, round_: int) -> tuple[np.ndarray, np.ndarray]:
    """On the holdout's labelled items, 0 and 1 by class."""
    _, held = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
    probs = bench.final(round_).predict_proba(bench.seen(round_, held.rows))
    return Sets(bench.task).hot(held.answers), bench.given(round_, probs)


def test_it_learns_and_measures_as_scikit_learn_would(ran: tuple[Project, Path]) -> None:
    project, _ = ran
    told = project.campaign()
    first, last = told.rounds[0].measurement, told.rounds[-1].measurement
    assert last.kind == "many"
    assert last.confusion == ()
    assert last.main is last.micro_f1
    assert last.main_name == "micro F1"
    assert last.micro_f1 is not None
    assert first.micro_f1 is not None
    assert (last.micro_f1.estimate or 0) > (first.micro_f1.estimate or 0) + 0.05
    assert last.true_accuracy == pytest.approx(last.micro_f1.estimate, abs=0.12)
    with project.looking() as bench:
        truth, given = truth_and_given(bench, told.rounds[-1].round)
    names = [c.id for c in project.task.labels]
    assert last.micro_f1.estimate == pytest.approx(f1_score(truth, given, average="micro"))
    each = f1_score(truth, given, average=None, zero_division=0)
    assert last.macro_f1.estimate == pytest.approx(each[(truth + given).any(axis=0)].mean())
    assert last.accuracy.estimate == pytest.approx((truth == given).all(axis=1).mean())
    for score, expected in zip(last.classes, each, strict=True):
        assert score.support == truth[:, names.index(score.id)].sum()
        assert score.f1.estimate == pytest.approx(expected)
    # A child brings its parent, and who is quiet makes no music.
    food, sweet = names.index("Food"), names.index("Food.Sweet")
    assert (given[:, food] >= given[:, sweet]).all()
    assert not (given[:, names.index("Quiet")] & given[:, names.index("Music")]).any()
    verdicts = {v.criterion: v for v in last.verdicts}
    assert verdicts["labels >= 100"].estimate == told.rounds[-1].labels == 150
    count = verdicts["labels of Food >= 20"].estimate
    assert count == told.rounds[-1].labels_per_class["Food"]
    assert count is not None
    assert count >= told.rounds[-1].labels_per_class["Food.Sweet"]
    assert all(v.estimate is not None for v in last.verdicts)
    assert told.decision in ("failed", "spent")


def test_what_is_shown_of_it(ran: tuple[Project, Path]) -> None:
    project, _ = ran
    told = project.campaign(doubts=True)
    page = project.report().read_text(encoding="utf-8")
    assert "Micro F1 on the holdout" in page
    assert "(exact match)" in page
    assert "Confusion matrix" not in page
    assert "it gives" in page
    status = status_view(project.task, told)
    assert "micro F1 0." in status
    assert "exact match 0." in status
    assert "● micro F1 on the holdout" in curve_view(told)
    for doubt in told.doubts:
        assert doubt.given is not None
        assert 0 < doubt.probability < 1


def test_labels_are_exported_as_lists_with_the_classes_that_contain_them(
    ran: tuple[Project, Path], tmp_path: Path
) -> None:
    project, folder = ran
    written = project.export(tmp_path / "out.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in written.splitlines()]
    assert len(rows) == project.rounds_so_far()[-1].labels + project.campaign().holdout
    truth = {}
    for line in (folder / "wishes.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        truth[row["id"]] = row["wishes"]
    for row in rows:
        inside = [c for c in row["label"] if c != "Food"]
        assert sorted(inside) == sorted(truth[row["item"]])
        assert ("Food" in row["label"]) == any(c.startswith("Food.") for c in inside)


def test_the_model_leaves_and_gives_the_same_sets(
    ran: tuple[Project, Path], tmp_path: Path
) -> None:
    project, folder = ran
    model = load_model(project.export_model(tmp_path / "model"))
    lines = (folder / "wishes.jsonl").read_text(encoding="utf-8").splitlines()[:60]
    rows = [json.loads(line) for line in lines]
    found = {p.item: p for p in model.predict(rows, id="id")}
    with project.looking() as bench:
        round_ = project.rounds_so_far()[-1].round
        items = bench.items(round_)
        places = items.rows_of([row["id"] for row in rows])
        probs = bench.final(round_).predict_proba(bench.seen(round_, places))
        given = bench.given(round_, probs)
        for place, row, each in zip(places, given, probs, strict=True):
            said = found[items.id_of(int(place))]
            assert said.label == Sets(project.task).named(row)
            coherent = Sets(project.task).coherent(each[None])[0]
            assert said.probabilities == pytest.approx(coherent, abs=1e-5)


def test_people_disagree_in_sets_and_an_answer_is_what_most_gave(tmp_path: Path) -> None:
    project = begin(tmp_path, 300, error="25%", overlap=3, annotations=600)
    project.run()
    last = project.campaign().rounds[-1].measurement
    assert last.alpha.estimate is not None
    assert 0.4 < last.alpha.estimate < 0.95
    for person in project.campaign().annotators:
        assert person.agreement is not None
        assert 0.6 < person.agreement < 0.99


def test_shares_of_people_teach_where_that_is_asked(tmp_path: Path) -> None:
    made.write(tmp_path, 200)
    path = made.task(tmp_path, error="30%", overlap=3, annotations=350)
    text = path.read_text(encoding="utf-8").replace("overlap = 3", "overlap = 3\n  resolve = soft")
    path.write_text(text, encoding="utf-8")
    project = Project(path, state=tmp_path / "state")
    project.run()
    with project.looking() as bench:
        training, _ = bench.labels(0, bench.needed(0, "collect")["watermark"])
        targets = bench.targets(training)
    assert set(np.unique(targets.round(3))) == {0, 0.333, 0.667, 1}
    decided = Sets(project.task).hot(training.answers)
    assert ((targets > 0.5) == (decided > 0.5)).mean() > 0.99  # one of three is no majority
    names = [c.id for c in project.task.labels]
    assert (targets[:, names.index("Food")] >= targets[:, names.index("Food.Sweet")]).all()


def test_where_an_empty_answer_is_forbidden_none_is_given(tmp_path: Path) -> None:
    project = begin(tmp_path, 400, empty="forbidden", annotations=250)
    project.run()
    with project.looking() as bench:
        round_ = project.campaign().rounds[-1].round
        truth, given = truth_and_given(bench, round_)
        assert given.any(axis=1).all()
        assert truth.any(axis=1).all()
        suggested = by_model(
            bench.task, bench.final(round_), bench.seen(round_, np.arange(30)), round_
        )
    assert all(s.labels for s in suggested)
    page = Page.of(project.task, {"text": "text"})
    for one in suggested:  # what Label Studio is sent reads back as the same answer
        (part,) = prediction(page, one)["result"]
        named = {path[-1] for path in part["value"]["taxonomy"]}
        assert named == set(one.labels)
    assert all(0 <= s.score <= 1 for s in suggested)


def test_labels_that_are_there_already_teach_as_sets(tmp_path: Path) -> None:
    made.write(tmp_path, 300)
    lines = (tmp_path / "wishes.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    for i, row in enumerate(rows):
        row["known"] = row["wishes"] if i % 3 == 0 else None
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "wishes.jsonl").write_text(text, encoding="utf-8")
    path = made.task(
        tmp_path, annotations=200, more="existing_labels { label = known\n trust = verified }"
    )
    project = Project(path, state=tmp_path / "state")
    project.run()
    with project.looking() as bench:
        round_ = project.rounds_so_far()[-1].round
        training, _ = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
        items = bench.items(round_)
        truth = {row["id"]: set(row["wishes"]) for row in rows}
        existing = [i for i, source in enumerate(training.sources) if source == "existing"]
        assert len(existing) > 50
        for i in existing:
            named = set(training.answers[i]) - {"Food"}
            assert named == truth[items.id_of(int(training.rows[i]))]
        assert () in {training.answers[i] for i in existing}


@pytest.mark.parametrize(
    "phases",
    [
        "phase all { strategy = random }",
        "phase all { strategy = coreset }",
        "phase cold until labels >= 50 { strategy = k_means }\n"
        "phase on { strategy = mix(multilabel_margin, random(20%)) }",
    ],
)
def test_other_strategies_choose_too(tmp_path: Path, phases: str) -> None:
    project = begin(tmp_path, 300, annotations=250, phases=phases)
    project.run()
    rounds = project.rounds_so_far()
    assert rounds[-1].labels == 100
    if "cold" in phases:
        assert [r.phase for r in rounds] == ["cold", "on"]


@pytest.mark.parametrize(
    ("more", "strategy", "told"),
    [
        ("", "margin", "query strategy margin for choose = many"),
        ("", "mix(auto, badge)", "query strategy badge for choose = many"),
        ("pseudo_labels { method = infomax }", "auto", "pseudo_labels method = infomax for choose = many"),
        ("train { finetune = sklearn(svm) }", "auto", "train finetune = sklearn for choose = many"),
    ],
)  # fmt: skip
def test_what_needs_one_class_is_refused_before_anything_happens(
    tmp_path: Path, more: str, strategy: str, told: str
) -> None:
    project = begin(tmp_path, 30, more=more, phases=f"phase all {{ strategy = {strategy} }}")
    found = unsupported(project.task)
    assert any(line.startswith(told) for line in found), found


@pytest.mark.slow
def test_goemotions_runs_the_whole_loop_and_f1_rises(tmp_path: Path) -> None:
    if not (DATA / "goemotions" / "data.parquet").exists():
        pytest.skip("needs the public data set goemotions/data.parquet under LABELWRIGHT_DATA")
    text = (ROOT / "tasks" / "goemotions.task").read_text(encoding="utf-8")
    (tmp_path / "goemotions.task").write_text(
        text.replace("/[0-9]$/", "/[0-3]$/"), encoding="utf-8"
    )
    project = Project(tmp_path / "goemotions.task", state=tmp_path / "state", data_root=DATA)
    project.run()
    told = project.campaign()
    first, last = told.rounds[0].measurement, told.rounds[-1].measurement
    assert last.micro_f1 is not None
    assert first.micro_f1 is not None
    assert (last.micro_f1.estimate or 0) > (first.micro_f1.estimate or 0)
    assert (last.macro_f1.estimate or 0) > (first.macro_f1.estimate or 0) + 0.02
    assert last.true_accuracy is not None
    assert last.true_accuracy > 0.28
    assert (last.ece.estimate or 1) < 0.05
    assert project.report().stat().st_size > 10_000
