"""What the data say about a task file: gathered for the checks and lints that read them.

Items, holdout and rules are read as a run would read them, from the source that the task names. The
column that simulated annotators answer from is never counted: how common a class is comes from
`existing_labels` alone.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelwright.columns import column_type
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.surroundings import Column, Surroundings
from labelwright.loop.conditions import mask
from labelwright.loop.errors import DataError, StoreError
from labelwright.loop.items import Snapshot, ingest, inputs_of, open_source, read_column
from labelwright.loop.matching import ClassMatcher, is_missing
from labelwright.loop.rules.firing import clashing, firing
from labelwright.loop.split import HOLDOUT, POOL, by_condition, by_size

if TYPE_CHECKING:
    from labelwright.dsl.diagnostics import Reading
    from labelwright.dsl.task import Task
    from labelwright.loop.ports import Context, Source


class Looked(Frozen):
    """A reading with the data beside it, what they say, and what of them was not looked at."""

    reading: Reading
    beside: Surroundings
    notes: tuple[str, ...] = ()


def look(reading: Reading, context: Context, state: Path) -> Looked:
    """Read the file again with the data beside it.

    reading: one that gave `context.task`. state: the folder that may hold the task's `state.db`. Where
    a column does not exist, the data are not read any further. Raises DataError where they cannot be
    read, StoreError where the store cannot.
    """
    from labelwright.dsl.read import read

    source = open_source(context)
    known: dict[str, Any] = {"columns": columns(context, source), "applied": applied(state)}
    first = read(reading.source, context.plugins, Surroundings(**known))
    if first.errors:
        return Looked(first, Surroundings(**known))
    notes: list[str] = []
    if context.task.data.join is not None:
        notes.append("this version does not join sources: rules and repeats were not looked at")
    else:
        known |= _of_items(context, source, notes)
    beside = Surroundings(**known)
    return Looked(read(reading.source, context.plugins, beside), beside, tuple(notes))


# --- columns ----------------------------------------------------------------------------------


def columns(context: Context, source: Source) -> tuple[Column, ...]:
    """The columns of the task's source, and those of the source it joins."""
    pictures = set(inputs_of(context.task.data, source).image)
    found = {f.name: column_type(f, pictures) for f in source.schema()}
    if (join := context.task.data.join) is not None:
        found |= {
            f.name: column_type(f, pictures) for f in open_source(context, join.source).schema()
        }
    return tuple(Column(name, type_) for name, type_ in found.items())


# --- items ------------------------------------------------------------------------------------


def _of_items(context: Context, source: Source, notes: list[str]) -> dict[str, Any]:
    """What the items say: how many, where rules fire, how common classes are, what leaks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.arrow"
        inputs, faults = ingest(context, source, path)
        snapshot = Snapshot.open(path, inputs)
        if faults:
            notes.append(f"{len(faults):,} rows cannot be used and were left out")
        return {
            "items": len(snapshot),
            **_rules(context.task, snapshot.table),
            **_classes(context, snapshot),
            **_leaks(context, snapshot),
        }


def _rules(task: Task, table: pa.Table) -> dict[str, Any]:
    fired = firing(task, table)
    silent = np.zeros(table.num_rows, dtype=bool)
    for rule in task.rules:
        if rule.action == "veto":
            silent |= fired[rule.name]
    both = [(a, b, int((fired[a] & fired[b] & ~silent).sum())) for a, b in clashing(task)]
    return {
        "fires": {name: int(found.sum()) for name, found in fired.items()},
        "clashes": tuple(clash for clash in both if clash[2]),
    }


def _classes(context: Context, snapshot: Snapshot) -> dict[str, Any]:
    """How many items have each class by `existing_labels`. Raises DataError for what is no class."""
    block = context.task.existing_labels
    if block is None:
        return {}
    values = read_column(context, block.label, call=block.source, key=block.key)
    ids = [i for i, value in values.items() if not is_missing(value)]
    here = snapshot.rows_of(ids) >= 0
    matcher = ClassMatcher(context.task)
    counts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for identity in (i for i, there in zip(ids, here, strict=True) if there):
        value = values[identity]
        for each in value if isinstance(value, (list, tuple)) else (value,):
            label = matcher.match(each)
            if label is None:
                unknown[str(each)] += 1
            else:
                counts[label] += 1
    if unknown:
        listed = ", ".join(f"{value} ({n:,})" for value, n in unknown.most_common(10))
        raise DataError(
            f"column {block.label} holds values that are no class: {listed}",
            "add them as `aliases` of the class they mean",
        )
    return {"per_class": dict(counts), "labelled": int(here.sum())}


def _leaks(context: Context, snapshot: Snapshot) -> dict[str, Any]:
    """The holdout as a run of the first seed would split it off, and what of it the pool repeats."""
    task = context.task
    units, hashes = snapshot.units(task.data.group)
    if task.holdout.when is not None:
        parts = by_condition(units, mask(task.holdout.when, snapshot.table))
    else:
        parts = by_size(units, hashes, task.holdout.size or 0.0, context.seed)
    held, pool = np.flatnonzero(parts == HOLDOUT), np.flatnonzero(parts == POOL)
    found: dict[str, Any] = {"holdout": len(held)}
    if task.data.dedupe is not None:
        return found  # repeats are dropped before the split
    inputs = snapshot.inputs
    if inputs.text and not (inputs.image or inputs.columns):
        from labelwright.leaks import leaking_texts

        texts = [snapshot.table[name].cast(pa.large_string()) for name in inputs.text]
        whole = pc.binary_join_element_wise(
            *texts, pa.scalar("\n", pa.large_string()), null_handling="replace"
        )
        return found | {"leaks": leaking_texts(whole, held, pool)}
    from labelwright.leaks import leaking_contents

    return found | {"leaks": leaking_contents(snapshot.contents, held, pool)}


# --- the store --------------------------------------------------------------------------------


def applied(state: Path) -> frozenset[str] | None:
    """The class ids of the definition that was last applied; None where there is no store.

    The store is opened for reading only. Raises StoreError where it cannot be read.
    """
    path = state / "state.db"
    if not path.exists():
        return None
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
        ) as db:
            tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
            last = (
                "SELECT task FROM applied JOIN definition ON hash = definition ORDER BY seq DESC"
                if "applied" in tables
                else "SELECT task FROM definition ORDER BY rowid DESC"
            )
            row = db.execute(f"{last} LIMIT 1").fetchone() if "definition" in tables else None
    except sqlite3.Error as error:
        raise StoreError(
            f"{path} cannot be read: {error}", "look at it with `labelwright doctor`"
        ) from error
    return None if row is None else frozenset(c["id"] for c in json.loads(row[0])["classes"])
