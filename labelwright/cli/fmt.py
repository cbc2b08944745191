"""The command that puts task files in form: fmt."""

from __future__ import annotations

from collections.abc import Callable

from labelwright.cli.common import TaskFile


def fmt(task: TaskFile) -> None:
    """Not here yet."""
    raise NotImplementedError


COMMANDS: dict[str, Callable[..., None]] = {"fmt": fmt}
