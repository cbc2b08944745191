from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelwright.connectors.read.jsonl import jsonl
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Source

Read = Callable[..., Any]


def opened(context: Context, content: str | bytes) -> Source:
    raw = content.encode() if isinstance(content, str) else content
    (context.data_root / "f.jsonl").write_bytes(raw)
    return jsonl("f.jsonl", context=context)


def lines(*objects: Any) -> str:
    return "".join(json.dumps(o, ensure_ascii=False) + "\n" for o in objects)


def test_types_nesting_and_missing_keys(context: Context, read_all: Read) -> None:
    first = {
        "i": 1, "x": 1, "ok": True, "tags": ["a", "b"], "mix": 1, "deep": [{"k": 1}],
        "meta": {"author": "김", "more": {"year": 2026}},
    }  # fmt: skip
    source = opened(context, "\ufeff" + lines(first, {"x": 0.5, "mix": "two", "tags": []}))
    assert source.schema() == pa.schema(
        [
            ("i", pa.int64()),
            ("x", pa.float64()),
            ("ok", pa.bool_()),
            ("tags", pa.list_(pa.string())),
            ("mix", pa.string()),
            ("deep", pa.string()),
            ("meta.author", pa.string()),
            ("meta.more.year", pa.int64()),
        ]
    )
    rows = read_all(source).rows
    assert rows[0] == {
        "i": 1, "x": 1.0, "ok": True, "tags": ["a", "b"], "mix": "1", "deep": '[{"k": 1}]',
        "meta.author": "김", "meta.more.year": 2026,
    }  # fmt: skip
    assert rows[1] == dict.fromkeys(rows[0]) | {"x": 0.5, "mix": "two", "tags": []}


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        ('{"a": 1', "invalid JSON", "delimiter"),
        ("[1, 2]", "invalid JSON", "not an object but list"),
        ('{"a": NaN}', "invalid JSON", "NaN is not JSON"),
        ('{"a": 1, "a": 2}', "invalid JSON", "key 'a' appears twice"),
        ('{"m": {"b": 1}, "m.b": 2}', "invalid JSON", "key 'm.b' appears twice"),
        ('{"t": "\\ud800"}', "invalid JSON", "half a surrogate pair"),
        ('{"t": "x\\u0000"}', "invalid JSON", "NUL"),
        ('{"t": "x\0"}', "NUL character", ""),
        ('{"a": ' + "9" * 5000 + "}", "invalid JSON", ""),
        ('{"a": ' + "9" * 30 + "}", "unexpected type", "whole numbers"),
        ('{"a": "one"}', "unexpected type", "column a holds whole numbers, here one"),
        ("[" * 100_000, "invalid JSON", ""),
        ('{"a":' * 100_000, "invalid JSON", ""),
    ],
)
def test_a_bad_line_is_set_aside(
    context: Context, read_all: Read, line: str, reason: str, detail: str
) -> None:
    good = lines(*({"a": i, "t": "x"} for i in range(1100)))
    reading = read_all(opened(context, good + line + "\n" + lines({"a": 7})))
    assert reading.reasons == [(1101, reason)]
    assert detail in reading.faults[0].detail
    assert len(reading.rows) == 1101
    assert reading.rows[-1]["a"] == 7


def test_undecodable_bytes_and_blank_lines(context: Context, read_all: Read) -> None:
    raw = lines({"a": 1}).encode() + b"\n" + '{"a": "환율"}\n'.encode("cp949") + b'{"a": 2}'
    reading = read_all(opened(context, raw))
    assert [r["a"] for r in reading.rows] == [1, 2]
    assert reading.reasons == [(3, "undecodable bytes")]


def test_a_very_long_line(context: Context, read_all: Read, peak_memory: Callable[[], int]) -> None:
    with (context.data_root / "f.jsonl").open("wb") as file:
        file.write(b'{"a": 1}\n{"a": "')
        for _ in range(200):
            file.write(b"y" * 2**20)
        file.write(b'"}\n{"a": 3}\n')
    before = peak_memory()
    reading = read_all(jsonl("f.jsonl", context=context))
    assert [r["a"] for r in reading.rows] == [1, 3]
    assert reading.reasons == [(2, "row too long")]
    assert peak_memory() - before < 200 * 2**20


def test_a_file_that_is_no_json_lines(context: Context) -> None:
    with pytest.raises(DataError, match="no line is a JSON object; line 1"):
        opened(context, "id,text\n1,a\n").schema()
    with pytest.raises(DataError, match="no line is a JSON object"):
        opened(context, json.dumps([{"a": 1}], indent=1)[:-2]).schema()


def test_a_missing_column(context: Context) -> None:
    with pytest.raises(DataError, match="no column `txet`") as caught:
        opened(context, lines({"text": "a"})).batches(["txet"], lambda fault: None)
    assert "did you mean `text`?" in caught.value.remedy


_text = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20)


@given(st.lists(st.fixed_dictionaries({"t": _text, "n": st.integers(-(2**63), 2**63 - 1)})))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read(
    context: Context, read_all: Read, rows: list[dict[str, Any]]
) -> None:
    for ascii_ in (True, False):
        text = "".join(json.dumps(r, ensure_ascii=ascii_) + "\n" for r in rows)
        reading = read_all(opened(context, text))
        assert reading.rows == rows
        assert reading.faults == []
