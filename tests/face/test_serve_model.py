"""`labelwright serve --model`: an exported model's suggestions over HTTP, without its campaign."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

import labelwright as lw
from labelwright.cli import app as cli
from labelwright.connectors.label_studio.backend import USER, app
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.connecting import connect
from labelwright.connectors.label_studio.hosting import hosted
from labelwright.loop.errors import DataError
from labelwright.model.manifest import ModelError
from labelwright.model.predictor import Predictor
from labelwright.serving_model import ServingModel
from tests.studio_server import Studio

from .leaving import marks, pictures, sets, table
from .predicting import CLASSES

THE_SECRET = "a-secret-of-the-tests"
VERSION = "small round 0"
FOREIGN = (
    '<View><Text name="t" value="$body"/><Choices name="colour" toName="t" choice="single">'
    '<Choice value="red"/><Choice value="B" alias="b"/></Choices></View>'
)


def serving(model: Path, told: list[str] | None = None) -> ServingModel:
    return ServingModel(model, models=None, tell=(told if told is not None else []).append)


def test_over_http_it_answers_what_the_campaign_predicted(left: Path, tmp_path: Path) -> None:
    """The command itself, in a process that knows nothing of the project; English and Korean in one text."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "LABELWRIGHT_SERVE_SECRET": THE_SECRET,
    }
    words = [sys.executable, "-m", "labelwright", "serve", "--model", left / "model", "--port", "0"]
    process = subprocess.Popen(
        list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )
    try:
        assert process.stdout is not None
        begun = [process.stdout.readline() for _ in range(2)]
        assert begun[0] == f"Serving  {VERSION}\n"
        with (left / "items.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        tasks = [{"id": n, "data": {"body": row["body"]}} for n, row in enumerate(rows)]
        tasks.append({"id": 1000, "data": {"other": "x"}})
        url = begun[1].split()[1].rstrip(",")
        with httpx.Client(base_url=url, trust_env=False) as anybody:
            assert anybody.post("/predict", json={"tasks": tasks}).status_code == 401
            anybody.auth = httpx.BasicAuth(USER, THE_SECRET)
            setup = anybody.post("/setup", json={"project": "7.17", "access_token": "x" * 40})
            assert setup.json()["model_version"] == VERSION
            answer = anybody.post("/predict", json={"tasks": tasks, "project": "7.17"}).json()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, said
    assert said[1].count("\n") == 1
    assert "task 1000 has no body, which the model reads: no prediction" in said[1]
    *found, nothing = answer["results"]
    assert nothing == []
    own = np.load(left / "own.npy")
    classes = [CLASSES[b] for b in own.argmax(axis=1)]
    assert [one[0]["result"][0]["value"]["choices"] for one in found] == [[c] for c in classes]
    np.testing.assert_allclose([one[0]["score"] for one in found], own.max(axis=1), atol=1e-12)
    assert {one[0]["model_version"] for one in found} == {VERSION}


def test_a_project_of_ones_own_is_answered_in_its_words(left: Path) -> None:
    tasks = [{"data": {"body": "rose blood 색"}}, {"data": {"body": "sea sky 색"}}]
    at_work = serving(left / "model")
    ours = at_work.predict(tasks, "")
    theirs = at_work.predict(tasks, FOREIGN)
    for own, other, said in zip(ours, theirs, ("red", "b"), strict=True):
        assert own is not None
        assert other is not None
        assert other["score"] == own["score"]
        (part,) = other["result"]
        assert (part["from_name"], part["to_name"]) == ("colour", "t")
        assert part["value"] == {"choices": [said]}


def test_label_studio_asks_it_for_a_project_of_ones_own(left: Path, studio: Studio) -> None:
    at_work = serving(left / "model")
    made = app(
        at_work.predict,
        versions=lambda: (at_work.version,),
        train=lambda: "none",
        project=lambda: None,
        secret=THE_SECRET,
    )
    with LabelStudio(studio.url, studio.token) as client, hosted(made) as url:
        project = client.create_project({"title": "own", "label_config": FOREIGN})
        client.update_project(project, {"show_collab_predictions": True})
        try:
            texts = [{"data": {"body": "rose blood brick"}}, {"data": {"body": "sea sky ink 색"}}]
            ids = client.import_tasks(project, texts)
            connect(client, project, url, THE_SECRET)
            shown = [client.task(id)["predictions"] for id in ids]
        finally:
            client.delete_project(project)
    values = [one["result"][0]["value"]["choices"] for (one,) in shown]
    assert values == [["red"], ["b"]]
    assert {one["result"][0]["from_name"] for (one,) in shown} == {"colour"}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("<View/>", "has 0 controls <Choices>"),
        (FOREIGN.replace("</View>", '<Choices name="two" toName="t"/></View>'), "has 2 controls"),
        (FOREIGN.replace('<Choice value="red"/>', ""), "no choice for Red"),
        ("<View", "has 0 controls"),
        ("\0<<>>&", "has 0 controls"),
    ],
)
def test_a_page_that_asks_something_else_is_refused(left: Path, config: str, says: str) -> None:
    with pytest.raises(DataError) as refused:
        serving(left / "model").predict([{"data": {"body": "rose"}}], config)
    assert says in refused.value.message


@pytest.mark.parametrize(
    "task",
    [
        {},
        {"data": None},
        {"data": []},
        {"data": {"body": None}},
        {"data": {"body": ["rose"]}},
        {"data": {"body": {"a": 1}}},
    ],
)
def test_a_task_that_cannot_be_read_spoils_no_other(left: Path, task: dict[str, object]) -> None:
    told: list[str] = []
    at_work = serving(left / "model", told)
    good = {"id": 1, "data": {"body": "rose blood"}}
    for _ in range(3):
        found = at_work.predict([{**task, "id": 2}, good], "")
        assert found[0] is None
        assert found[1] is not None
    assert len(told) == 1
    assert told[0].startswith("task 2 ")


def test_several_classes_an_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    folder = sets(tmp_path).export_model(tmp_path / "model")
    rows = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    predictor = Predictor.load(folder)
    expected = [set(p.labels) for p in predictor.predict([{"body": r["body"]} for r in rows])]
    found = serving(folder).predict([{"data": {"body": r["body"]}} for r in rows], "")
    given = [
        {c for part in one["result"] for c in part["value"]["choices"]} for one in found if one
    ]
    assert given == expected
    assert set() in given
    assert {"Red", "Blue"} in given


def test_a_row_of_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    folder = table(tmp_path).export_model(tmp_path / "model")
    row = {"size": 95, "weight": 2.5, "shape": "round", "code": "01"}
    (expected,) = Predictor.load(folder).predict([row])
    told: list[str] = []
    one, other = serving(folder, told).predict(
        [{"data": row}, {"id": 9, "data": {**row, "size": "wide"}}], ""
    )
    assert one is not None
    assert one["result"][0]["value"]["choices"] == [expected.label]
    assert one["score"] == expected.probability
    assert other is None
    assert "'wide'" in told[0]


@pytest.mark.parametrize(("begin", "says"), [(pictures, "reads pictures"), (marks, "no spans")])
def test_what_it_cannot_serve_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Path], lw.Project],
    says: str,
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    folder = begin(tmp_path).export_model(tmp_path / "model")
    with pytest.raises(ModelError) as refused:
        serving(folder)
    assert says in refused.value.message
    assert "serve TASK" in refused.value.remedy


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "TASK or --model FOLDER, one of the two"),
        (["my.task", "--model", "m"], "TASK or --model FOLDER, one of the two"),
        (["--model", "m", "--no-connect"], "--model has none"),
        (["--model", "m", "--state", "s"], "--model has none"),
    ],
)
def test_ways_of_calling_that_make_no_sense(words: list[str], says: str) -> None:
    done = CliRunner().invoke(cli, ["serve", *words])
    assert done.exit_code != 0
    assert says in str(getattr(done.exception, "message", done.output))
