"""What a Task can hold that no labelling page can show."""

from __future__ import annotations


class CompileError(Exception):
    """A task that cannot be compiled: `message` says what, `remedy` what to write instead."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
