"""The items of a task: read once from the data source into a memory-mapped file, then viewed lazily.

A snapshot is an Arrow IPC file with one row an item: `lw_item` (its id), `lw_content` (hash of its
inputs), `lw_order` (hash of its id: the order in which ties are broken), the columns that the task
allows the loop to see, and the properties of pictures that its conditions name. The column of true
labels is not among them. A new snapshot is taken when the source's fingerprint changes; what had been
read before stays where it is.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelwright.dsl.checks_rules import SPAN_FIELDS
from labelwright.loop.conditions import field_refs, fields, mask
from labelwright.loop.errors import DataError
from labelwright.loop.fields import resolve
from labelwright.loop.ports import Context, Fault, Source
from labelwright.loop.properties import Measured, measure, measured

if TYPE_CHECKING:
    from labelwright.dsl.task import Call, Data, FieldRef, Task

MOST_FAULTS = 0.05
"""A run refuses to start when more than this share of the rows must be set aside."""

ITEM, CONTENT, ORDER = "lw_item", "lw_content", "lw_order"


@dataclass(frozen=True)
class Inputs:
    """Which columns an item is made of, once the source has named its own."""

    id: str | None
    text: tuple[str, ...]
    image: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Inputs:
        """From what a step's outcome remembers of it."""
        return cls(told["id"], *(tuple(told[k]) for k in ("text", "image", "columns")))

    @property
    def all(self) -> tuple[str, ...]:
        """The columns that a model sees."""
        return (*self.text, *self.image, *self.columns)


def open_source(context: Context, call: Call | None = None) -> Source:
    """The task's data source (or another one), opened through its plug-in."""
    source: Source = context.plugins.invoke(
        "read", call or context.task.data.source, context=context
    )
    return source


def inputs_of(data: Data, source: Source) -> Inputs:
    """The task's inputs; where it names none, those that the source proposes."""
    roles = source.roles
    if data.text or data.image or data.columns:
        text, image, columns = data.text, data.image, data.columns
    else:
        text, image, columns = (_names(roles.get(k)) for k in ("text", "image", "columns"))
    if not (text or image or columns):
        raise DataError(
            "the task does not say what an item is made of",
            "write `text = …`, `image = …` or `columns = […]` in `data`; the source has "
            + ", ".join(source.schema().names),
        )
    identity = data.id or next(iter(_names(roles.get("id"))), None)
    return Inputs(identity, text, image, columns)


def _names(role: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if role is None:
        return ()
    return (role,) if isinstance(role, str) else tuple(role)


def visible_columns(task: Task, inputs: Inputs) -> tuple[str, ...]:
    """All that the loop may read: inputs, what annotators see, groups, and what conditions name."""
    names = [*inputs.all, *task.data.show]
    if task.data.group:
        names.append(task.data.group)
    names += [field.name for field in condition_fields(task)]
    return tuple(dict.fromkeys(names))


def condition_fields(task: Task) -> list[FieldRef]:
    """The fields of items that the task's conditions name; `span` and the like are none of them."""
    conditions = [task.data.keep, task.holdout.when, *(s.when for s in task.slices)]
    found = [f for c in conditions if c is not None for f in sorted(field_refs(c), key=_name)]
    for rule in task.rules:
        named = sorted(field_refs(rule.when), key=_name) if rule.when is not None else []
        found += [f for f in named if task.kind != "spans" or f.path[0] not in SPAN_FIELDS]
    return found


def _name(field: FieldRef) -> str:
    return field.name


@dataclass(frozen=True)
class Columns:
    """What of a source makes up the items: columns to read, and properties to measure on the way."""

    inputs: Inputs
    read: tuple[str, ...]  # without the column of ids, unless it is visible
    measured: tuple[Measured, ...]

    @classmethod
    def of(cls, context: Context, source: Source) -> Columns:
        """Raises DataError where a column is missing, or holds what the model must not see."""
        task, known = context.task, source.schema().names
        inputs = inputs_of(task.data, source)
        asked = condition_fields(task)
        properties = measured(asked, inputs.image, known, context.plugins)
        wanted = dict.fromkeys(visible_columns(task, inputs))
        column = {f.name: place[0] for f in asked if (place := resolve(f.path, known))}
        read = dict.fromkeys(column.get(name, name) for name in wanted if name not in properties)
        found = cls(inputs, tuple(read), tuple(properties.values()))
        _require(source, found.wanted, inputs.image, context)
        _refuse_truth(task, inputs)
        return found

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns to ask the source for."""
        return tuple(dict.fromkeys((*self.read, *((self.inputs.id,) if self.inputs.id else ()))))


# --- the snapshot -----------------------------------------------------------------------------


class Snapshot:
    """All items of one reading of the data, memory-mapped (implements `ports.Items`)."""

    def __init__(self, table: pa.Table, inputs: Inputs) -> None:
        self.table = table
        self.inputs = inputs

    @classmethod
    def open(cls, path: Path, inputs: Inputs) -> Snapshot:
        """Map the file at `path`; nothing is read until it is asked for."""
        return cls(pa.ipc.open_file(pa.memory_map(str(path))).read_all(), inputs)

    @classmethod
    def in_memory(cls, path: Path, inputs: Inputs) -> Snapshot:
        """The items in the file at `path`, for as long as nobody needs it there."""
        return cls(pa.ipc.open_file(pa.OSFile(str(path))).read_all(), inputs)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def ids(self) -> Sequence[str]:
        """Ids of the items, in row order."""
        found: Sequence[str] = self.table[ITEM].to_pylist()
        return found

    @property
    def contents(self) -> np.ndarray:
        """(n_items, 16) uint8."""
        column = self.table[CONTENT].combine_chunks()
        raw = np.frombuffer(column.buffers()[1] or b"", dtype=np.uint8)
        start = column.offset * 16
        return raw[start : start + len(column) * 16].reshape(-1, 16)

    @property
    def order(self) -> np.ndarray:
        """(n_items,) uint64: ties are broken by it."""
        return np.asarray(self.table[ORDER].to_numpy())

    def columns(self, names: Sequence[str]) -> pa.Table:
        """These columns, one row an item."""
        return self.table.select(list(names))

    def take(self, rows: Sequence[int] | np.ndarray) -> Snapshot:
        """The items at these rows."""
        return Snapshot(self.table.take(pa.array(np.asarray(rows, dtype=np.int64))), self.inputs)

    def rows_of(self, ids: Sequence[str]) -> np.ndarray:
        """(n,) row of each id; -1 where there is none."""
        coded = pa.array(list(ids), pa.string()).dictionary_encode()  # an id may come several times
        if not len(coded):
            return np.empty(0, dtype=np.int64)
        # Search the short list for the long column: the hash table stays small.
        found = pc.index_in(self.table[ITEM], value_set=coded.dictionary)
        places = np.asarray(found.fill_null(-1).to_numpy())
        rows = np.full(len(coded.dictionary), -1, dtype=np.int64)
        here = np.flatnonzero(places >= 0)
        rows[places[here]] = here
        return np.asarray(rows[coded.indices.to_numpy()])

    def rows_in(self, other: Snapshot) -> np.ndarray:
        """(len(other),) this snapshot's row of every item of the other one; -1 where it has none."""
        found = pc.index_in(other.table[ITEM], value_set=self.table[ITEM].combine_chunks())
        return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)

    def units(self, group: str | None) -> tuple[np.ndarray, np.ndarray]:
        """What must not be parted: (n_items,) unit of each row, and (n_units,) uint64 hash of each.

        A unit is a group of the task; without `group`, the items with the same content. Items whose
        group is missing are units of their own.
        """
        column = self.table[CONTENT] if group is None else self.table[group]
        coded = column.combine_chunks().dictionary_encode()
        codes = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False))
        hashes = [_order(repr(value)) for value in coded.dictionary.to_pylist()]
        alone = np.flatnonzero(codes < 0)
        units = codes.astype(np.int64)
        units[alone] = len(hashes) + np.arange(len(alone))
        return units, np.concatenate([np.array(hashes, np.uint64), self.order[alone]])

    def id_of(self, row: int) -> str:
        """The id of one item."""
        return str(self.table[ITEM][int(row)].as_py())

    def content_of(self, row: int) -> str:
        """The content hash of one item, as hex."""
        return bytes(self.table[CONTENT][int(row)].as_py()).hex()


_HASH = pa.binary(16)


@dataclass
class Reading:
    """What has been seen so far while the source is being read."""

    contents: dict[str, bytes] = field(default_factory=dict)
    copies: Counter[bytes] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    good: int = 0


def ingest(context: Context, source: Source, path: Path) -> tuple[Inputs, list[Fault]]:
    """Read the source once and write the snapshot to `path`. See `read_items` for faults and errors."""
    columns, reading = Columns.of(context, source), Reading()
    schema = _schema(source, columns)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for table in read_items(context, source, columns, reading):
            shown = [table.column(n) for n in schema.names]
            writer.write_table(pa.table(shown, schema=schema))
    return columns.inputs, reading.faults


def read_items(
    context: Context, source: Source, columns: Columns, reading: Reading
) -> Iterator[pa.Table]:
    """The items batch by batch: `lw_item`, `lw_content` and `lw_order` beside the columns.

    Set aside, listed and counted in `reading`: rows without an id, rows whose id was seen before with
    other content (exact copies are dropped with their own reason), pictures that a property needs and
    that cannot be read, and what the reader could not read. `keep when` leaves rows out without a fault.
    Raises DataError at the end where nothing is left or more than `MOST_FAULTS` of the rows are at fault.
    """
    name = context.task.data.source.name
    keep = context.task.data.keep
    measured_first = keep is not None and bool(
        {f.name for f in field_refs(keep)} & {m.name for m in columns.measured}
    )
    for batch in source.batches(columns.wanted, reading.faults.append):
        table = _identified(batch, columns.inputs, reading, name)
        if not measured_first:
            table = _kept(table, context.task)
        table = _measured(table, context, columns, reading)
        if measured_first:
            table = _kept(table, context.task)
        yield table
        context.progress("reading data", reading.good, 0)
    _refuse_too_many(reading, name)
    if not reading.good:
        raise DataError(
            f"{name}: the data source holds no usable row", "look at the file and at `keep when`"
        )


def _measured(table: pa.Table, context: Context, columns: Columns, reading: Reading) -> pa.Table:
    before = table.num_rows
    table, faults = measure(
        table, columns.measured, context.plugins, context.data_root, context.task.data.source.name
    )
    reading.faults += faults
    reading.good -= before - table.num_rows
    return table


def _identified(batch: pa.RecordBatch, inputs: Inputs, reading: Reading, name: str) -> pa.Table:
    """The good rows of a batch with `item`, `content` and `order` beside their columns."""
    ids, hashes, keep = [], [], []
    for position, (identity, digest) in enumerate(_keys(batch, inputs)):
        fault = _fault(identity, digest, inputs, reading)
        if fault is not None:
            reading.faults.append(Fault(name, None, *fault))
            continue
        if identity is None:
            identity = digest.hex()
            copies = reading.copies[digest]
            reading.copies[digest] += 1
            identity += f"-{copies + 1}" if copies else ""
        else:
            reading.contents[identity] = digest
        ids.append(identity)
        hashes.append(digest)
        keep.append(position)
    reading.good += len(keep)
    table = pa.Table.from_batches([batch]).take(pa.array(keep, pa.int64()))
    table = table.append_column(ITEM, pa.array(ids, pa.string()))
    table = table.append_column(CONTENT, pa.array(hashes, _HASH))
    return table.append_column(ORDER, pa.array([_order(i) for i in ids], pa.uint64()))


def _keys(batch: pa.RecordBatch, inputs: Inputs) -> Iterator[tuple[str | None, bytes]]:
    ids = _id_texts(batch, inputs.id)
    rows = batch.select(list(inputs.all)).to_pylist()
    for identity, row in zip(ids, rows, strict=True):
        yield identity, content_hash(row)


def _id_texts(batch: pa.RecordBatch, column: str | None) -> list[str | None]:
    if column is None:
        return [None] * batch.num_rows
    texts: list[str | None] = []
    for value in batch.column(column).to_pylist():
        missing = value is None or value == ""
        texts.append("" if missing else str(value))
    return texts


def _fault(
    identity: str | None, digest: bytes, inputs: Inputs, reading: Reading
) -> tuple[str, str] | None:
    if identity is None:
        return None
    if identity == "":
        return "missing id", f"column {inputs.id} is empty"
    before = reading.contents.get(identity)
    if before is None:
        return None
    if before == digest:
        return "exact copy of an earlier row", identity
    return "duplicate id with other content", identity


def _kept(table: pa.Table, task: Task) -> pa.Table:
    if task.data.keep is None:
        return table
    return table.filter(pa.array(mask(task.data.keep, table)))


def content_hash(row: dict[str, Any]) -> bytes:
    """16 bytes that change when any input of an item changes; column names count, order does not."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(row):
        digest.update(name.encode() + b"\0")
        _feed(digest, row[name])
    return digest.digest()


def _feed(digest: Any, value: Any) -> None:
    if isinstance(value, dict):
        for name in sorted(value):
            digest.update(name.encode() + b"\0")
            _feed(digest, value[name])
        return
    raw = value if isinstance(value, bytes) else repr(value).encode()
    digest.update(type(value).__name__.encode() + b"\0" + len(raw).to_bytes(8, "big") + raw)


def _order(identity: str) -> int:
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest(), "big")


def _schema(source: Source, columns: Columns) -> pa.Schema:
    known = source.schema()
    own = [(ITEM, pa.string()), (CONTENT, _HASH), (ORDER, pa.uint64())]
    read = [(name, known.field(name).type) for name in columns.read]
    return pa.schema([*own, *read, *((m.name, pa.float64()) for m in columns.measured)])


def _require(
    source: Source,
    names: Sequence[str],
    images: Sequence[str] = (),
    context: Context | None = None,
) -> None:
    known = source.schema().names
    if not known:
        raise DataError("the data source is empty", "look at the file that `source` names")
    if taken := [n for n in (ITEM, CONTENT, ORDER) if n in known]:
        raise DataError(
            f"column {taken[0]} has a name that labelwright keeps for itself",
            "rename it in the data",
        )
    missing = [n for n in names if n not in known]
    if missing:
        pictures = ", ".join(context.plugins.names("property")) if images and context else ""
        raise DataError(
            f"the data source has no column called {', '.join(dict.fromkeys(missing))}",
            f"its columns are {', '.join(known)}"
            + (f"; its pictures have {pictures}" if pictures else ""),
        )


def _refuse_truth(task: Task, inputs: Inputs) -> None:
    """The column that simulated people read their answers from must not reach the model."""
    _, named = task.annotators.source.python_arguments()
    if task.annotators.source.name != "simulate":
        return
    column = named.get("column")
    if column in (*inputs.all, *task.data.show):
        raise DataError(
            f"column {column} holds the answers of the simulated annotators and is an input too",
            f"take {column} out of `data`",
        )
    for rule in task.rules:
        if rule.when is not None and column in fields(rule.when):
            raise DataError(
                f"column {column} holds the answers of the simulated annotators, and rule "
                f"{rule.name} reads it",
                "take it out of the rule: it would vote what it is to find out",
            )


def _refuse_too_many(reading: Reading, name: str) -> None:
    bad = [f for f in reading.faults if f.reason != "exact copy of an earlier row"]
    if len(bad) <= MOST_FAULTS * (len(bad) + reading.good):
        return
    reasons = Counter(f.reason for f in bad).most_common()
    first = bad[0]
    where = f"{first.file}" + (f", row {first.row}" if first.row else "")
    raise DataError(
        f"{name}: {len(bad):,} of {len(bad) + reading.good:,} rows cannot be used: "
        + ", ".join(f"{n:,} with {reason}" for reason, n in reasons),
        f"the first is {where}: {first.detail or first.reason}; mend the file "
        f"(up to {MOST_FAULTS:.0%} are set aside and the run goes on)",
    )


def read_column(
    context: Context, column: str, *, call: Call | None = None, key: str | None = None
) -> dict[str, Any]:
    """One column by item id, straight from a source: for labels, which no snapshot holds.

    call, key: another source than the task's own, with the column that holds item ids.
    """
    source = open_source(context, call)
    inputs = inputs_of(context.task.data, source) if call is None else Inputs(key, (), (), ())
    wanted = [*inputs.all, column, *((inputs.id,) if inputs.id else ())]
    _require(source, wanted)
    reading = Reading()
    values: dict[str, Any] = {}
    for batch in source.batches(tuple(dict.fromkeys(wanted)), reading.faults.append):
        if call is None:
            table = _identified(batch, inputs, reading, context.task.data.source.name)
            values.update(
                zip(table[ITEM].to_pylist(), table.column(column).to_pylist(), strict=True)
            )
        else:
            ids = _id_texts(batch, inputs.id)
            values.update(
                (i, v) for i, v in zip(ids, batch.column(column).to_pylist(), strict=True) if i
            )
    return values
