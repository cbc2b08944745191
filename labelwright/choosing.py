"""The next items and why, before anybody is asked: `choose`. Nothing of the campaign changes."""

from __future__ import annotations

import contextlib
import copy
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.loop.errors import StoreError
from labelwright.loop.history import Choosing

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.foreseeing import Foreseen
    from labelwright.loop.items import Snapshot
    from labelwright.loop.workbench import Workbench
    from labelwright.project import Project


@dataclass(frozen=True)
class NextItem:
    """An item that would be asked. fields: what people would see of it, as text by column."""

    item: str
    fields: tuple[tuple[str, str], ...]
    utility: float | None
    probability: float
    reason: str


@dataclass(frozen=True)
class NextBatch:
    """What would be asked next, in the order in which it would be handed out."""

    round: int
    phase: str
    strategy: str
    open: int  # items it is chosen from
    items: tuple[NextItem, ...]
    holdout: int  # items that would be asked beside them, to measure: not named here
    choosing: Choosing | None
    notes: tuple[str, ...]


def choose(project: Project, n: int | None = None) -> NextBatch:
    """What the next run would ask for training; n: how many items, default as many as that run.

    Raises what a run would raise before it asks anybody.
    """
    from labelwright.loop.foreseeing import foresee

    definition = project.definition
    with _apart(project) as other, other.bench() as bench:
        return _batch(bench, foresee(bench, definition.text, definition.name, n))


@contextlib.contextmanager
def _apart(project: Project) -> Iterator[Project]:
    """The same project on a copy of its store, in a folder that is gone afterwards."""
    from labelwright.project import cache_folder

    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="choose-", dir=cache_folder()) as folder:
        other = copy.copy(project)
        other.state = Path(folder) / project.task.name
        if project.began():
            _copy_store(project.state, other.state)
        yield other


def _copy_store(state: Path, to: Path) -> None:
    """A copy of the database, and links to the files that it names."""
    to.mkdir(parents=True)
    path = (state / "state.db").resolve()
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)
            ) as db,
            contextlib.closing(sqlite3.connect(to / "state.db")) as made,
        ):
            db.backup(made)
            tables = {row[0] for row in made.execute("SELECT name FROM sqlite_master")}
            names = made.execute("SELECT name FROM file").fetchall() if "file" in tables else []
    except sqlite3.Error as error:
        raise StoreError(
            f"{path} cannot be read: {error}", "look at it with `labelwright doctor`"
        ) from error
    for (name,) in names:
        if (state / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            _link((state / name).resolve(), to / name)


def _link(file: Path, at: Path) -> None:
    try:
        os.symlink(file, at)
    except OSError:  # a system that lets nobody but its administrator make links
        shutil.copyfile(file, at)


def _batch(bench: Workbench, foreseen: Foreseen) -> NextBatch:
    items, outcome = bench.items(foreseen.round), foreseen.outcome
    asked = [c for c in foreseen.choices if c.purpose == "train"]
    fields = _fields(bench.task, items.take(items.rows_of([c.item for c in asked])))
    told = outcome.get("choosing")
    choosing = Choosing.model_validate(told) if told else None
    return NextBatch(
        round=foreseen.round,
        phase=outcome["phase"],
        strategy=outcome["strategy"],
        open=outcome["open"],
        items=tuple(
            NextItem(c.item, shown, c.utility, c.probability, c.reason)
            for c, shown in zip(asked, fields, strict=True)
        ),
        holdout=len(foreseen.choices) - len(asked),
        choosing=choosing,
        notes=(*foreseen.notes, *(choosing.notes if choosing else ())),
    )


def _fields(task: Task, items: Snapshot) -> list[tuple[tuple[str, str], ...]]:
    """What people would see of each item, as far as it is text; of pictures the path."""
    inputs = items.inputs
    names = dict.fromkeys((*inputs.text, *inputs.columns, *inputs.image, *task.data.show))
    return [
        tuple(
            (name, str(value))
            for name, value in row.items()
            if value is not None and not isinstance(value, dict)
        )
        for row in items.columns(list(names)).to_pylist()
    ]
