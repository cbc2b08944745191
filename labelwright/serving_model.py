"""Suggestions of an exported model, for projects that are no running campaign's.

It knows no holdout and no hidden items: every task that has the columns is answered.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.payload import kinds, prediction
from labelwright.dsl.compile.fields import shown
from labelwright.loop.errors import DataError
from labelwright.loop.suggesting import by_model
from labelwright.model.folder import read
from labelwright.model.manifest import ModelError
from labelwright.model.predictor import Predictor, inputs_of
from labelwright.model.reading import in_memory

Json = dict[str, Any]


class ServingModel:
    """Answers whole Label Studio tasks; may be called from several threads.

    models: what the folder of a pretrained encoder is relative to. tell: told why a task gets no
    prediction, once for each column. Raises ModelError: no model in the folder, or one that reads pictures
    or marks spans.
    """

    def __init__(self, folder: Path, *, models: Path | None, tell: Callable[[str], None]) -> None:
        content = read(folder)
        _refuse_unservable(content.manifest.encoder.columns, content.task.kind)
        self._predictor = Predictor.of(content, folder, data_root=None, models=models)
        self.notes = self._predictor.notes
        fields = kinds(inputs_of(content.manifest))
        self._page = Page.of(content.task, fields)
        self._keys = {p.columns[0]: p.key for p in shown(content.task, fields) if p.kind == "text"}
        self._tell = tell
        self._told: set[str] = set()
        self._lock = threading.Lock()

    @property
    def version(self) -> str:
        """What the model is called."""
        return self._predictor.version

    def predict(self, tasks: Sequence[Json], config: str) -> list[Json | None]:
        """The prediction for each task, None where it lacks a column or holds something else there.

        config: the project's label config: its names for the question and the classes are used; the
        compiler's where it is empty. Raises DataError where it does not ask what the model answers.
        """
        control = _Control.of(config, self._page) if config else None
        with self._lock:
            rows = [self._row(task) for task in tasks]
            known = [row for row in rows if row is not None]
            found = iter(self._suggested(known) if known else ())
        answers = [None if row is None else next(found) for row in rows]
        return [one if one is None or control is None else control.named(one) for one in answers]

    def _suggested(self, rows: Sequence[Json]) -> list[Json]:
        made = self._predictor
        X = made.see(in_memory(rows, made.manifest, None))
        suggested = by_model(made.task, made.model, X, made.manifest.round)
        return [prediction(self._page, each) for each in suggested]

    def _row(self, task: Json) -> Json | None:
        """What the model reads of a task."""
        data = task.get("data")
        row: Json = {}
        for column in self._predictor.manifest.encoder.columns:
            value = None
            if isinstance(data, dict):
                value = data.get(column.name, data.get(self._keys.get(column.name, column.name)))
            if value is None:
                self._without(task, column.name, "has no")
                return None
            row[column.name] = value
        try:
            in_memory([row], self._predictor.manifest, None)
        except DataError as error:
            self._without(task, ", ".join(row), f"cannot be read ({error.message}):")
            return None
        return row

    def _without(self, task: Json, column: str, why: str) -> None:
        if column not in self._told:
            self._told.add(column)
            number = str(task.get("id"))
            self._tell(f"task {number:.40} {why} {column}, which the model reads: no prediction")


@dataclass(frozen=True)
class _Control:
    """The question of a project's page. stored: class id -> what an answer there calls it."""

    name: str
    to: str
    stored: Mapping[str, str]

    @classmethod
    def of(cls, config: str, page: Page) -> _Control:
        reader = _Controls(page.key)
        reader.feed(config)
        if len(reader.found) != 1:
            raise DataError(
                f"the project's page has {len(reader.found)} controls <{page.key.capitalize()}>, and "
                "the model answers one",
                "serve it to a project with one such control",
            )
        if page.key == "taxonomy":
            return cls(*reader.found[0], {})
        stored = {
            found: alias or value
            for alias, value in reader.options
            if (found := page.matcher.match(alias) or page.matcher.match(value)) is not None
        }
        if lacking := [c for c in page.paths if c in page.choices and c not in stored]:
            raise DataError(
                f"the project's page has no choice for {', '.join(lacking)}, which the model gives",
                "serve it to a project whose choices are called as its classes are",
            )
        return cls(*reader.found[0], stored)

    def named(self, one: Json) -> Json:
        """A prediction in the project's words."""
        parts = []
        for part in one["result"]:
            value = part["value"]
            if self.stored:
                value = {key: [self.stored[c] for c in given] for key, given in value.items()}
            parts.append({**part, "from_name": self.name, "to_name": self.to, "value": value})
        return {**one, "result": parts}


class _Controls(HTMLParser):
    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self.found: list[tuple[str, str]] = []
        self.options: list[tuple[str, str]] = []  # alias, value

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name, to = told.get("name"), told.get("toname")
        if tag == self._key and name and to:
            self.found.append((name, to))
        if tag == "choice":
            self.options.append((told.get("alias") or "", told.get("value") or ""))


def _refuse_unservable(columns: Sequence[Any], kind: str) -> None:
    pictures = [c.name for c in columns if c.kind == "image"]
    if pictures:
        raise ModelError(
            f"the model reads pictures ({', '.join(pictures)}), which are not fetched from Label Studio",
            "serve the campaign: labelwright serve TASK",
        )
    if kind != "classification":
        raise ModelError(
            f"serve --model answers no {kind} yet",
            "serve the campaign (labelwright serve TASK), or use labelwright predict",
        )
