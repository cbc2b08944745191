"""A task file read from disk, or an error that shows what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.loop.errors import LabelwrightError

if TYPE_CHECKING:
    from labelwright.dsl.diagnostics import Reading, SourceText
    from labelwright.dsl.task import Task


class TaskFileError(LabelwrightError):
    """A task file with errors; `reading` holds the diagnostics as data."""

    def __init__(self, message: str, reading: Reading | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.reading = reading


@dataclass(frozen=True)
class Definition:
    """A Task with where it came from. `name` is what messages call it."""

    task: Task
    text: str
    name: str
    folder: Path
    digest: str

    @classmethod
    def of(cls, task: Task, *, text: str | None = None, path: Path | None = None) -> Definition:
        """A definition of a Task; without a file, its text is what `show` prints."""
        from labelwright.dsl.definition import definition_hash
        from labelwright.dsl.show import show

        return cls(
            task=task,
            text=show(task) if text is None else text,
            name=f"{task.name}.task" if path is None else str(path),
            folder=Path() if path is None else path.parent,
            digest=definition_hash(task),
        )


def source_of(path: Path) -> SourceText:
    """The text of a task file. Raises TaskFileError where it cannot be read."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise TaskFileError(
            f"there is no file {path}", remedy="`labelwright init` writes a first one"
        ) from error
    except OSError as error:
        raise TaskFileError(f"{path} cannot be read: {error.strerror}") from error
    return decoded(str(path), raw)


def decoded(name: str, raw: bytes) -> SourceText:
    """The text that bytes say. Raises TaskFileError where they are not UTF-8."""
    from labelwright.dsl.diagnostics import SourceText

    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise TaskFileError(
            f"{name}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8",
            remedy="save the file as UTF-8",
        ) from error
    return SourceText(name, text)


def reading_of(path: Path) -> Reading:
    """Read and check a task file. Raises TaskFileError only where there is no text to read."""
    from labelwright.dsl.read import read
    from labelwright.loop.plugins import Installed

    return read(source_of(path), Installed())


def read_file(path: Path) -> Definition:
    """The definition in a file. Raises TaskFileError with every diagnostic where it has errors."""
    from labelwright.dsl.render import render

    reading = reading_of(path)
    if reading.task is None or reading.errors:
        shown = render(reading.errors, reading.source, color=False)
        raise TaskFileError(f"{path} has errors\n\n{shown}", reading)
    return Definition.of(reading.task, text=reading.source.text, path=path)
