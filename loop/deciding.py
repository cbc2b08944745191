"""Whether to go on: decided from the last round's record and the task as it reads now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelwright.dsl.task import Task
from labelwright.loop.budget import Spent, next_items, training_annotations
from labelwright.loop.history import Measurement

Ending = Literal["running", "waiting", "passed", "failed", "spent", "exhausted"]


@dataclass(frozen=True)
class Decision:
    """Go on ("running"), wait for people, or stop, and why, in one sentence."""

    ending: Ending
    reason: str

    @property
    def exit_code(self) -> int:
        """What `run` ends with."""
        return {"passed": 0, "running": 0, "waiting": 4}.get(self.ending, 3)


def decide(
    task: Task,
    measurement: Measurement,
    used: Spent,
    rounds: int,
    available: int,
    settled: str | None = None,
) -> Decision:
    """Stop when every criterion passes, the budget is spent, or nothing is left to ask.

    rounds: finished so far. available: pool items nobody was asked about. settled: why the stopping rule
    that the task names stops here.
    """
    verdicts = measurement.verdicts
    if verdicts and all(v.status == "PASS" for v in verdicts):
        return Decision("passed", "every criterion holds on the holdout")
    stopped = spent_up(task, used, rounds, available)
    if stopped is None and settled is not None:
        stopped = "spent", settled
    if stopped is None:
        return Decision("running", "criteria are open and the budget has room")
    ending, why = stopped
    if not verdicts:
        return Decision("passed", f"{why}; the task names no criterion")
    failed = [v.criterion for v in verdicts if v.status == "FAIL"]
    unknown = [v.criterion for v in verdicts if v.status == "NOT YET KNOWN"]
    if failed:
        return Decision("failed", f"{why}, and these criteria fail: {'; '.join(failed)}")
    return Decision(ending, f"{why}, and these are not yet known: {'; '.join(unknown)}")


def spent_up(
    task: Task, used: Spent, rounds: int, available: int
) -> tuple[Literal["spent", "exhausted"], str] | None:
    """Whether the budget or the pool is used up, and why; it hangs on no label of the holdout."""
    if not available:
        return "exhausted", "no item is left to ask about"
    if task.budget.rounds is not None and rounds >= task.budget.rounds:
        return "spent", f"all {task.budget.rounds} rounds are done"
    if next_items(task, used, available):
        return None
    if training_annotations(task, used) - used.training < task.annotators.overlap:
        return "spent", f"the budget of {task.budget.annotations:,} annotations is spent"
    if task.budget.hours is not None and used.hours >= task.budget.hours:
        return "spent", f"the budget of {task.budget.hours:g} hours is spent"
    return "spent", "the money is spent"
