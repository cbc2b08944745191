"""Diagnostics are data: a stable code, a span, what is wrong, what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from labelwright.dsl.frozen import Frozen
from labelwright.dsl.tree import File, Span

if TYPE_CHECKING:  # reading alone does not build the task's models
    from labelwright.dsl.task import Task

Severity = Literal["error", "warning", "note"]


class Label(Frozen):
    """A few words attached to a further span, `-- 2 people an item: 30 items to measure on`."""

    span: Span
    text: str


class Fix(Frozen):
    """A certain correction: replace `span` by `text`."""

    span: Span
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `code` is stable: E1xx form, E2xx names and values, E3xx sense, L2xx/L3xx lints.

    `message` says what is wrong, `hint` stands beside the caret (what to write instead), `notes` say
    why it matters, `help` what to do.
    """

    code: str
    severity: Severity
    span: Span
    message: str
    hint: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    fix: Fix | None = None


class SourceText(Frozen):
    """A task file's text, NFC nowhere applied, with its name for messages."""

    name: str
    text: str


@dataclass(frozen=True)
class Reading:
    """What reading a task file gave. `task` is None where errors leave no task; `tree` always is."""

    source: SourceText
    tree: File
    diagnostics: tuple[Diagnostic, ...]
    task: Task | None

    @property
    def errors(self) -> Sequence[Diagnostic]:
        return [d for d in self.diagnostics if d.severity == "error"]
