"""An answer in the making: what each key does to it. Pure; nothing here is stored or shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Literal

from labelwright.connectors.exchange.marks import Mark, MarkError, placed
from labelwright.desk.keymap import ITSELF, MORE, UP, Command, Keymap
from labelwright.desk.tokens import part
from labelwright.dsl.task import Task
from labelwright.loop.constraints import Judge
from labelwright.loop.matching import ClassMatcher
from labelwright.loop.ports import Span

LINE = "line:"
"""What a key begins with that is a whole line."""

_REMOVE = re.compile(r"-\s*(\d+)")
_BEGINS = re.compile(r'[-"\d]')  # what begins a line of its own where parts of a text are marked


@dataclass(frozen=True)
class Fault:
    """What was wrong with the last key: it means nothing, or what it asked for cannot be."""

    kind: Literal["unknown", "refused", "nothing to undo"]
    what: str = ""


@dataclass(frozen=True)
class Draft:
    """chosen: class ids; marks: in the order they were made; typed: a line not ended yet.

    path, page: where in the menu.
    """

    chosen: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    typed: str = ""
    path: tuple[str, ...] = ()
    page: int = 0
    fault: Fault | None = None


@dataclass(frozen=True)
class Answered:
    """A finished answer; spans parallel to labels where parts of a text are marked."""

    labels: tuple[str, ...]
    spans: tuple[Span, ...] = ()


class Desk:
    """How one task is answered, key by key."""

    def __init__(self, task: Task, *, lines: bool = False) -> None:
        self.task = task
        self.keymap = Keymap(task, lines=lines)
        self._judge = Judge(task)
        self._matcher = ClassMatcher(task)
        self._order = [c.id for c in task.classes]
        self._choices = {c.id for c in task.choices}

    def begin(self, labels: Collection[str] = (), spans: tuple[Span, ...] = ()) -> Draft:
        """An empty draft, or one of an earlier answer to change; classes that are gone fall away."""
        if self.task.kind == "spans":
            marks = zip(spans, labels, strict=True)
            return Draft(marks=tuple((s, c) for s, c in marks if c in self._choices))
        if self.task.choose == "one":
            return Draft()
        return Draft(chosen=tuple(c for c in labels if c in self._choices))

    def press(self, draft: Draft, key: str, text: Callable[[], str]) -> Draft | Answered | Command:
        """What a key makes of the draft. text: of the item, asked where parts of it are marked."""
        draft = replace(draft, fault=None)
        if key.startswith(LINE):
            return self._whole_line(draft, key.removeprefix(LINE).strip(), text)
        if self.task.kind == "spans":
            return self._press_spans(draft, key, text)
        if key == "enter":
            return self._enter(draft)
        menu = self.keymap.menu(draft.path, draft.page)
        entry = menu.find(key)
        if entry is not None:
            if entry.opens:
                return replace(draft, path=(*draft.path, entry.label), page=0)
            return self._choose(draft, entry.label)
        if key == ITSELF and menu.itself is not None:
            return self._choose(draft, menu.itself)
        if key == MORE and menu.pages > 1:
            return replace(draft, page=(menu.page + 1) % menu.pages)
        if key in UP and draft.path:
            return replace(draft, path=draft.path[:-1], page=0)
        return self.keymap.command(key) or replace(draft, fault=Fault("unknown", key))

    def _whole_line(
        self, draft: Draft, line: str, text: Callable[[], str]
    ) -> Draft | Answered | Command:
        """A line where no single keys can be read: a key, some keys, a class, or the part of a text."""
        if not line:
            return self.press(draft, "enter", text)
        menu = self.keymap.menu(draft.path, draft.page)
        command = self.keymap.command(line)
        if self.task.kind == "spans":
            return self.press(draft, line, text) if command else self._line(draft, line, text())
        if command is not None or menu.find(line) or line in (ITSELF, MORE, *UP):
            return self.press(draft, line, text)
        label = self._matcher.match(line)
        if label in self._choices and label is not None:
            return self._choose(draft, label)
        if self.task.choose == "many" and all(menu.find(k) for k in line):
            made: Draft | Answered | Command = draft
            for each in line:
                made = self.press(made, each, text) if isinstance(made, Draft) else made
            return made
        return replace(draft, fault=Fault("unknown", line))

    # --- classes ------------------------------------------------------------------------------

    def _choose(self, draft: Draft, label: str) -> Draft | Answered:
        if self.task.choose == "one":
            return self._judged(draft, (label,))
        chosen = set(draft.chosen) ^ {label}
        return replace(draft, chosen=tuple(c for c in self._order if c in chosen))

    def _enter(self, draft: Draft) -> Draft | Answered:
        return draft if self.task.choose == "one" else self._judged(draft, draft.chosen)

    def _judged(self, draft: Draft, labels: tuple[str, ...]) -> Draft | Answered:
        """An answer that would not count is not taken: it says why at once."""
        why = self._judge.violations(labels)
        return replace(draft, fault=Fault("refused", "; ".join(why))) if why else Answered(labels)

    # --- parts of a text ----------------------------------------------------------------------

    def _press_spans(
        self, draft: Draft, key: str, text: Callable[[], str]
    ) -> Draft | Answered | Command:
        if key == "enter" and draft.typed:
            return self._line(replace(draft, typed=""), draft.typed.strip(), text())
        if key == "enter":
            marks = placed(draft.marks, self.task.nesting)
            return Answered(tuple(c for _, c in marks), tuple(s for s, _ in marks))
        if draft.typed:
            if key == "backspace":
                return replace(draft, typed=draft.typed[:-1])
            if key == "esc":
                return replace(draft, typed="")
            return replace(draft, typed=draft.typed + key) if len(key) == 1 else draft
        command = self.keymap.command(key)
        if command == "undo" and draft.marks:
            return replace(draft, marks=draft.marks[:-1])
        if command is not None:
            return command
        if len(key) == 1 and (_BEGINS.match(key) or not key.isascii()):
            return replace(draft, typed=key)
        return replace(draft, fault=Fault("unknown", key))

    def _line(self, draft: Draft, typed: str, text: str) -> Draft:
        removed = _REMOVE.fullmatch(typed)
        if removed:
            number = int(removed[1])
            kept = tuple(m for n, m in enumerate(draft.marks, start=1) if n != number)
            return replace(draft, marks=kept)
        what, _, word = typed.rpartition(" ")
        label = self._named(word)
        if not what or label is None:
            return replace(draft, fault=Fault("unknown", typed))
        try:
            span = part(text, what.strip(), [s for s, _ in draft.marks])
            placed((*draft.marks, (span, label)), self.task.nesting)
        except MarkError as error:
            return replace(draft, fault=Fault("refused", str(error)))
        return replace(draft, marks=(*draft.marks, (span, label)))

    def _named(self, word: str) -> str | None:
        entry = self.keymap.menu().find(word)
        label = entry.label if entry is not None else self._matcher.match(word)
        return label if label in self._choices else None
