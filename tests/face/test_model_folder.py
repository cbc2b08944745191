"""Folders of models: what is none is refused, and where one is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import labelwright as lw
from labelwright.exporting import ExportError
from labelwright.loop.errors import DataError, LabelwrightError, StoreError
from labelwright.model.folder import read_manifest
from labelwright.model.manifest import ModelError
from labelwright.model.predictor import Predictor

from .leaving import own_predictions, table

# --- folders that hold no model ---------------------------------------------------------------


@pytest.fixture
def model(left: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(left / "model", tmp_path / "model"))


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no folder"):
        Predictor.load(tmp_path / "none")
    with pytest.raises(ModelError, match="holds no model"):
        Predictor.load(tmp_path)
    (tmp_path / "model.json").write_text('{"format": "something"}')
    with pytest.raises(ModelError, match=r"holds no model of labelwright: model\.json says"):
        Predictor.load(tmp_path)


def test_damage_is_seen(model: Path) -> None:
    arrays = model / "model.safetensors"
    raw = bytearray(arrays.read_bytes())
    raw[len(raw) // 2] ^= 1
    arrays.write_bytes(raw)
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        Predictor.load(model)
    arrays.unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors is missing"):
        Predictor.load(model)
    whole = (model / "model.json").read_text()
    (model / "model.json").write_text(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"model\.json is damaged"):
        Predictor.load(model)
    told = json.loads(whole)
    del told["encoder"]["identity"]
    (model / "model.json").write_text(json.dumps(told))
    with pytest.raises(ModelError, match=r"damaged: encoder\.identity: Field required"):
        Predictor.load(model)


def test_the_card_may_be_written_on(model: Path) -> None:
    with (model / "README.md").open("a") as file:
        file.write("CC0.\n")
    Predictor.load(model)


def changed(model: Path, **parts: object) -> None:
    told = json.loads((model / "model.json").read_text())
    for path, value in parts.items():
        inner, *keys = told, *path.split("__")
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
    (model / "model.json").write_text(json.dumps(told))


def test_a_later_format(model: Path) -> None:
    changed(model, version=2)
    with pytest.raises(ModelError, match="is of format 2, and this version reads 1"):
        Predictor.load(model)


def test_another_encoder_is_refused_and_another_library_told(model: Path) -> None:
    identity = json.loads((model / "model.json").read_text())["encoder"]["identity"]
    changed(model, encoder__identity=identity.replace("scikit-learn=", "scikit-learn=0.1."))
    (note,) = Predictor.load(model).notes
    assert note.startswith("the model was made with scikit-learn 0.1.")
    changed(model, encoder__identity=identity.replace("dim=256", "dim=128"))
    with pytest.raises(ModelError, match=r"encoder tfidf is not the one .* dim=128"):
        Predictor.load(model)


def test_an_encoder_that_is_not_installed(model: Path) -> None:
    changed(model, encoder__call={"type": "call", "name": "nothing", "args": []})
    with pytest.raises(
        ModelError, match="the model needs its encoder, tfidf: no encoder is called"
    ):
        Predictor.load(model)


# --- where it is written ----------------------------------------------------------------------


def test_what_lies_there_stays_but_for_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = table(tmp_path)
    target = tmp_path / "target"
    target.mkdir()
    (target / "diary.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"holds what is none of a model's: diary\.txt"):
        project.export_model(target)
    assert [p.name for p in target.iterdir()] == ["diary.txt"]
    (target / "diary.txt").unlink()
    project.export_model(target)  # an empty folder is taken
    first = {p.name: p.read_bytes() for p in target.iterdir()}
    project.export_model(target)  # and a model's is replaced
    assert {p.name: p.read_bytes() for p in target.iterdir()} == first
    (target / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"notes\.txt"):
        project.export_model(target)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match="is no folder"):
        project.export_model(tmp_path / "file")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        ".labelwright", "file", "items.csv", "small.task", "target",
    ]  # fmt: skip


def test_a_write_that_fails_leaves_the_model_that_was_there(
    left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = table(tmp_path)
    target = project.export_model()
    before = {p.name: p.read_bytes() for p in target.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("labelwright.loop.disk.os.fsync", full)
    with pytest.raises(ExportError, match="No space left on device"):
        project.export_model()
    assert {p.name: p.read_bytes() for p in target.iterdir()} == before
    assert [p.name for p in target.parent.iterdir()] == ["model"]


def test_a_round_keeps_the_learner_that_it_learned_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`finetune` may be changed between rounds: what was learned before is read as it was."""
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = table(tmp_path)
    _, own = own_predictions(project)
    path = tmp_path / "small.task"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace("finetune = head", "finetune = boosting(trees = 5)"))
    changed = lw.Project(path)
    _, again = own_predictions(changed)
    np.testing.assert_array_equal(again, own)
    assert changed.report().exists()
    assert read_manifest(changed.export_model()).learner.call.name == "head"
    path.write_text(whole.replace("encoder  = table", 'encoder  = tfidf').replace(
        "columns = [size, weight, shape, code]", "text = shape"), encoding="utf-8")  # fmt: skip
    with pytest.raises(LabelwrightError):
        lw.Project(path).export_model()


def test_before_the_first_round_there_is_none(tmp_path: Path) -> None:
    from .leaving import campaign

    with pytest.raises(DataError):  # the data are not there: the campaign stops in its first step
        campaign(tmp_path, 'csv("none.csv")', "text = body", "tfidf")
    with pytest.raises(StoreError, match="no round has learned a model yet"):
        lw.Project(tmp_path / "small.task").export_model()
