"""What a cell that somebody filled in says: classes, marks, `skip`, or nothing yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from labelwright.connectors.exchange.marks import MarkError, placed, read_marks
from labelwright.connectors.exchange.writing import GUARD
from labelwright.dsl.task import Task
from labelwright.loop.matching import ClassMatcher, fold, is_missing
from labelwright.loop.ports import Span

_SKIP = ("skip", "(skip)")
_NONE = ("none", "(none)")


@dataclass(frozen=True)
class Given:
    """An answer as a cell gives it; `spans` parallel to `labels` where parts of a text are marked."""

    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    skipped: bool = False


class CellError(Exception):
    """What is wrong with a cell: a sentence without its end."""


class Cells:
    """Reads the answers of one task. A word that names a class is that class, also `skip` or `none`."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._matcher = ClassMatcher(task)
        self._choices = {c.id for c in task.choices}
        self._titles = {c.id: c.title for c in task.classes}

    def is_open(self, value: Any) -> bool:
        """Whether the cell holds no answer yet."""
        return is_missing(value) or (value == [] and not self._may_be_empty)

    @property
    def _may_be_empty(self) -> bool:
        if self._task.kind == "spans":
            return True
        return self._task.choose == "many" and self._task.empty == "allowed"

    def read(self, value: Any, text: Callable[[], str]) -> Given:
        """The answer of a filled cell; `text`: of the item, asked for marks. Raises CellError."""
        words = [value] if isinstance(value, str | int | float) else value
        if isinstance(words, list) and len(words) == 1 and isinstance(words[0], str):
            word = words[0].strip().removeprefix(GUARD)
            if self._matcher.match(word) is None and fold(word) in _SKIP:
                return Given(skipped=True)
            if self._matcher.match(word) is None and fold(word) in _NONE:
                words = []
        if not isinstance(words, list):
            raise CellError(f"{value!r} is no answer: write a class, or a list of them")
        if self._task.kind == "spans":
            return self._marks(words, text)
        return self._classes(words)

    def _classes(self, words: Sequence[Any]) -> Given:
        found: list[str] = []
        for word in words:
            found += self._named(word)
        labels = tuple(c for c in self._titles if c in found)
        if not labels and not self._may_be_empty:
            raise CellError("an answer names a class, or is `skip`")
        if self._task.choose == "one" and len(labels) > 1:
            listed = " and ".join(self._titles[c] for c in labels)
            raise CellError(f"it names {listed}, and an answer names one class")
        return Given(labels)

    def _named(self, word: Any) -> list[str]:
        """The classes that a word names: one, or several parted by semicolons."""
        whole = self._matched(word)
        if whole is not None:
            return [whole]
        pieces = [p for p in str(word).split(";") if p.strip()]
        found = [self._matched(piece) for piece in pieces]
        for piece, label in zip(pieces, found, strict=True):
            if label is None:
                raise CellError(f"“{piece.strip()}” is no class, or could mean several")
        return [label for label in found if label is not None]

    def _matched(self, word: Any) -> str | None:
        label = self._matcher.match(word)
        if label is None and isinstance(word, str):
            label = self._matcher.match(word.strip().removeprefix(GUARD))
        if label is not None and label not in self._choices:
            title = self._titles[label]
            raise CellError(f"{title} is divided further: name one of the classes in it")
        return label

    def _marks(self, words: Sequence[Any], text: Callable[[], str]) -> Given:
        if len(words) == 1 and isinstance(words[0], str):
            try:
                words = json.loads(words[0].strip().removeprefix(GUARD))
            except ValueError as error:
                raise CellError(
                    'it is no list of marks such as [["words", "class"]]',
                ) from error
        if not isinstance(words, list):
            raise CellError('it is no list of marks such as [["words", "class"]]')
        try:
            marks = read_marks(words, text(), self._matcher)
            for _, label in marks:
                self._matched(label)
            ordered = placed(marks, self._task.nesting)
        except MarkError as error:
            raise CellError(str(error)) from error
        return Given(tuple(label for _, label in ordered), tuple(span for span, _ in ordered))
