"""Commands that teach the language: explain."""

from __future__ import annotations

from collections.abc import Callable

from labelwright.cli.common import TaskFile


def explain(task: TaskFile) -> None:
    """Not here yet."""
    raise NotImplementedError


COMMANDS: dict[str, Callable[..., None]] = {"explain": explain}
