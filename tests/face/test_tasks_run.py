"""The task files run as they stand, on the real public data where those are there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labelwright import Project

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LABELWRIGHT_DATA") or ROOT.parent / "shared" / "data")
NEEDS = {
    "sms_spam": "sms_spam/data.parquet",
    "korean_3i4k": "korean_3i4k/data.parquet",
    "fashion_mnist": "fashion_mnist/fashion_mnist.npz",
    "adult": "adult/data.parquet",
    "trashnet": "trashnet/index.csv",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(NEEDS))
def test_a_task_runs_to_its_end(name: str, tmp_path: Path) -> None:
    if not (DATA / NEEDS[name]).exists():
        pytest.skip(f"needs the public data set {NEEDS[name]} under LABELWRIGHT_DATA")
    project = Project(ROOT / "tasks" / f"{name}.task", state=tmp_path, data_root=DATA)
    decision = project.run()
    told = project.campaign()
    assert decision.ending in ("passed", "spent", "failed")
    assert told.rehearsal
    first, last = told.rounds[0].measurement, told.rounds[-1].measurement
    assert first.true_accuracy is not None
    assert last.true_accuracy is not None
    assert last.true_accuracy > first.true_accuracy
    assert last.accuracy.low is not None
    assert last.accuracy.high is not None
    assert last.accuracy.low - 0.02 <= last.true_accuracy <= last.accuracy.high + 0.02
    page = project.report()
    assert page.stat().st_size > 10_000
    if project.task.data.image:
        assert page.read_text(encoding="utf-8").count("data:image/png;base64,") > 10
    assert project.export(tmp_path / "labelled.csv").read_text(encoding="utf-8").count("\n") > 50


@pytest.mark.slow
def test_ag_news_reaches_84_percent_with_200_annotations(tmp_path: Path) -> None:
    if not (DATA / "ag_news" / "data.parquet").exists():
        pytest.skip("needs the public data set ag_news/data.parquet under LABELWRIGHT_DATA")
    script = """
import sys
sys.path.insert(0, sys.argv[1])
import statistics, ag_news, labelwright as lw
task = lw.load(ag_news.TASK)
found = [ag_news.accuracy(task, seed, 200) for seed in range(5)]
assert statistics.mean(found) >= ag_news.TARGET, found
"""
    subprocess.run(
        [sys.executable, "-c", script, str(ROOT / "bench")],
        check=True,
        env={**os.environ, "LABELWRIGHT_DATA": str(DATA)},
    )
