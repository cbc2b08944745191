"""Commands that change a definition after labels exist: plan, apply, diff, history."""

from __future__ import annotations

from collections.abc import Callable

from labelwright.cli.common import TaskFile


def plan(task: TaskFile) -> None:
    """Not here yet."""
    raise NotImplementedError


def apply(task: TaskFile) -> None:
    """Not here yet."""
    raise NotImplementedError


def diff(task: TaskFile) -> None:
    """Not here yet."""
    raise NotImplementedError


def history(task: TaskFile) -> None:
    """Not here yet."""
    raise NotImplementedError


COMMANDS: dict[str, Callable[..., None]] = {
    "plan": plan,
    "apply": apply,
    "diff": diff,
    "history": history,
}
