"""Answers that break a constraint, through a whole campaign: kept, told, not counted, mended."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from labelwright import Project
from labelwright.connectors.annotate.simulate import Simulated
from labelwright.doctor import examine
from labelwright.exporting import status_json
from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Answer, Flag, Request
from labelwright.terminal import status_view

TASK = """task colours "Colours"

class warm "Warm" { class red
 class amber }
class cold "Cold"

data {
  source = csv("my.csv")
  id     = id
  text   = body
}
annotators { from = simulate(column = topic, people = 1, error = 0%) }
holdout { size = 30%
 annotations = 20 }
budget { annotations = 60
 per_round = 20 items }
"""
TOPICS = ("red", "amber", "cold")


@pytest.fixture
def task(tmp_path: Path) -> Path:
    rows = "".join(f"{i},{TOPICS[i % 3]} thing {i},{TOPICS[i % 3]}\n" for i in range(150))
    (tmp_path / "my.csv").write_text("id,body,topic\n" + rows, encoding="utf-8")
    (tmp_path / "my.task").write_text(TASK, encoding="utf-8")
    return tmp_path / "my.task"


def answering(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Answer], tuple[str, ...]]
) -> list[tuple[str, tuple[Flag, ...]]]:
    """Simulated people whose answers are changed on the way; what they are told comes back."""
    told: list[tuple[str, tuple[Flag, ...]]] = []
    collect = Simulated.collect

    def changed(self: Simulated, batch: str, requests: Sequence[Request]) -> list[Answer]:
        return [
            Answer(a.item, a.annotator, change(a), a.seconds, a.skipped, a.reference)
            for a in collect(self, batch, requests)
        ]

    def flag(self: Simulated, batch: str, flags: Sequence[Flag]) -> None:
        told.append((batch, tuple(flags)))

    monkeypatch.setattr(Simulated, "collect", changed)
    monkeypatch.setattr(Simulated, "flag", flag, raising=False)
    return told


def wrongly(answer: Answer) -> tuple[str, ...]:
    """Item by item: two classes, a class that is divided further, or what is so."""
    return {"0": ("cold", "warm.red"), "1": ("warm",)}.get(answer.item[-1], answer.labels)


def test_they_are_stored_paid_for_told_and_not_counted(
    task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = answering(monkeypatch, wrongly)
    project = Project(task)
    project.run()
    campaign = project.campaign()
    with project.looking() as bench:
        events = bench.store.events()
        last = len(campaign.rounds) - 1
        training, held = bench.labels(last, bench.store.last_event())
        labelled = {bench.items(last).id_of(r) for r in (*training.rows, *held.rows)}
    wrong = {e.item for e in events if e.item[-1] in "01"}
    assert wrong
    assert labelled == {e.item for e in events} - wrong
    paid = campaign.rounds[-1].annotations + campaign.rounds[-1].holdout_annotations
    assert paid == len(events)  # none was given back
    assert {f.item for f in campaign.flagged} == wrong
    assert {f.item for _, flags in told for f in flags} == wrong
    assert [batch for batch, _ in told] == [f"colours-{r.round}" for r in campaign.rounds]
    for flag in campaign.flagged:
        assert flag.why == (
            ("names red and Cold; an answer names one class",)
            if flag.item[-1] == "0"
            else ("names Warm, which is divided further: one of the classes in it is meant",)
        )


def test_status_and_doctor_say_who_which_and_why(
    task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, wrongly)
    project = Project(task)
    project.run()
    campaign = project.campaign()
    first = campaign.flagged[0]
    line = f"annotator person_1 · item {first.item} · {first.why[0]}"
    shown = status_view(project.task, campaign, width=120)
    assert "Not counted" in shown
    assert line in shown
    assert status_json(project.task, campaign)["flagged"][0] == {
        "item": first.item, "annotator": "person_1", "why": list(first.why)}  # fmt: skip
    found = [f for f in examine(project) if f.about == "answers"]
    assert not any(f.ok for f in found)
    assert found[0].found == f"{len(campaign.flagged)} break a constraint and count for no label"
    assert line in [f.found for f in found]


def test_an_edit_that_mends_counts_at_once(task: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, wrongly)
    project = Project(task)
    project.run()
    wrong = project.campaign().flagged[0]
    with project.looking() as bench:
        (event,) = [e for e in bench.store.events() if e.item == wrong.item]
        bench.store.add_events([dataclasses.replace(event, labels=("cold",))])
        last = len(project.campaign().rounds) - 1
        parts = bench.labels(last, bench.store.last_event())
        labelled = {bench.items(last).id_of(row) for part in parts for row in part.rows}
    assert wrong.item in labelled
    assert wrong.item not in {f.item for f in project.campaign().flagged}


def test_sound_answers_are_told_to_be_sound(task: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = answering(monkeypatch, lambda answer: answer.labels)
    project = Project(task)
    project.run()
    assert project.campaign().flagged == ()
    assert told
    assert all(flags == () for _, flags in told)
    assert "Not counted" not in status_view(project.task, project.campaign())
    assert not [f for f in examine(project) if f.about == "answers" and not f.ok]


def test_a_class_that_does_not_exist_still_stops_the_run(
    task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, lambda answer: ("purple",))
    with pytest.raises(StrategyError, match="names what was not asked: purple"):
        Project(task).run()
