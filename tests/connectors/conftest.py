"""Fixtures shared by the tests of connectors: a small task, a context, reading all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labelwright.dsl.task import (
    Task,
)
from labelwright.loop.ports import Context, Fault, Source
from tests.small import TableItems, items_of, small_task


@dataclass
class Reading:
    """A source read whole: its rows and its faults."""

    rows: list[dict[str, Any]]
    faults: list[Fault] = field(default_factory=list)

    @property
    def reasons(self) -> list[tuple[int | None, str]]:
        return [(f.row, f.reason) for f in self.faults]


def _read_all(source: Source, columns: Sequence[str] | None = None) -> Reading:
    names = list(source.schema().names if columns is None else columns)
    reading = Reading([])
    for batch in source.batches(names, reading.faults.append):
        assert batch.schema.names == names
        assert [f.type for f in batch.schema] == [source.schema().field(n).type for n in names]
        batch.validate(full=True)
        reading.rows += batch.to_pylist()
    return reading


@pytest.fixture
def make_task() -> Callable[..., Task]:
    """`make_task(classes, choose=…, **data)`: a task with these fields in its data block."""
    return small_task


@pytest.fixture
def make_context(tmp_path: Path) -> Callable[..., Context]:
    """`make_context(task=…, seed=…, **data)`: data and cache lie in the test's own folder."""

    def make(task: Task | None = None, seed: int = 0, **data: Any) -> Context:
        root = tmp_path / "data"
        root.mkdir(exist_ok=True)
        return Context(task or small_task(**data), root, tmp_path / "cache", seed)

    return make


@pytest.fixture
def context(make_context: Callable[..., Context]) -> Context:
    """The small task, its data root empty."""
    return make_context()


@pytest.fixture
def read_all() -> Callable[..., Reading]:
    """`read_all(source, columns=None)`: every batch, checked against the schema."""
    return _read_all


@pytest.fixture
def peak_memory() -> Callable[[], int]:
    """`peak_memory()`: the most bytes that this process has held since the test began."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists() or not reset.exists():
        pytest.skip("peak memory is read from /proc, which this system has not")
    reset.write_text("5")

    def peak() -> int:
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    return peak


@pytest.fixture
def make_items() -> Callable[..., TableItems]:
    """`make_items(column=[…], …)`: items with the ids i0, i1, …"""
    return items_of
