"""A campaign in MLflow's own SQLite store: written once, whatever is repeated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labelwright import Project

pytest.importorskip("mlflow")

from mlflow import MlflowClient

from labelwright.connectors.track.mlflow import TAG, MlflowTracker, mlflow

TASK = """
task my "Warm and cold" {}
class warm "Warm" {}
class cold "Cold" {}
data {
  source = csv("my.csv")
  id = id
  text = body
}
holdout {
  size = 20%
  annotations = 20
}
annotators { from = simulate(column = topic) }
budget {
  annotations = 60
  per_round = 20 items
}
accept { accuracy >= 50% with 50% confidence }
output { track = mlflow("logged.db") }
"""
WORDS = {"warm": "red amber orange", "cold": "blue teal cyan"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    rows = [f"{n},{WORDS[t]} {n},{t}" for n in range(100) for t in [("warm", "cold")[n % 2]]]
    (tmp_path / "my.csv").write_text("id,body,topic\n" + "\n".join(rows), encoding="utf-8")
    (tmp_path / "my.task").write_text(TASK, encoding="utf-8")
    return Project(tmp_path / "my.task")


def test_a_campaign_is_one_run_and_a_round_one_step(project: Project, tmp_path: Path) -> None:
    project.run()
    rounds = project.campaign().rounds
    assert project.told == ()
    assert (
        Project(tmp_path / "my.task").run().ending == project.campaign().decision
    )  # nothing twice
    client = MlflowClient(f"sqlite:///{tmp_path / 'logged.db'}")
    (experiment,) = client.search_experiments(filter_string="name = 'labelwright/my'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.tags["labelwright.rehearsal"] == "true"
    assert run.data.params["budget.annotations"] == "60"
    told = client.get_metric_history(run.info.run_id, "accuracy")
    assert [m.step for m in told] == [r.round for r in rounds]
    assert [m.value for m in told] == [r.measurement.accuracy.estimate for r in rounds]
    of_class = client.get_metric_history(run.info.run_id, "class/warm/recall.low")
    assert [m.value for m in of_class] == [r.measurement.classes[0].recall.low for r in rounds]
    (file,) = client.list_artifacts(run.info.run_id)
    assert (
        tmp_path / "logged-files" / run.info.run_id / "artifacts" / file.path
    ).read_text() == TASK


@pytest.mark.slow
def test_a_round_that_is_missing_is_logged_later(project: Project, tmp_path: Path) -> None:
    project.run()
    whole = project.campaign()
    tracker = mlflow("other.db", outputs=tmp_path)
    some = whole.model_copy(update={"rounds": whole.rounds[:1], "decision": "waiting"})
    for campaign in (some, some, whole, whole):
        tracker.log("one", campaign, {"a.b": "c" * 10_000}, {})
    tracker.log("another", some, {}, {})
    client = MlflowClient(f"sqlite:///{tmp_path / 'other.db'}")
    (experiment,) = client.search_experiments(filter_string="name = 'labelwright/my'")
    runs = {r.data.tags[TAG]: r for r in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"one", "another"}
    assert runs["another"].info.status == "RUNNING"
    steps = [m.step for m in client.get_metric_history(runs["one"].info.run_id, "labels")]
    assert steps == [r.round for r in whole.rounds]


@pytest.mark.slow
def test_a_server_that_is_not_there_stops_no_campaign(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    text = TASK.replace("logged.db", "http://127.0.0.1:9")
    (tmp_path / "my.task").write_text(text, encoding="utf-8")
    project = Project(tmp_path / "my.task")
    assert project.run().ending != "running"
    (told,) = project.told
    assert told.startswith("not logged: MLflow at http://127.0.0.1:9 took nothing")
    (tmp_path / "my.task").write_text(TASK, encoding="utf-8")
    again = Project(tmp_path / "my.task")
    again.run()
    assert again.told == ()
    assert (tmp_path / "logged.db").exists()


@pytest.mark.slow
def test_without_mlflow_the_run_says_what_to_install(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mlflow.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "labelwright", "run", "my.task"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3 or done.returncode == 0, done.stderr
    assert "pip install 'labelwright[mlflow]'" in done.stdout + done.stderr


def test_names_of_stores(tmp_path: Path) -> None:
    assert isinstance(mlflow("http://10.0.0.1:5000", outputs=tmp_path), MlflowTracker)
    assert vars(mlflow("a/b.db", outputs=tmp_path))["_uri"] == f"sqlite:///{tmp_path / 'a/b.db'}"
