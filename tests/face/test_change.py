"""Changing one's mind: a campaign whose classes turn out wrong half-way, through plan and apply."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer

from labelwright import Project
from labelwright.cli import change
from labelwright.connectors.annotate.simulate import Simulated
from labelwright.dsl.diff.changes import EFFECTS
from labelwright.loop.errors import DefinitionChanged, PlanOutdated
from labelwright.loop.store import Store
from labelwright.planned import load
from tests.face.changing import (
    CHANGED,
    RENAMED,
    TASK,
    edited,
    labels,
    rows,
    task,
    write,
)

__all__ = ["task"]

# --- the whole journey ------------------------------------------------------------------------


def test_the_journey(task: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = Project(task)
    assert first.run().ending == "failed"
    before = labels(first)
    crimes = {item for item, label in before.items() if label == "Crime"}
    events = rows(first, "SELECT seq, hash FROM annotation_event")

    changed = write(task, CHANGED)
    with pytest.raises(DefinitionChanged) as refused:
        changed.run()
    assert refused.value.exit_code == 6
    assert f"labelwright plan {task}" in refused.value.remedy
    with pytest.raises(DefinitionChanged):
        changed.campaign()

    change.plan(task)
    shown = capsys.readouterr().out
    kept = sum(label == "Business" for label in before.values())
    assert "/ class Crime splits into Fraud, OtherCrime" in shown
    assert f"{kept} labels keep their meaning" in shown
    asked = f"{len(crimes)} annotations, {len(crimes) * 0.3:.2f} USD"
    assert f"{len(crimes)} labels go back to the queue: {asked}" in shown
    assert "get a suggestion from rule phishing" in shown
    assert "the budget has 0 annotations left" in shown
    assert (
        f"Plan: 1 rename, 1 split, 1 change. {len(before) - len(crimes)} labels kept, "
        f"{len(crimes)} to answer again, 0 lost." in shown
    )
    plan = load(changed.state / "plan.json").plan
    assert {q.item for q in plan.queue} == crimes
    assert {q.was for q in plan.queue} == {("Crime",)}

    change.apply(task)
    assert "Applied: definition 2 holds from round" in capsys.readouterr().out
    assert not (changed.state / "plan.json").exists()
    assert rows(changed, "SELECT seq, hash FROM annotation_event") == events
    status = changed.campaign()
    assert status.decision == "running"
    assert "no longer count" in status.reason
    assert {v.status for v in status.rounds[-1].measurement.verdicts} == {"NOT YET KNOWN"}

    # The budget is spent: one round measures anew, and says what it does not know.
    decision = changed.run()
    last = changed.campaign().rounds[-1]
    assert (last.asked, last.definition, decision.ending) == (0, 2, "spent")
    assert "wait to be answered again" in last.measurement.verdicts[0].note
    after = labels(changed)
    assert after == {
        item: "경제" if label == "Business" else label
        for item, label in before.items()
        if item not in crimes
    }

    # With more of it, they are asked again first.
    more = write(task, edited(("annotations = 100", "annotations = 200"), text=CHANGED))
    more.run()
    again = rows(more, "SELECT item, reason FROM choice WHERE reason LIKE 'asked again%'")
    assert Counter(item for item, _ in again) == Counter(crimes)
    assert {reason for _, reason in again} == {"asked again: class Crime was split"}
    found = labels(more)
    assert {found[item] for item in crimes} <= {"Fraud", "OtherCrime", "경제", "Sports"}
    told = more.campaign()
    bought = rows(more, "SELECT count(*) FROM annotation_event")[0][0]
    assert told.rounds[-1].annotations + told.rounds[-1].holdout_annotations == bought <= 200
    assert more.report().stat().st_size > 10_000

    # And back.
    capsys.readouterr()
    change.history(task, show=1)
    back = write(task, capsys.readouterr().out)
    assert back.definition.text == TASK
    plan = back.plan()
    assert plan.restores == 1
    assert plan.again == 0
    back.apply(plan)
    now = labels(back)
    assert all(now[item] == label for item, label in before.items() if item not in crimes)
    # Whoever answered again counts by the later answer, as far as it can be read: a part as the whole.
    parts = {"Fraud": "Crime", "OtherCrime": "Crime", "경제": "Business", "Sports": "Sports"}
    assert all(now[item] == parts[found[item]] for item in crimes)
    assert back.run().ending == "failed"
    assert [d.restores for d in back.history()] == [None, None, None, 1]
    with Store(back.state) as store:
        assert store.broken_link() is None


def test_undone_at_once_everything_counts_as_before(task: Path) -> None:
    first = Project(task)
    first.run()
    before = labels(first)
    changed = write(task, CHANGED)
    changed.apply(changed.plan())
    assert labels(changed) != before
    back = write(task, TASK)
    plan = back.plan()
    assert (plan.back, plan.lost) == (sum(v == "Crime" for v in before.values()), 0)
    back.apply(plan)
    assert labels(back) == before


# --- while people answer ----------------------------------------------------------------------


def test_answers_on_their_way_belong_to_the_definition_they_were_given_under(
    task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = [0.5]
    whole = Simulated.collect

    def some(self: Simulated, batch: str, requests: Any) -> Any:
        answers = whole(self, batch, requests)
        return answers[: int(len(answers) * share[0])]

    monkeypatch.setattr(Simulated, "collect", some)
    first = Project(task)
    assert first.run().ending == "waiting"
    stored = rows(first, "SELECT count(*) FROM annotation_event")[0][0]

    changed = write(task, CHANGED)
    share[0] = 0.7
    plan = changed.plan()  # takes what came in since, as answers to the old question
    assert plan.event > stored
    assert "round 0 is under way" in plan.notes[0]
    share[0] = 0.8
    with pytest.raises(PlanOutdated, match="annotations came in since"):
        changed.apply(plan)
    changed.apply(changed.plan())
    assert {d for (d,) in rows(changed, "SELECT DISTINCT definition FROM annotation_event")} == {
        first.definition.digest
    }
    share[0] = 1.0
    assert changed.run().ending in ("failed", "spent")
    record = changed.campaign().rounds[0]
    assert (record.round, record.definition) == (0, 2)
    assert record.measurement.classes[1].id == "Fraud"


def test_a_change_that_leaves_no_label_goes_on_and_asks_again(task: Path) -> None:
    Project(task).run()
    other = edited(
        ("class Business {", "class X {"), ("class Sports {", "class Y {"),
        ("class Crime {", "class Z {"), ("vote Crime", "vote Z"),
    )  # fmt: skip
    project = write(task, other)
    plan = project.plan()
    assert plan.kept == 0
    project.apply(plan)
    assert project.run().ending == "spent"  # nothing to learn from, nothing left to ask with
    last = project.campaign().rounds[-1]
    assert (last.labels, last.measurement.accuracy.estimate) == (0, None)
    project.report()
    more = write(task, edited(("annotations = 100", "annotations = 160"), text=other))
    more.run()
    assert more.campaign().rounds[-1].labels >= 15
    assert set(labels(more).values()) <= {"X", "Y", "Z"}


def test_classes_in_another_order_do_not_mix_models_up(task: Path) -> None:
    Project(task).run()
    crime = "class Crime { aliases = [theft, scam] }\n"
    text = TASK.replace(crime, "").replace("data {", crime + "data {", 1)
    project = write(task, text)
    before = project.campaign()
    assert before.decision == "running"  # the last model's classes stand in another order
    project.run()
    accuracy = project.campaign().rounds[-1].measurement.accuracy.estimate
    assert accuracy is not None
    assert accuracy > 0.6


# --- refusals ---------------------------------------------------------------------------------


def test_what_measures_is_never_changed(task: Path) -> None:
    Project(task).run()
    project = write(task, edited(("size = 25%", "size = 30%")))
    with pytest.raises(DefinitionChanged, match="split off once and for all") as refused:
        project.plan()
    assert "--state" in refused.value.remedy


def test_before_the_first_run_there_is_nothing_to_plan(
    task: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change.plan(task)
    assert f"`labelwright run {task}` begins with this definition" in capsys.readouterr().out
    change.apply(task, yes=True)
    assert "begins with this definition" in capsys.readouterr().out
    assert not Project(task).state.exists()


def test_apply_asks_says_why_not_and_takes_a_plan_by_its_path(
    task: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Project(task).run()
    change.plan(task)
    assert "Nothing to change" in capsys.readouterr().out
    write(task, edited(RENAMED))
    with pytest.raises(typer.Exit) as stopped:
        change.apply(task)
    assert stopped.value.exit_code == 2
    assert "say `--yes`" in capsys.readouterr().err

    change.plan(task, out=task.parent / "mine.json")
    write(task, CHANGED)
    with pytest.raises(PlanOutdated, match="the task file changed since"):
        change.apply(task.parent / "mine.json")
    write(task, edited(RENAMED))
    monkeypatch.chdir(task.parent)
    change.plan(Path("news.task"))
    change.apply()  # the one that was kept here
    assert "definition 2 holds" in capsys.readouterr().out
    with pytest.raises(PlanOutdated, match="it was applied already: definition 2 holds"):
        change.apply(Path("mine.json"))
    with pytest.raises(PlanOutdated, match="no plan was kept"):
        change.apply()
    (task.parent / "broken.json").write_text("{}", encoding="utf-8")
    with pytest.raises(PlanOutdated, match="is no plan"):
        change.apply(Path("broken.json"))
    write(task, CHANGED)
    capsys.readouterr()
    change.apply(Path("news.task"), yes=True, json=True)
    assert json.loads(capsys.readouterr().out)["number"] == 3


def test_data_that_change_with_the_definition_are_read_by_the_plan(task: Path) -> None:
    first = Project(task)
    first.run()
    judged = {item for (item,) in rows(first, "SELECT DISTINCT item FROM annotation_event")}
    with (task.parent / "news.csv").open(encoding="utf-8") as stream:
        dropped = {r["id"] for r in csv.DictReader(stream) if "phishing" in r["body"]}
    project = write(
        task, edited(("text = body", 'text = body\n  keep when not body contains "phishing"'))
    )
    plan = project.plan()
    assert plan.lost == len(judged & dropped) > 0
    assert plan.kept == len(judged - dropped)
    assert not list(project.state.glob("*.tmp"))
    project.apply(plan)
    assert project.run().ending in ("failed", "exhausted", "spent")
    assert set(labels(project)) == judged - dropped
    assert rows(project, "SELECT count(*) FROM annotation_event") == [(100,)]


def test_existing_labels_are_read_again_after_a_change(task: Path) -> None:
    (task.parent / "known.csv").write_text(
        "id,label\n" + "".join(f"i{n},Sports\n" for n in range(30)), encoding="utf-8"
    )
    block = (
        "rules {",
        'existing_labels {\n  source = csv("known.csv", key = id, label = label)\n'
        "  trust = verified\n}\nrules {",
    )
    first = write(task, edited(block))
    first.run()
    there = first.campaign().existing_labels
    assert there > 10
    project = write(task, TASK)  # the block is taken out
    plan = project.plan()
    assert f"existing labels that count: {there} -> 0" in plan.notes
    project.apply(plan)
    project.run()
    assert project.campaign().existing_labels == 0
    again = write(task, edited(block))
    assert f"existing labels that count: 0 -> {there}" in again.plan().notes
    again.apply(again.plan())
    again.run()
    assert again.campaign().existing_labels == there


KILLER = """
import os, signal, sys
from labelwright import Project
from labelwright.loop.store import Store
project = Project(sys.argv[1])
plan = project.plan()
whole = getattr(Store, sys.argv[2])
def die(*values, **named):
    whole(*values, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(Store, sys.argv[2], die)
project.apply(plan)
"""


@pytest.mark.parametrize("step", ["record_definition", "add_applied"])
def test_killed_in_the_middle_nothing_was_applied(task: Path, step: str) -> None:
    Project(task).run()
    project = write(task, CHANGED)
    before = rows(project, "SELECT * FROM applied"), rows(project, "SELECT hash FROM definition")
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(task), step], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert before == (
        rows(project, "SELECT * FROM applied"),
        rows(project, "SELECT hash FROM definition"),
    )
    project.apply(project.plan())
    assert len(project.history()) == 2


# --- looking back -----------------------------------------------------------------------------


def test_history_lists_every_definition_and_gives_its_text(
    task: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Project(task).run()
    spread = edited(("accuracy >= 99.9%", "accuracy >= 99%"))
    write(task, spread).run()  # a run takes up what changes no label
    project = write(task, edited(RENAMED, text=spread))
    project.apply(project.plan())
    change.history(task)
    shown = capsys.readouterr().out
    assert "~ accept: accuracy >= 99.9% -> accuracy >= 99%" in shown
    assert "taken up by a run" in shown
    assert "> class Business is now 경제" in shown
    assert "holds now" in shown.splitlines()[-3] + shown.splitlines()[-4]
    change.history(task, json=True)
    told = json.loads(capsys.readouterr().out)
    assert [d["kind"] for d in told] == ["begin", "run", "plan"]
    assert sum(d["annotations"] for d in told) == 100
    # The shell empties the file before the command reads it.
    task.write_text("", encoding="utf-8")
    change.history(task, show=2)
    assert capsys.readouterr().out == spread
    change.history(task, show=1, out=task)
    assert task.read_text(encoding="utf-8") == TASK
    with pytest.raises(Exception, match="there is no definition 9"):
        change.history(task, show=9)


def test_diff_of_two_files_and_against_what_was_applied(
    task: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Project(task).run()
    other = task.parent / "other.task"
    other.write_text(CHANGED, encoding="utf-8")
    change.diff(task, other)
    assert "> class Business is now 경제" in capsys.readouterr().out
    change.diff(task)
    assert capsys.readouterr().out == "No difference.\n"
    task.write_text(CHANGED, encoding="utf-8")
    change.diff(task, json=True)
    kinds = [(c["what"], c["kind"]) for c in json.loads(capsys.readouterr().out)]
    assert kinds == [("class", "split"), ("class", "rename"), ("rule", "change")]


PAGE = Path(__file__).parents[2] / "docs" / "changing.md"


def numberless(text: str) -> str:
    """The text with N for every figure: what is chosen may differ from machine to machine."""
    text = re.sub(r"\d[\d,.]*( min \d+)? s\b", "TIME", text)
    return re.sub(r"\b[0-9a-f]{8}\b|\d[\d,.]*", "N", text)


def test_the_page_shows_what_the_commands_print(
    task: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(task.parent)
    page = numberless(PAGE.read_text(encoding="utf-8"))
    name = Path("news.task")
    Project(name).run()
    write(name, edited(("annotations = 100", "annotations = 200"), text=CHANGED))
    change.plan(name)
    assert numberless(capsys.readouterr().out) in page
    change.apply()
    Project(name).run()
    capsys.readouterr()
    change.history(name)
    assert numberless(capsys.readouterr().out) in page
    change.history(name, show=1, out=name)
    change.plan(name)
    shown = numberless(capsys.readouterr().out.partition("\n\nKept in")[0])
    assert shown in page


def test_the_page_lists_what_follows_from_a_change() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for effect, told in EFFECTS.items():
        assert effect == "none" or f"| {effect} | {told} |" in page
