"""A campaign on a real Label Studio, for tests in which people answer in a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import labelwright as lw
from labelwright.connectors.label_studio.source import LabelStudioPeople
from labelwright.loop.outbox import Held, Sent
from labelwright.loop.store import Event

T = TypeVar("T")


@dataclass
class Campaign:
    """A task file named `t`, run as `labelwright run` does."""

    file: Path

    @classmethod
    def begin(cls, folder: Path, task: str, **tables: str) -> Campaign:
        """Write the task file, and a CSV file for each table, into a folder."""
        for name, text in tables.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        (folder / "t.task").write_text(task, encoding="utf-8")
        return cls(folder / "t.task")

    def run(self) -> str:
        """Go on until people or nobody are needed; how that ended."""
        return lw.Project(self.file).run().ending

    @property
    def number(self) -> int:
        """The project's number on the server."""
        number = self.ask(lambda people: people.site.project_id)
        assert number is not None
        return number

    def sent(self, round_: int) -> list[Sent]:
        """A batch, in the order it was sent."""
        return self.ask(lambda people: people.site.outbox.sent(f"t-{round_}"))

    def held(self) -> list[Held]:
        """All answers as the server holds them."""
        return self.ask(lambda people: people.site.outbox.held())

    def events(self, round_: int = 0) -> list[Event]:
        """The answers to a batch that are in force."""
        with lw.Project(self.file).looking() as bench:
            return [e for e in bench.events() if e.round == round_]

    def ask(self, question: Callable[[LabelStudioPeople], T]) -> T:
        """What the annotator source knows."""
        with lw.Project(self.file).looking() as bench:
            people = bench.annotators
            assert isinstance(people, LabelStudioPeople)
            try:
                return question(people)
            finally:
                people.close()
