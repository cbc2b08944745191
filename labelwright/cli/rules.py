"""The command that shows what each rule would vote: rules."""

from __future__ import annotations

from collections.abc import Callable

from labelwright.cli.common import TaskFile


def rules(task: TaskFile) -> None:
    """Not here yet."""
    raise NotImplementedError


COMMANDS: dict[str, Callable[..., None]] = {"rules": rules}
