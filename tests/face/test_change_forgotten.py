"""What people forget when they change a definition: said before it is applied, and mended after."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright import Project
from labelwright.cli import change
from labelwright.connectors.annotate.simulate import Simulated
from labelwright.loop.errors import DataError, LabelwrightError
from tests.face.changing import TASK, edited, labels, rows, task, write

__all__ = ["task"]


def test_an_alias_that_was_forgotten_is_said_by_the_plan_and_can_be_added(task: Path) -> None:
    Project(task).run()
    forgotten = edited(("class Sports { aliases = [sport] }", "class Games { was = Sports }"))
    project = write(task, forgotten)
    plan = project.plan()
    assert "no class to choose: sport" in project.doubts[0]
    with pytest.raises(DataError, match=r"no class to choose: sport"):
        project.apply(plan)
    mended = edited(
        (
            "class Sports { aliases = [sport] }",
            "class Games {\n  was = Sports\n  aliases = [sport]\n}",
        ),
    )
    project = write(task, mended)
    project.apply(project.plan())
    assert project.run().ending == "failed"


def test_a_campaign_that_no_answer_can_be_read_in_is_mended_by_a_change(
    task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project(task).run()
    budget = ("annotations = 100", "annotations = 130")
    project = write(task, edited(("aliases = [sport]", 'hotkey = "s"'), budget))
    with monkeypatch.context() as blind:
        blind.setattr(Simulated, "check", lambda self: None)
        project.apply(project.plan())
    with pytest.raises(DataError, match="no class to choose"):
        project.run()
    project = write(task, edited(budget))
    plan = project.plan()
    assert "answers on their way were left" in project.doubts[0]
    project.apply(plan)
    assert len(labels(project)) > 0
    project.run()


def test_data_read_anew_with_the_budget_spent_wait_for_a_larger_one(task: Path) -> None:
    Project(task).run()
    other = ("text = body", "text = [body, id]")
    project = write(task, edited(other))
    plan = project.plan()
    assert plan.reopened > 0
    project.apply(plan)
    assert project.run().ending in ("spent", "failed")
    asked = len(rows(project, "SELECT 1 FROM annotation_event"))
    write(task, edited(other, ("annotations = 100", "annotations = 160"))).run()
    assert len(rows(project, "SELECT 1 FROM annotation_event")) > asked


def test_going_back_does_not_overwrite_what_was_not_applied(
    task: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Project(task).run()
    edits = TASK + "\n# not applied yet\n"
    task.write_text(edits, encoding="utf-8")
    with pytest.raises(LabelwrightError, match="never applied"):
        change.history(task, show=1, out=task)
    assert task.read_text(encoding="utf-8") == edits
    change.history(task, show=1, out=task, force=True)
    assert task.read_text(encoding="utf-8") == TASK
    capsys.readouterr()
