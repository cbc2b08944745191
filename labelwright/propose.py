"""A task proposed from a data file: what `init --from FILE` starts from.

Reads a csv, parquet or jsonl file through the reader that the campaign will use, in bounded memory,
so that what is proposed is what will be matched. It decides nothing: the task file it leads to is
for a person to read and fill in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.read.columns import require
from labelwright.connectors.read.csv import csv
from labelwright.connectors.read.jsonl import jsonl
from labelwright.connectors.read.parquet import parquet
from labelwright.dsl.naming import column_name, quoted
from labelwright.dsl.scaffold import Answer, ProposedRule
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
from labelwright.guess import Row, guess_id, guess_inputs, guess_split, measuring_value, twins
from labelwright.importing.counted import Counted
from labelwright.importing.found import MOST_CLASSES
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Fault, Source

if TYPE_CHECKING:
    import pyarrow as pa

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
    answer: Answer
    measured_by: str = ""  # a condition: the rows that measure, where the data say so
    rules: tuple[ProposedRule, ...] = ()
    remarks: tuple[str, ...] = ()


def propose(
    path: Path,
    *,
    text: Sequence[str] = (),
    image: Sequence[str] = (),
    columns: Sequence[str] = (),
    label: str | None = None,
    id: str | None = None,
    data_root: Path | None = None,
    given: Sequence[ProposedClass] = (),
    learn: bool = False,
) -> Proposal:
    """Read `path` and propose classes, and what of id, text, image and columns was not given.

    The task file will name the path relative to `data_root` (default: the file's own folder).
    Classes stand by falling count, or are those `given`, with what `label` says of them. With
    `learn`, examples and rules are sought in the labelled rows. Raises DataError: the file cannot
    be read, a column is missing, `label` is no column of classes or holds others than those given.
    """
    root = (data_root or path.parent).resolve()
    call, source = _source(path, root, id, text)
    faults: list[Fault] = []
    names = tuple(source.schema().names)
    require(
        [c for c in (id, label, *text, *image, *columns) if c is not None],
        source.schema(),
        path.name,
    )
    head = _head(source, names)
    if not head:
        raise DataError(f"{path}: there are no rows", "name a file that holds items")
    remarks = []
    if not (text or image or columns):
        same = twins(head, names, label)
        text, image, columns = guess_inputs(head, names, {label, id, *same})
        remarks += [f"Left out: column {c} says the same as {label}" for c in same if columns]
    id = id or guess_id(head, names, {label, *text, *image})
    columns = tuple(c for c in columns if c != id)
    split = guess_split(names, {label, id, *text, *image, *columns})
    found, parts = _count(source, label, (*text, *image, *columns), split, path, faults, given)
    classes, order = found.classes() if label else (tuple(given), [])
    measuring = measuring_value(parts, found.rows)
    measured_by = f"{column_name(split)} == {quoted(measuring)}" if split and measuring else ""
    rules: tuple[ProposedRule, ...] = ()
    if learn and label and (text or (columns and not image)):
        from labelwright.importing.labelled import members_of, rules_for, spread, with_examples

        leave = (split, measuring) if split and measuring else None
        table, labels = spread(source, label, (*text, *columns), found.rows, leave_out=leave)
        members = members_of(labels, found.classes_of, order)
        if text:
            classes = with_examples(classes, table, members, text)
        rules = rules_for(
            classes, table, members, text=text, columns=columns, file=path.name
        )  # fmt: skip
    many = label is not None and _holds_lists(source.schema().field(label).type)
    return Proposal(
        path=path,
        source_call=call,
        names=names,
        id=id,
        text=tuple(text),
        image=tuple(image),
        columns=columns,
        label=label,
        classes=classes,
        rows=found.rows,
        complete=found.rows < MOST_ROWS,
        unlabelled=found.missing,
        set_aside=len(faults),
        answer=Answer(
            choose="many" if many else "one", empty="allowed" if found.empty else "forbidden"
        ),
        measured_by=measured_by,
        rules=rules,
        remarks=tuple(remarks),
    )


def column_names(path: Path) -> tuple[str, ...]:
    """The columns of a data file. Raises DataError where it cannot be read."""
    return tuple(_source(path, path.parent.resolve(), None, ())[1].schema().names)


# --- reading ----------------------------------------------------------------------------------


def _source(path: Path, root: Path, id_: str | None, text: Sequence[str]) -> tuple[str, Source]:
    """How a task file names the source, and the source."""
    if path.suffix.casefold() not in _READERS:
        raise DataError(
            f"{path}: items are read from csv, parquet and jsonl files",
            "name such a file, or give the classes one by one",
        )
    form, reader = _READERS[path.suffix.casefold()]
    whole = path.resolve()
    if not whole.is_relative_to(root):
        raise DataError(
            f"{path} is not under the data root {root}",
            "move the file there, or set LABELWRIGHT_DATA to a folder that holds it",
        )
    inside = whole.relative_to(root).as_posix()
    context = Context(task=_bare_task(id_, text), data_root=root, cache=root)
    return f"{form}({quoted(inside)})", reader(inside, context=context)


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
    source: Source,
    label: str | None,
    shown: Sequence[str],
    split: str | None,
    path: Path,
    faults: list[Fault],
    given: Sequence[ProposedClass],
) -> tuple[Counted, Counter[Any]]:
    """Every row once: how often each class stands there, with some items; and the parts of `split`."""
    found = Counted(path, label or "", tuple(given))
    parts: Counter[Any] = Counter()
    wanted = tuple(dict.fromkeys([*(c for c in (label, split) if c), *shown]))
    for batch in source.batches(wanted or source.schema().names[:1], faults.append):
        batch = batch.slice(0, MOST_ROWS - found.rows)
        if split:
            parts.update(batch.column(wanted.index(split)).to_pylist())
        values = batch.column(0).to_pylist() if label else [None] * batch.num_rows
        for position, value in enumerate(values):
            for index in found.add(value):
                if len(found.samples[index]) < _SAMPLES:
                    row = batch.slice(position, 1).to_pylist()[0]
                    found.samples[index].append(_sample(row, shown))
        if label and not given and found.too_many():
            raise DataError(
                f"{path}: {label} has more than {MOST_CLASSES} different values "
                f"in the first {found.rows:,} rows",
                "name the column that holds the class of each item",
            )
        if found.rows >= MOST_ROWS:
            break
    if label:
        found.refuse_strange()
        _require_classes(found, label, path)
    return found, parts


def _holds_lists(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _require_classes(found: Counted, label: str, path: Path) -> None:
    """Refuse a column that is plainly none of classes."""
    labelled = found.rows - found.missing
    remedy = "name the column that holds the class of each item"
    if not labelled:
        raise DataError(f"{path}: {label} is empty in every row", remedy)
    if found.given:
        return
    length = sum(len(v) * n for spelt in found.spellings for v, n in spelt.items())
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
