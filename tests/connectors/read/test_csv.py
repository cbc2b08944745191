from __future__ import annotations

import csv as stdlib_csv
import io
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelwright.connectors.read.csv import csv
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context, Source

Read = Callable[..., Any]


def write(context: Context, content: str | bytes, name: str = "f.csv") -> None:
    raw = content.encode() if isinstance(content, str) else content
    (context.data_root / name).write_bytes(raw)


def opened(context: Context, content: str | bytes, **arguments: Any) -> Source:
    write(context, content)
    return csv("f.csv", context=context, **arguments)


def test_numbers_text_and_missing_cells(context: Context, read_all: Read) -> None:
    source = opened(context, 'n,x,code,t,none\n1,0.5,007,a,\n-2,1e3,010,,\n,3,5," b ",\n')
    assert source.schema() == pa.schema(
        [
            ("n", pa.int64()),
            ("x", pa.float64()),
            ("code", pa.string()),
            ("t", pa.string()),
            ("none", pa.string()),
        ]
    )
    assert read_all(source).rows == [
        {"n": 1, "x": 0.5, "code": "007", "t": "a", "none": None},
        {"n": -2, "x": 1000.0, "code": "010", "t": None, "none": None},
        {"n": None, "x": 3.0, "code": "5", "t": " b ", "none": None},
    ]


@pytest.mark.parametrize(
    "cell", ["007", "+1", "1,5", "1_000", " 1", "1 ", "-0", ".5", "5.", "1e400", "nan", "inf",
             "0x1", "1234567890123456789", "12345678901234567890123", "١"],
)  # fmt: skip
def test_what_would_not_come_back_as_written_stays_text(
    context: Context, read_all: Read, cell: str
) -> None:
    source = opened(context, f'a\n1\n"{cell}"\n')
    assert [r["a"] for r in read_all(source).rows] == ["1", cell]


def test_columns_of_the_task_that_are_text_or_id_stay_text(
    make_context: Callable[..., Context], read_all: Read
) -> None:
    context = make_context(id="id", text=("body",))
    source = opened(context, "id,body,n\n1,2.50,3\n")
    assert read_all(source).rows == [{"id": "1", "body": "2.50", "n": 3}]


def test_only_the_columns_asked_for_in_their_order(context: Context, read_all: Read) -> None:
    assert read_all(opened(context, "a,b,c\n1,2,3\n"), ["c", "a"]).rows == [{"c": 3, "a": 1}]


def test_byte_order_mark_crlf_quoted_newlines_and_blank_lines(
    context: Context, read_all: Read
) -> None:
    source = opened(context, b'\xef\xbb\xbfid,t\r\n1,"a\r\nb"\r\n\r\n2,"say ""hi"""\r\n\r\n')
    assert read_all(source).rows == [{"id": 1, "t": "a\r\nb"}, {"id": 2, "t": 'say "hi"'}]


def test_other_delimiters_and_encodings(context: Context, read_all: Read) -> None:
    for encoding in ("cp949", "utf-16", "utf-8-sig"):
        source = opened(
            context, "이름;t\n가;1\n".encode(encoding), delimiter=";", encoding=encoding
        )
        assert read_all(source).rows == [{"이름": "가", "t": 1}]


def test_wrong_number_of_cells(context: Context, read_all: Read) -> None:
    reading = read_all(opened(context, "a,b\n1,2\n3\n4,5,6\n7,8\n"))
    assert [r["a"] for r in reading.rows] == [1, 7]
    assert reading.reasons == [(2, "wrong number of cells"), (3, "wrong number of cells")]
    assert reading.faults[0].detail == "1 cells under 2 columns"
    assert reading.faults[0].file == "f.csv"


def test_undecodable_bytes_cost_their_row_only(context: Context, read_all: Read) -> None:
    reading = read_all(opened(context, b"a,b\n1,x\n" + "2,환율\n".encode("cp949") + b"3,y\n"))
    assert [r["a"] for r in reading.rows] == [1, 3]
    assert reading.reasons == [(2, "undecodable bytes")]
    assert "byte 0xc0 at character 4 is not utf-8" in reading.faults[0].detail


def test_the_wrong_encoding_throughout(context: Context, read_all: Read) -> None:
    rows = "".join(f"{i},환율\n" for i in range(50))
    reading = read_all(opened(context, b"a,b\n" + rows.encode("cp949")))
    assert reading.rows == []
    assert reading.reasons == [(i + 1, "undecodable bytes") for i in range(50)]
    with pytest.raises(DataError, match="undecodable") as caught:
        read_all(opened(context, ("이름,b\n" + rows).encode("utf-16")))
    assert "encoding" in caught.value.remedy


def test_nul_characters(context: Context, read_all: Read) -> None:
    reading = read_all(opened(context, b"a,b\n1,x\0y\n2,z\n"))
    assert reading.rows == [{"a": 2, "b": "z"}]
    assert reading.reasons == [(1, "NUL character")]


def test_a_later_cell_that_is_no_number_whatever_is_asked_for(
    context: Context, read_all: Read
) -> None:
    lines = [f"{i},t{i}" for i in range(1500)]
    lines[1200] = "many,t"
    source = opened(context, "n,t\n" + "\n".join(lines) + "\n")
    for columns in (["n", "t"], ["t"]):
        reading = read_all(source, columns)
        assert len(reading.rows) == 1499
        assert reading.reasons == [(1201, "not a number")]
        assert "'many'" in reading.faults[0].detail


def test_a_broken_quote_costs_one_line(context: Context, read_all: Read) -> None:
    rows = [f'{i},"t{i}"' for i in range(20)]
    for broken in ('5,"never closed', '5,"a"b"', '5,"'):
        rows[5] = broken
        reading = read_all(opened(context, "a,t\n" + "\n".join(rows) + "\n"))
        assert [r["a"] for r in reading.rows] == [i for i in range(20) if i != 5], broken
        assert reading.reasons == [(6, "broken quotes")]


def test_a_quote_never_closed_to_the_end_costs_one_line(context: Context, read_all: Read) -> None:
    lines = "\n".join(f"{i},t{i}" for i in range(5000))
    reading = read_all(opened(context, f'a,t\nx,"open\n{lines}\n'))
    assert len(reading.rows) == 5000
    assert reading.reasons == [(1, "broken quotes")]


def test_a_file_made_of_broken_quotes_ends_soon(context: Context, read_all: Read) -> None:
    started = time.monotonic()
    reading = read_all(opened(context, "a,b\n" + 'a","\n' * 200_000))
    assert reading.rows == []
    assert reading.faults
    assert time.monotonic() - started < 15


def test_a_very_long_line(context: Context, read_all: Read, peak_memory: Callable[[], int]) -> None:
    with (context.data_root / "f.csv").open("wb") as file:
        file.write(b"a,t\n1,x\n2,")
        for _ in range(200):
            file.write(b"y" * 2**20)
        file.write(b"\n3,z\n")
    before = peak_memory()
    started = time.monotonic()
    reading = read_all(csv("f.csv", context=context))
    assert reading.rows == [{"a": 1, "t": "x"}, {"a": 3, "t": "z"}]
    assert reading.reasons == [(2, "row too long")]
    assert time.monotonic() - started < 20
    assert peak_memory() - before < 200 * 2**20


def test_a_very_long_quoted_cell_of_many_lines(context: Context, read_all: Read) -> None:
    inner = ("z" * 999 + "\n") * 20_000
    reading = read_all(opened(context, f'a,t\n1,"{inner}"\n2,y\n'))
    assert reading.rows[-1] == {"a": 2, "t": "y"}
    assert reading.reasons[0] == (1, "row too long")


def test_a_missing_column_names_the_nearest_and_all(context: Context) -> None:
    source = opened(context, "id,title,본문\n1,2,3\n")
    for wrong, near in (("titel", "`title`"), ("봄문", "`본문`")):
        with pytest.raises(DataError, match=f"no column `{wrong}`") as caught:
            source.batches([wrong], lambda fault: None)
        assert near in caught.value.remedy
        assert "id, title, 본문" in caught.value.remedy


def test_the_wrong_delimiter_is_guessed(context: Context) -> None:
    source = opened(context, "id;t\n1;2\n")
    with pytest.raises(DataError) as caught:
        source.batches(["id"], lambda fault: None)
    assert 'delimiter = ";"' in caught.value.remedy


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("a,b,a\n1,2,3\n", "more than one column"),
        ('a,"b\n1,2\n', "no CSV header"),
        (b"a,\xff\n1,2\n", "undecodable"),
        (b"\xff\xfea\0,\0b\0\n\0", "undecodable"),
        (b"a" * (17 * 2**20), "too long"),
    ],
)
def test_broken_headers(context: Context, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        opened(context, content).schema()


def test_a_header_without_rows(context: Context, read_all: Read) -> None:
    source = opened(context, "a,b")
    assert source.schema().names == ["a", "b"]
    assert read_all(source).rows == []


@pytest.mark.parametrize("arguments", [{"delimiter": ";;"}, {"delimiter": ""}, {"delimiter": '"'},
                                       {"encoding": "klingon"}, {"encoding": "hex"}])  # fmt: skip
def test_arguments_that_cannot_be(context: Context, arguments: dict[str, str]) -> None:
    with pytest.raises(DataError):
        opened(context, "a\n1\n", **arguments)


def test_several_files_with_one_header(context: Context, read_all: Read) -> None:
    write(context, "a\n1\n2\n", "p1.csv")
    write(context, "a\n3\nx\n", "p2.csv")
    source = csv("p*.csv", context=context)
    assert [r["a"] for r in read_all(source).rows] == ["1", "2", "3", "x"]
    before = source.fingerprint()
    write(context, "b\n3\n", "p3.csv")
    with pytest.raises(DataError, match="other columns"):
        read_all(csv("p*.csv", context=context))
    assert csv("p*.csv", context=context).fingerprint() != before


_cells = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12
)


@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(_cells, min_size=n, max_size=n), max_size=8)
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", ";", "\t"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read(
    context: Context, read_all: Read, rows: list[list[str]], end: str, delimiter: str
) -> None:
    names = [f"c{i}" for i in range(len(rows[0]) if rows else 1)]
    text = io.StringIO()
    writer = stdlib_csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=1)
    writer.writerows([names, *rows])
    source = opened(context, text.getvalue(), delimiter=delimiter)
    reading = read_all(source)
    assert reading.faults == []
    kinds = {f.name: f.type for f in source.schema()}
    expected = [
        {
            n: None if c == "" else c if kinds[n] == pa.string() else float(c)
            for n, c in zip(names, row, strict=True)
        }
        for row in rows
    ]
    assert reading.rows == expected


@given(st.binary(max_size=200))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_and_every_line_accounted_for(
    context: Context, read_all: Read, junk: bytes
) -> None:
    reading = read_all(opened(context, b"a,b\n1,2\n" + junk + b"\n3,4\n"))
    assert len(reading.rows) + len(reading.faults) >= 2
    assert str(reading.rows[0]["a"]) == "1"
    numbers = [f.row for f in reading.faults]
    assert len(set(numbers)) == len(numbers)


def test_paths_of_pictures_begin_in_a_folder(
    make_context: Callable[..., Context], read_all: Read
) -> None:
    context = make_context(image=("scan",))
    (context.data_root / "scans").mkdir()
    source = opened(context, "scan,t\na/1.png,a/1.png\n,x\n", pictures="scans")
    assert read_all(source).rows == [
        {"scan": "scans/a/1.png", "t": "a/1.png"},
        {"scan": None, "t": "x"},
    ]
    assert source.fingerprint() != csv("f.csv", context=context).fingerprint()
    with pytest.raises(DataError):
        csv("f.csv", pictures="../elsewhere", context=context)
