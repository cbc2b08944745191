from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelwright.connectors.pictures import picture_column
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
from labelwright.loop.ports import Context


@dataclass(frozen=True)
class TableItems:
    """Items over a table in memory (`loop.ports.Items`)."""

    table: pa.Table

    @property
    def ids(self) -> Sequence[str]:
        return [f"i{n}" for n in range(len(self))]

    @property
    def contents(self) -> np.ndarray:
        rows = [hashlib.blake2b(repr(r).encode(), digest_size=16) for r in self.table.to_pylist()]
        return np.frombuffer(b"".join(r.digest() for r in rows), dtype=np.uint8).reshape(-1, 16)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def columns(self, names: Sequence[str]) -> pa.Table:
        return self.table.select(list(names))

    def take(self, wanted: Sequence[int] | np.ndarray) -> TableItems:
        return TableItems(self.table.take(pa.array(np.asarray(wanted, dtype=np.int64))))


@pytest.fixture
def context_of(tmp_path: Path) -> Callable[..., Context]:
    """`context_of(image=("image",))`: a task with these inputs; data and cache in the test's folder."""

    def make(pretrain: Call | None = None, **data: Any) -> Context:
        task = Task(
            name="t",
            title="T",
            choose="one",
            classes=(Class(id="A", title="a"), Class(id="B", title="b")),
            data=Data(source=Call(name="csv"), **data),
            holdout=Holdout(size=0.2, annotations=10),
            annotators=Annotators(source=Call(name="simulate")),
            budget=Budget(annotations=100),
            query=Query(phases=(Phase(name="main", strategy=Call(name="margin")),)),
            train=Train(encoder=Encoders(), finetune=Call(name="head"), pretrain=pretrain),
        )
        (tmp_path / "data").mkdir(exist_ok=True)
        return Context(task, tmp_path / "data", tmp_path / "cache")

    return make


@pytest.fixture
def pictures_of() -> Callable[[np.ndarray], TableItems]:
    """`pictures_of(pixels)`: items with a column `image`."""
    return lambda pixels: TableItems(pa.table({"image": picture_column(pixels)}))
