"""Classes proposed from a column of a data file: what `init --data FILE` starts from.

Reads a csv, parquet or jsonl file through the reader that the campaign will use, in bounded memory,
so that what is proposed is what will be matched. It decides nothing: the task file it leads to is
for a person to read and fill in.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labelwright.connectors.read.columns import require
from labelwright.connectors.read.csv import csv
from labelwright.connectors.read.jsonl import jsonl
from labelwright.connectors.read.parquet import parquet
from labelwright.dsl.naming import quoted
from labelwright.dsl.scaffold import scaffold
from labelwright.dsl.scaffold_classes import ProposedClass
from labelwright.dsl.task import (
    Annotators,
    Budget,
    Call,
    Class,
    Data,
    Encoders,
    Holdout,
    Query,
    Task,
    Train,
)
from labelwright.guess import Row, guess_id, guess_inputs, is_missing
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Fault, Source

MOST_CLASSES = 500
MOST_ROWS = 1_000_000
_SAMPLES = 3
_SAMPLE_LENGTH = 200
_HEAD = 2_000  # rows that guesses rest on
_LONG_LABEL = 200  # characters, on average
_READERS: dict[str, tuple[str, Callable[..., Source]]] = {
    ".csv": ("csv", csv),
    ".parquet": ("parquet", parquet),
    ".jsonl": ("jsonl", jsonl),
    ".ndjson": ("jsonl", jsonl),
}


@dataclass(frozen=True)
class Proposal:
    """What a data file suggests: `rows` were read, all of them if `complete`."""

    path: Path
    source_call: str
    names: tuple[str, ...]  # all columns
    id: str | None
    text: tuple[str, ...]
    image: tuple[str, ...]
    columns: tuple[str, ...]
    label: str | None
    classes: tuple[ProposedClass, ...]
    rows: int
    complete: bool
    unlabelled: int  # rows without a label
    set_aside: int  # rows that cannot be read

    def task_file(self, name: str, *, title: str, annotators: str | None = None) -> str:
        """The text of a task file for this proposal."""
        return scaffold(
            name,
            title=title,
            classes=self.classes,
            source_call=self.source_call,
            id=self.id,
            text=self.text,
            image=self.image,
            columns=self.columns,
            label=self.label,
            annotators=annotators,
            items=self.rows if self.complete else None,
        )


def propose(
    path: Path,
    *,
    text: Sequence[str] = (),
    image: Sequence[str] = (),
    columns: Sequence[str] = (),
    label: str | None = None,
    id: str | None = None,
    data_root: Path | None = None,
) -> Proposal:
    """Read `path` and propose classes, and what of id, text, image and columns was not given.

    The task file will name the path relative to `data_root` (default: the file's own folder).
    Classes stand by falling count. Raises DataError: the file cannot be read, a column is missing,
    or `label` is no column of classes.
    """
    root = (data_root or path.parent).resolve()
    call, source, faults = _source(path, root, id, text)
    names = tuple(source.schema().names)
    require(
        [c for c in (id, label, *text, *image, *columns) if c is not None],
        source.schema(),
        path.name,
    )
    head = _head(source, names)
    if not head:
        raise DataError(f"{path}: there are no rows", "name a file that holds items")
    if not (text or image or columns):
        text, image, columns = guess_inputs(head, names, {label, id})
    id = id or guess_id(head, names, {label, *text, *image})
    columns = tuple(c for c in columns if c != id)
    found = _count(source, label, (*text, *image, *columns), path, faults)
    return Proposal(
        path=path,
        source_call=call,
        names=names,
        id=id,
        text=tuple(text),
        image=tuple(image),
        columns=columns,
        label=label,
        classes=found.classes(),
        rows=found.rows,
        complete=found.rows < MOST_ROWS,
        unlabelled=found.missing,
        set_aside=len(faults),
    )


# --- reading ----------------------------------------------------------------------------------


def _source(
    path: Path, root: Path, id_: str | None, text: Sequence[str]
) -> tuple[str, Source, list[Fault]]:
    """How a task file names the source, the source, and where its faults will be."""
    if path.suffix.casefold() not in _READERS:
        raise DataError(
            f"{path}: classes can be proposed from csv, parquet and jsonl files",
            "name such a file, or give the classes one by one",
        )
    form, reader = _READERS[path.suffix.casefold()]
    whole = path.resolve()
    if not whole.is_relative_to(root):
        raise DataError(
            f"{path} is not under the data root {root}",
            "move the file there, or set --data-root to a folder that holds it",
        )
    inside = whole.relative_to(root).as_posix()
    context = Context(task=_bare_task(id_, text), data_root=root, cache=root)
    return f"{form}({quoted(inside)})", reader(inside, context=context), []


def _bare_task(id_: str | None, text: Sequence[str]) -> Task:
    """What readers look at in a task: which columns are id and text."""
    call = Call(name="proposal")
    return Task(
        name="proposal",
        title="proposal",
        classes=(Class(id="proposal", title="proposal"),),
        data=Data(source=call, id=id_, text=tuple(text)),
        holdout=Holdout(size=0.2, annotations=1),
        annotators=Annotators(source=call),
        budget=Budget(annotations=1),
        query=Query(phases=()),
        train=Train(encoder=Encoders(default=call), finetune=call),
    )


def _head(source: Source, names: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    for batch in source.batches(names, lambda fault: None):
        rows += batch.slice(0, _HEAD - len(rows)).to_pylist()
        if len(rows) >= _HEAD:
            break
    return rows


def _count(
    source: Source, label: str | None, shown: Sequence[str], path: Path, faults: list[Fault]
) -> _Found:
    """Every row once: how often each value of `label` stands there, with some items."""
    found = _Found()
    wanted = tuple(dict.fromkeys([*((label,) if label else ()), *shown]))
    for batch in source.batches(wanted, faults.append):
        batch = batch.slice(0, MOST_ROWS - found.rows)
        values = batch.column(0).to_pylist() if label else [None] * batch.num_rows
        for position, value in enumerate(values):
            key = found.add(_label(value, label or "", path))
            if key is not None and len(found.samples.setdefault(key, [])) < _SAMPLES:
                row = batch.slice(position, 1).to_pylist()[0]
                found.samples[key].append(_sample(row, shown))
        if label and len(found.spellings) > MOST_CLASSES:
            raise DataError(
                f"{path}: {label} has more than {MOST_CLASSES} different values "
                f"in the first {found.rows:,} rows",
                "name the column that holds the class of each item",
            )
        if found.rows >= MOST_ROWS:
            break
    if label:
        _require_classes(found, label, path)
    return found


# --- classes ----------------------------------------------------------------------------------


@dataclass
class _Found:
    """What was seen so far, by folded spelling, in the order of first sight."""

    spellings: dict[str, Counter[str]] = field(default_factory=dict)
    samples: dict[str, list[str]] = field(default_factory=dict)
    rows: int = 0
    missing: int = 0

    def add(self, value: str | None) -> str | None:
        """Count a row; returns the value's key, None where it is missing."""
        self.rows += 1
        if value is None:
            self.missing += 1
            return None
        key = unicodedata.normalize("NFC", value.strip()).casefold()
        self.spellings.setdefault(key, Counter())[value] += 1
        return key

    def classes(self) -> tuple[ProposedClass, ...]:
        """By falling count; equal counts in the order of first sight."""
        proposed = [
            ProposedClass(
                spellings=tuple(value for value, _ in spelt.most_common()),
                count=spelt.total(),
                samples=tuple(s for s in self.samples[key] if s),
            )
            for key, spelt in self.spellings.items()
        ]
        return tuple(sorted(proposed, key=lambda c: -(c.count or 0)))


def _label(value: Any, label: str, path: Path) -> str | None:
    """A label as text; None where it is missing."""
    if isinstance(value, (list, dict, bytes)):
        raise DataError(
            f"{path}: {label} holds a {type(value).__name__}, not one label",
            "classes are proposed from a column with one label in each row",
        )
    return None if is_missing(value) else str(value)


def _require_classes(found: _Found, label: str, path: Path) -> None:
    """Refuse a column that is plainly none of classes."""
    labelled = found.rows - found.missing
    remedy = "name the column that holds the class of each item"
    if not labelled:
        raise DataError(f"{path}: {label} is empty in every row", remedy)
    length = sum(len(v) * n for spelt in found.spellings.values() for v, n in spelt.items())
    distinct = len(found.spellings)
    if (labelled >= 20 and distinct > 0.5 * labelled) or length > _LONG_LABEL * labelled:
        raise DataError(
            f"{path}: {label} looks like free text or an id: "
            f"{distinct:,} different values in {labelled:,} rows",
            remedy,
        )


def _sample(row: Row, shown: Sequence[str]) -> str:
    parts = [str(row[c]) for c in shown if isinstance(row.get(c), (str, int, float))]
    return " · ".join(parts)[:_SAMPLE_LENGTH]
