"""A small task, and items over a table in memory: what tests of connectors and of learning begin with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from labelwright.dsl.task import (
    Annotators,
    Budget,
    Call,
    Class,
    Data,
    Encoders,
    Holdout,
    Phase,
    Query,
    Task,
    Train,
)


def small_task(
    classes: Sequence[Class] = (Class(id="A", title="a"), Class(id="B", title="b")),
    choose: Any = "one",
    pretrain: Call | None = None,
    **data: Any,
) -> Task:
    """A task with these fields in its data block."""
    return Task(
        name="t",
        title="T",
        choose=choose,
        classes=tuple(classes),
        data=Data(source=Call(name="csv"), **data),
        holdout=Holdout(size=0.2, annotations=10),
        annotators=Annotators(source=Call(name="simulate")),
        budget=Budget(annotations=100),
        query=Query(phases=(Phase(name="main", strategy=Call(name="margin")),)),
        train=Train(encoder=Encoders(), finetune=Call(name="head"), pretrain=pretrain),
    )


@dataclass(frozen=True)
class TableItems:
    """Items over a table in memory (`loop.ports.Items`)."""

    table: pa.Table
    ids: tuple[str, ...]

    @property
    def contents(self) -> np.ndarray:
        rows = [repr(sorted(r.items())).encode() for r in self.table.to_pylist()]
        digests = b"".join(hashlib.blake2b(r, digest_size=16).digest() for r in rows)
        return np.frombuffer(digests, dtype=np.uint8).reshape(-1, 16)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def columns(self, names: Sequence[str]) -> pa.Table:
        return self.table.select(list(names))

    def take(self, rows: Sequence[int] | np.ndarray) -> TableItems:
        rows = np.asarray(rows, dtype=np.int64)
        return TableItems(self.table.take(pa.array(rows)), tuple(self.ids[i] for i in rows))


def items_of(**columns: Any) -> TableItems:
    """Items with these columns, and the ids i0, i1, …"""
    table = pa.table(columns)
    return TableItems(table, tuple(f"i{i}" for i in range(table.num_rows)))
