from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelwright.connectors.read.parquet import parquet
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context

Read = Callable[..., Any]


def write(context: Context, table: pa.Table, name: str = "f.parquet", **options: Any) -> None:
    pq.write_table(table, context.data_root / name, **options)


def test_types_and_rows_come_back(context: Context, read_all: Read) -> None:
    table = pa.table(
        {
            "id": pa.array(range(10_000)),
            "t": pa.array([f"환율 {i}" for i in range(10_000)]),
            "d": pa.array(["a", "b"] * 5_000).dictionary_encode(),
            "l": pa.array(["x", None] * 5_000, pa.large_string()),
        }
    )
    write(context, table, row_group_size=3_000)
    source = parquet("f.parquet", context=context)
    assert source.schema().types == [pa.int64(), pa.string(), pa.string(), pa.string()]
    assert read_all(source).rows == table.to_pylist()
    assert read_all(source, ["l", "id"]).rows[1] == {"l": None, "id": 1}


def test_several_files_need_the_same_columns(context: Context, read_all: Read) -> None:
    write(context, pa.table({"a": [1, 2]}), "p1.parquet")
    write(context, pa.table({"a": [3]}), "p2.parquet")
    assert [r["a"] for r in read_all(parquet("p*.parquet", context=context)).rows] == [1, 2, 3]
    write(context, pa.table({"a": ["x"]}), "p3.parquet")
    with pytest.raises(DataError, match=r"p3.parquet has other columns than p1.parquet: a"):
        parquet("p*.parquet", context=context).schema()


def test_text_that_is_not_utf8_costs_its_row(context: Context, read_all: Read) -> None:
    raw = pa.array([b"ok", b"\xff\xfe", None, "환".encode()], pa.binary())
    for kind in (pa.string(), pa.large_string()):
        text = raw.cast(pa.large_binary()).view(kind) if kind != pa.string() else raw.view(kind)
        write(context, pa.table({"id": [1, 2, 3, 4], "t": text}))
        reading = read_all(parquet("f.parquet", context=context))
        assert [r["id"] for r in reading.rows] == [1, 3, 4]
        assert reading.reasons == [(2, "undecodable bytes")]


def test_a_very_long_cell(context: Context, read_all: Read) -> None:
    write(context, pa.table({"id": [1, 2], "t": ["x" * (17 * 2**20), "y"]}))
    reading = read_all(parquet("f.parquet", context=context))
    assert [r["id"] for r in reading.rows] == [2]
    assert reading.reasons == [(1, "row too long")]


def test_damaged_files(context: Context, read_all: Read) -> None:
    path = context.data_root / "f.parquet"
    path.write_bytes(b"id,t\n1,a\n")
    with pytest.raises(DataError, match=r"f.parquet is not a whole Parquet file"):
        parquet("f.parquet", context=context).schema()
    write(context, pa.table({"t": [f"row {i}" for i in range(5_000)]}), compression="snappy")
    raw = bytearray(path.read_bytes())
    raw[40:2000] = bytes(1960)
    path.write_bytes(bytes(raw))
    with pytest.raises(DataError, match=r"f.parquet is not a whole Parquet file"):
        read_all(parquet("f.parquet", context=context))


def test_a_missing_column(context: Context) -> None:
    write(context, pa.table({"label": [1]}))
    with pytest.raises(DataError, match="no column `lable`") as caught:
        parquet("f.parquet", context=context).batches(["lable"], lambda fault: None)
    assert "did you mean `label`?" in caught.value.remedy


def test_no_rows(context: Context, read_all: Read) -> None:
    write(context, pa.table({"a": pa.array([], pa.int64())}))
    assert read_all(parquet("f.parquet", context=context)).rows == []
