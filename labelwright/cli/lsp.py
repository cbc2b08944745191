"""The command that serves editors: lsp."""

from __future__ import annotations

from collections.abc import Callable

from labelwright.cli.common import TaskFile


def lsp(task: TaskFile) -> None:
    """Not here yet."""
    raise NotImplementedError


COMMANDS: dict[str, Callable[..., None]] = {"lsp": lsp}
