"""The commands as a user meets them: what they print, write and end with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labelwright import Project
from labelwright.loop.lock import locked
from labelwright.loop.store import Store

from .in_process import command


def rows(start: int, stop: int) -> str:
    words = {"warm": "red amber orange", "cold": "blue teal cyan"}
    names = ["warm", "cold"]
    return "".join(f"{i},{words[names[i % 2]]} {i},{names[i % 2]}\n" for i in range(start, stop))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my.csv").write_text("id,body,topic\n" + rows(0, 300), encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str, code: int = 0) -> str:
    done = command(folder, *words)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def init(folder: Path) -> str:
    return run(folder, "init", "my.task", "--data", "my.csv", "--text", "body", "--label", "topic")


def test_the_journey_of_the_readme(folder: Path) -> None:
    told = init(folder)
    assert "2 classes" in told
    assert "warm: 150 items" in told
    assert "no error" in run(folder, "check", "my.task")
    assert "strategy" in run(folder, "show", "my.task")
    assert "instructions.html" in run(folder, "compile", "my.task")
    assert "PASS after" in run(folder, "run", "my.task")
    assert "How good" in run(folder, "status", "my.task")
    assert "95% interval" in run(folder, "curve", "my.task", "--svg", "curve.svg")
    assert (folder / "curve.svg").read_text(encoding="utf-8").startswith("<svg")
    report = run(folder, "report", "my.task", "--out", "report.html").strip()
    assert (folder / report).stat().st_size > 10_000
    run(folder, "export", "my.task", "--out", "labelled.jsonl")
    first = json.loads((folder / "labelled.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["label"] in {"warm", "cold"}
    assert first["source"] == "people"
    assert "every file matches its hash" in run(folder, "doctor", "my.task")


def test_every_command_speaks_json(folder: Path) -> None:
    init(folder)
    assert json.loads(run(folder, "check", "my.task", "--json"))["ok"] is True
    assert json.loads(run(folder, "show", "my.task", "--json"))["name"] == "my"
    assert "training.json" in json.loads(run(folder, "compile", "my.task", "--json"))
    assert json.loads(run(folder, "run", "my.task", "--json"))["decision"] == "passed"
    assert json.loads(run(folder, "status", "my.task", "--json"))["rehearsal"] is True
    curve = json.loads(run(folder, "curve", "my.task", "--json"))
    assert {
        "round",
        "annotations",
        "holdout_annotations",
        "labels",
        "accuracy",
        "true_accuracy",
    } <= (curve["rounds"][0].keys())
    assert curve["rounds"][0]["accuracy"].keys() == {
        "estimate",
        "low",
        "high",
        "low_every",
        "high_every",
    }
    assert Path(folder / json.loads(run(folder, "report", "my.task", "--json"))["report"]).exists()
    assert all(f["ok"] for f in json.loads(run(folder, "doctor", "my.task", "--json")))


def test_exit_codes(folder: Path) -> None:
    assert "there is no file" in run(folder, "check", "no.task", code=1)
    run(folder, "run", code=2)
    init(folder)
    assert "was not run yet" in run(folder, "status", "my.task", code=1)
    assert "is there already" in run(folder, "init", "my.task", "--class", "A", code=1)
    task = folder / "my.task"
    text = task.read_text(encoding="utf-8")
    with locked(folder / ".labelwright" / "my", "run my.task", "2026-01-01"):
        assert "another run holds this task" in run(folder, "run", "my.task", code=5)
    hard = text[: text.rindex("accept")] + "accept { labels >= 100_000 }\n"
    task.write_text(hard, encoding="utf-8")
    assert "labels" in run(folder, "check", "my.task", code=1)
    task.write_text(hard.replace("labels >= 100_000", "ece <= 0.01%"), encoding="utf-8")
    assert "more items in the data" in run(folder, "run", "my.task", code=3)
    task.write_text(text, encoding="utf-8")
    assert "PASS" in run(folder, "run", "my.task")
    changed = text.replace("class warm", "class hot").replace("vote warm", "vote hot")
    changed = changed.replace("hot {", 'hot { aliases = ["warm"]\n')
    task.write_text(changed, encoding="utf-8")
    assert "changed its meaning" in run(folder, "run", "my.task", code=6)


def test_a_run_can_be_interrupted_and_goes_on(folder: Path) -> None:
    init(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "labelwright", "run", "my.task"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    store = folder / ".labelwright" / "my" / "state.db"
    while not store.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (0, 130), errors
    assert "Traceback" not in errors
    assert "PASS after" in run(folder, "run", "my.task")


def test_rows_appended_between_rounds_join_the_pool(folder: Path) -> None:
    init(folder)
    task = folder / "my.task"
    text = task.read_text(encoding="utf-8")
    text = text[: text.rindex("accept")] + "accept { ece <= 0.01% }\n"
    task.write_text(text, encoding="utf-8")
    project = Project(task, data_root=folder)
    seen = []

    def append(moment: object) -> None:
        if getattr(moment, "record", None) is not None:
            if not seen:
                with (folder / "my.csv").open("a", encoding="utf-8") as stream:
                    stream.write(rows(300, 340))
                (folder / "my.csv").write_text(
                    (folder / "my.csv").read_text(encoding="utf-8").replace("299,blue", "299,navy"),
                    encoding="utf-8",
                )
            seen.append(moment)

    project.run(append)
    with Store(project.state) as store:
        first, second = store.outcome(0, "split"), store.outcome(1, "split")
    assert first is not None
    assert second is not None
    assert (second["pool"], second["holdout"]) == (first["pool"] + 40, first["holdout"])
    assert second["new"] == 40
