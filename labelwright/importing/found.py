"""What a file of somebody else's says of a task: classes, the form of an answer, the inputs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labelwright.dsl.scaffold import Answer
from labelwright.dsl.scaffold_classes import ProposedClass, in_order
from labelwright.loop.errors import LabelwrightError

MOST_CLASSES = 500
MOST_BYTES = 5_000_000
MOST_DEPTH = 12  # classes within classes


class ImportingError(LabelwrightError):
    """A file that no task can be made of: names file, line and what to do."""


@dataclass(frozen=True)
class Imported:
    """What was found in a file. Columns are those that the file names, which data may not have."""

    classes: tuple[ProposedClass, ...]
    answer: Answer = field(default_factory=Answer)
    title: str = ""
    guide: str = ""
    text: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    label: str | None = None  # the column that holds labels
    remarks: tuple[str, ...] = ()  # what was left out, and what to look at


def fault(path: Path, line: int | None, what: str, remedy: str) -> ImportingError:
    """An error at a line of a file."""
    return ImportingError(f"{path}{f', line {line}' if line else ''}: {what}", remedy)


def read_text(path: Path) -> str:
    """The text of a file. Raises ImportingError: absent, too large, or no UTF-8."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise fault(path, None, "there is no such file", "check its name and folder") from error
    except OSError as error:
        raise fault(
            path, None, f"it cannot be read: {error.strerror}", "name a file that can be read"
        ) from error
    if len(raw) > MOST_BYTES:
        raise fault(
            path,
            None,
            f"it is larger than {MOST_BYTES // 1_000_000} MB, more than any list of classes",
            "name the file that defines the classes; labelled items are csv, parquet or jsonl",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise fault(
            path, line, f"byte 0x{raw[error.start]:02x} is not UTF-8", "save the file as UTF-8"
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise fault(path, line, "it holds a NUL character: this is no text file", "check the file")
    return text


def refuse_repeats(
    path: Path, classes: Sequence[ProposedClass], lines: Sequence[int | None], what: str
) -> None:
    """Raise ImportingError where two siblings read the same; `lines` by their order in the file."""
    place = iter(lines)
    numbered = [(each, next(place, None)) for each in in_order(classes)]
    if not numbered:
        raise fault(path, None, f"there is no {what} in it", f"name a file that lists each {what}")
    if len(numbered) > MOST_CLASSES:
        raise fault(
            path,
            numbered[MOST_CLASSES][1],
            f"there are {len(numbered):,} of them, and a task has at most {MOST_CLASSES} classes",
            "name a file with fewer, or join those that people need not tell apart",
        )
    line_of = {id(each): line for each, line in numbered}

    def walk(siblings: Sequence[ProposedClass]) -> None:
        first: dict[str, ProposedClass] = {}
        for each in siblings:
            key = _fold(each.shown)
            if key in first:
                before = line_of[id(first[key])]
                where = f" (line {before})" if before else ""
                raise fault(
                    path,
                    line_of[id(each)],
                    f"the {what} {each.shown!r} is there already{where}",
                    "people could not tell them apart: change one of them, or leave it out",
                )
            first[key] = each
            walk(each.children)

    walk(classes)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()
