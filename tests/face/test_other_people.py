"""Answers that were made up never pass for people's: another kind of annotators is another campaign."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright import Project
from labelwright.loop.errors import StoreError
from labelwright.loop.store import Store

TASK = """
task small "Small"
class Good
class Bad
data {
  source = csv("items.csv")
  id     = id
  text   = text
}
holdout {
  size        = 25%
  annotations = 4
}
annotators { from = simulate(column = truth) }
budget {
  annotations = 12
  per_round   = 4 items
}
query { phase main { strategy = random } }
accept { accuracy >= 99% }
"""
BY_PEOPLE = TASK.replace("simulate(column = truth)", "terminal")


@pytest.fixture
def task(tmp_path: Path) -> Path:
    rows = "".join(
        f"{n},{'fine' if n % 2 else 'bad'} day {n},{'Good' if n % 2 else 'Bad'}\n"
        for n in range(24)
    )
    (tmp_path / "items.csv").write_text("id,text,truth\n" + rows, encoding="utf-8")
    path = tmp_path / "small.task"
    path.write_text(TASK, encoding="utf-8")
    return path


def test_a_rehearsal_is_not_gone_on_with_by_people(task: Path) -> None:
    Project(task).run()
    answers = len(events(task))
    task.write_text(BY_PEOPLE, encoding="utf-8")
    with pytest.raises(
        StoreError, match="asked `simulate` so far, and the task file says `terminal`"
    ):
        Project(task).run()
    project = Project(task)
    plan = project.plan()
    assert "asked `simulate` so far" in project.doubts[0]
    with pytest.raises(StoreError, match="asked `simulate`"):
        project.apply(plan)
    assert len(events(task)) == answers
    assert project.campaign().rehearsal, "and it is still called one, whatever the file says now"
    assert Project(task, state=task.parent / "people").run().ending == "waiting"


def test_a_rehearsal_from_before_this_was_written_down(task: Path) -> None:
    Project(task).run()
    with Store(task.parent / ".labelwright" / "small") as store, store.writing():
        store.connection.execute("DELETE FROM meta WHERE key = 'annotators'")
    task.write_text(BY_PEOPLE, encoding="utf-8")
    with pytest.raises(StoreError, match="asked `simulate`"):
        Project(task).run()


def test_people_are_not_replaced_while_a_batch_is_out(task: Path) -> None:
    task.write_text(BY_PEOPLE, encoding="utf-8")
    assert Project(task).run().ending == "waiting"
    for other in ("simulate(column = truth)", 'files("exchange")'):
        task.write_text(TASK.replace("simulate(column = truth)", other), encoding="utf-8")
        with pytest.raises(StoreError, match="asked `terminal` so far"):
            Project(task).run()
    task.write_text(BY_PEOPLE, encoding="utf-8")
    assert Project(task).run().ending == "waiting"
    assert not Project(task).campaign().rehearsal


def events(task: Path) -> list[object]:
    with Store(task.parent / ".labelwright" / "small") as store:
        return list(store.events())
