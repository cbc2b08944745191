"""`labelwright simulate`: scenarios side by side, from assumptions or on the campaign's own data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .leaving import texts
from .predicting import invoke

ROOT = Path(__file__).parents[2]


def test_a_line_for_each_scenario_and_what_is_assumed() -> None:
    words = ["--error", "5%,0.3", "--overlap", "1,3", "--times", "20", "--seconds", "9"]
    done = invoke("simulate", ROOT / "tasks/ag_news.task", *words)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split()[:4] == ["people", "error", "overlap", "budget"]
    assert [line.split()[1] for line in lines[1:5]] == ["5.0%", "5.0%", "30.0%", "30.0%"]
    assert "Assumed, not measured: 20 campaigns a line" in done.stdout
    again = invoke("simulate", ROOT / "tasks/ag_news.task", *words, "--json")
    told = json.loads(again.stdout)
    assert [s["overlap"] for s in told["scenarios"]] == [1, 3, 1, 3]
    assert all(0 <= share <= 1 for s in told["scenarios"] for share in s["passing"].values())


def test_on_its_own_data_the_campaign_itself_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    project = texts(tmp_path)
    before = {
        p: p.read_bytes() for p in tmp_path.rglob("*") if "cache" not in p.parts and p.is_file()
    }
    done = invoke(
        "simulate",
        project.definition.name,
        "--truth",
        "label",
        "--times",
        "2",
        "--error",
        "0%,40%",
        "--json",
    )
    assert done.exit_code == 0, done.output
    careful, careless = json.loads(done.stdout)["scenarios"]
    assert careful["accuracy"][0] > careless["accuracy"][0]
    assert careful["campaigns"] == 2
    after = {
        p: p.read_bytes() for p in tmp_path.rglob("*") if "cache" not in p.parts and p.is_file()
    }
    assert after == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--error", "lots"], "write a share"),
        (["--error", "120%"], "write a share"),
        (["--people", "0"], "whole number from 1"),
        (["--people", "2", "--overlap", "3"], "2 people cannot give 3 answers"),
        (["--budget", "600"], "buys no label"),
        (["--reachable", "90%..80%"], "lower end first"),
        (["--people", "1,2,3,4,5,6,7", "--error", "1%,2%,3%,4%"], "28 scenarios"),
    ],
)
def test_what_makes_no_scenario_is_told(
    words: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    done = invoke("simulate", "tasks/ag_news.task", "--times", "1", *words)
    assert done.exit_code in (1, 2)
    assert says in " ".join((done.output + str(getattr(done.exception, "message", ""))).split())


def test_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = invoke("simulate", ROOT / "tasks/digits.task", "--truth", "nowhere", "--times", "1")
    assert done.exit_code == 1
    assert "nowhere" in str(getattr(done.exception, "message", ""))
