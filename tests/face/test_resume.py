"""A run survives being killed anywhere, and the same seed gives the same run in another process."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labelwright import Project
from labelwright.exporting import curve_json
from labelwright.loop.steps import STEPS
from labelwright.loop.store import Store
from tests.soak import sampled

ROUNDS = 3
TASK = """
task small "Three rounds of digits" {}
class 0 {}
class 1 {}
class 2 {}
class 3 {}
class 4 {}
class 5 {}
class 6 {}
class 7 {}
class 8 {}
class 9 {}
data { source = bundled(digits) }
holdout {
  size = 20%
  annotations = 60
}
annotators {
  from = simulate(column = label, people = 3, error = 10%)
  overlap = 2
}
budget {
  annotations = 180
  per_round = 20 items
}
query {
  phase cold until labels >= 20 { strategy = k_means }
  phase main { strategy = mix(margin, random(10%)) }
}
pseudo_labels {
  method = threshold
  threshold = 90%
}
accept { accuracy >= 99% }
"""
SCRIPT = Path(__file__).parent / "killed.py"
BOUNDARIES = ROUNDS * len(STEPS) * 2
NEVER = BOUNDARIES + 1


def run(task: Path, state: Path, moment: int, seconds: float | None = None) -> int:
    """Exit status of a run in a process of its own, killed at `moment` or after `seconds`."""
    command = [sys.executable, str(SCRIPT), str(task), str(state), str(moment)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:  # the process was sent SIGKILL
        return -signal.SIGKILL
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def told(task: Path, state: Path) -> dict[str, Any]:
    """Everything that must not depend on having been killed."""
    connection = sqlite3.connect(state / "small" / "state.db")
    tables = {
        name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
        for name in ("annotation_event", "choice", "definition", "set_aside")
    }
    connection.close()
    campaign = Project(task, state=state).campaign()
    with Store(state / "small") as store:
        assert store.broken_link() is None
        assert store.broken_files() == []
        assert store.integrity() == "ok"
    return {**tables, "curve": curve_json(campaign), "decision": campaign.decision}


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("task") / "small.task"
    path.write_text(TASK, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def undisturbed(task: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    state = tmp_path_factory.mktemp("undisturbed")
    Project(task, state=state).run()
    found = told(task, state)
    assert len(found["curve"]["rounds"]) == ROUNDS
    return found


def test_the_same_seed_gives_the_same_run_in_another_process(
    task: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    assert run(task, tmp_path, NEVER) == 0
    again = told(task, tmp_path)
    assert again == undisturbed
    assert json.dumps(again["curve"]) == json.dumps(undisturbed["curve"])


def test_another_seed_gives_another_run(
    task: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    Project(task, state=tmp_path, seed=1).run()
    assert told(task, tmp_path)["choice"] != undisturbed["choice"]


@pytest.mark.parametrize("first", [0, pytest.param(7, marks=pytest.mark.slow)])
def test_killed_some_way_in_and_again_and_again(
    task: Path, undisturbed: dict[str, Any], tmp_path: Path, first: int
) -> None:
    for moment in (first, 9, 12, 3):
        assert run(task, tmp_path, moment) == -signal.SIGKILL
    Project(task, state=tmp_path).run()
    assert told(task, tmp_path) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("moment", sampled(range(BOUNDARIES), 3))
def test_killed_at_every_boundary_it_ends_as_if_undisturbed(
    task: Path, undisturbed: dict[str, Any], tmp_path: Path, moment: int
) -> None:
    assert run(task, tmp_path, moment) == -signal.SIGKILL
    assert run(task, tmp_path, NEVER) == 0
    assert told(task, tmp_path) == undisturbed


@pytest.mark.slow
def test_killed_in_the_middle_of_whatever_it_does(
    task: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    seconds = 2.0
    while run(task, tmp_path, NEVER, seconds) != 0:
        seconds += 0.17  # a little further each time, so that it ends in the end
    assert not list(tmp_path.rglob("*.tmp"))
    assert told(task, tmp_path) == undisturbed
