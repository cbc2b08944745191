"""Conditions over columns, against a plain evaluator that goes row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.dsl.task import (
    And,
    Compare,
    Condition,
    Contains,
    Day,
    FieldRef,
    Matches,
    Member,
    Missing,
    Not,
    Or,
    Percent,
)  # fmt: skip
from labelwright.loop import conditions as module
from labelwright.loop.conditions import fields, mask, masks
from labelwright.loop.errors import DataError
from labelwright.loop.fields import fold
from tests.loop.rows import slow

TEXT, NUMBER = FieldRef(path=("body",)), FieldRef(path=("n",))
SHARE, SWITCH = FieldRef(path=("share",)), FieldRef(path=("on",))
DAY, WRITTEN_DAY = FieldRef(path=("day",)), FieldRef(path=("written",))
INSIDE = FieldRef(path=("meta", "source"))


texts = st.sampled_from([
    "", "Kim", "kim lee", "환율 상승", "환율", "A", "b  A", "é", "e\u0301", "ΟΔΟΣ", "οδος",
    "Straße", "STRASSE", "\u3000x y\n", "a.b|c", "(", "i\u0307", "İ", " \x1c ",
    "\u1112\u1160\u11ab율",
])  # fmt: skip
ops = st.sampled_from(["==", "!=", ">=", "<=", ">", "<"])
days = st.dates(date(2026, 8, 30), date(2026, 9, 2))
shares = st.sampled_from([0.0, 0.25, 0.3, 1.0])
text_fields = st.sampled_from([TEXT, INSIDE, FieldRef(path=("body",), function="lower")])


def members(field: FieldRef, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Member]:
    return st.builds(Member, field=st.just(field), values=st.lists(values, max_size=3).map(tuple),
                     negated=st.booleans())  # fmt: skip


leaves = st.one_of(
    st.builds(
        Compare,
        field=st.just(NUMBER),
        op=ops,
        value=st.integers(-2, 3) | st.sampled_from([2**53 + 1, 2**70, 0.5]),
    ),
    st.builds(Compare, field=st.just(SHARE), op=ops, value=shares),
    st.builds(Compare, field=st.just(SHARE), op=ops, value=st.just(Percent(percent=25))),
    st.builds(Compare, field=st.just(SWITCH), op=st.sampled_from(["==", "!="]), value=st.booleans()),
    st.builds(Compare, field=st.sampled_from([DAY, WRITTEN_DAY]), op=ops,
              value=st.builds(Day, day=days)),
    st.builds(Compare, field=text_fields, op=ops, value=texts),
    st.builds(
        Compare,
        field=st.sampled_from([
            FieldRef(path=("body",), function="words"), FieldRef(path=("body",), function="length")
        ]),
        op=ops,
        value=st.integers(0, 4),
    ),
    st.builds(
        Contains, field=text_fields, quantifier=st.sampled_from(["any", "all"]),
        values=st.lists(texts, min_size=1, max_size=3).map(tuple),
    ),
    members(TEXT, texts),
    members(INSIDE, texts),
    members(NUMBER, st.integers(-2, 3)),
    members(DAY, st.builds(Day, day=days)),
    st.builds(
        Missing,
        field=st.sampled_from([TEXT, NUMBER, SHARE, SWITCH, DAY, INSIDE]),
        negated=st.booleans(),
    ),
    st.builds(Matches, field=text_fields,
              pattern=st.sampled_from(["^k", "율$", "a", r"\(", "a.b", "^x", "."]),
              flags=st.sampled_from(["", "i", "m", "s", "im"])),
)  # fmt: skip
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, operand=inner),
        st.builds(And, operands=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, operands=st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
SCHEMA = pa.schema([
    ("body", pa.string()), ("n", pa.int64()), ("share", pa.float64()), ("on", pa.bool_()),
    ("day", pa.date32()), ("written", pa.string()), ("meta", pa.struct([("source", pa.string())])),
])  # fmt: skip
rows = st.lists(
    st.fixed_dictionaries({
        "body": st.none() | texts,
        "n": st.none() | st.integers(-2, 3) | st.just(2**53 + 1),
        "share": st.none() | shares | st.just(float("nan")),
        "on": st.none() | st.booleans(),
        "day": st.none() | days,
        "written": st.none() | days.map(date.isoformat),
        "meta": st.none() | st.fixed_dictionaries({"source": st.none() | texts}),
    }),
    max_size=12,
)  # fmt: skip


@given(st.lists(conditions, min_size=1, max_size=3), rows)
@settings(max_examples=400)
def test_columns_agree_with_rows(conditions: list[Condition], rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    for condition, found in zip(conditions, masks(conditions, table), strict=True):
        assert found.tolist() == [slow(condition, row) is True for row in rows]


@given(conditions, rows, st.integers(1, 5))
@settings(max_examples=50)
def test_rows_are_looked_at_in_parts_of_any_size(
    condition: Condition, rows: list[dict[str, Any]], size: int
) -> None:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    whole = mask(condition, table)
    parts = pa.concat_tables([table.slice(i, 2) for i in range(0, len(rows), 2)] or [table])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS", size)
        assert mask(condition, parts).tolist() == whole.tolist()


def test_a_missing_value_never_fires_negated_or_not() -> None:
    table = pa.table({"n": pa.array([1.0, float("nan"), None])})
    small = Compare(field=NUMBER, op="<", value=5)
    assert mask(small, table).tolist() == [True, False, False]
    assert mask(Not(operand=small), table).tolist() == [False, False, False]
    assert mask(Missing(field=NUMBER), table).tolist() == [False, True, True]


def test_dates_numbers_in_text_and_quoted_columns() -> None:
    table = pa.table({"day": ["2026-08-31", "2026-09-02", None], "n": ["7", " 8", None]})
    late = Compare(field=FieldRef(path=("day",)), op=">=", value=Day(day="2026-09-01"))
    assert mask(late, table).tolist() == [False, True, False]
    assert mask(Compare(field=NUMBER, op=">", value=7), table).tolist() == [False, True, False]
    assert fields(And(operands=(late, Missing(field=NUMBER)))) == {"day", "n"}


def test_unknown_columns_and_misfits_say_what_to_do() -> None:
    table = pa.table({"body": ["x"], "n": [1]})
    with pytest.raises(DataError, match="no column is called boddy") as caught:
        mask(Missing(field=FieldRef(path=("boddy",))), table)
    assert "did you mean body?" in caught.value.remedy
    with pytest.raises(DataError, match="compared with a number"):
        mask(Compare(field=TEXT, op=">", value=1), table)
    with pytest.raises(DataError, match="true or false"):
        mask(Compare(field=NUMBER, op="==", value=True), table)


def test_dates_read_from_moments_count_for_the_day_where_they_were_taken() -> None:
    moments = [datetime(2026, 8, 31, 20, tzinfo=UTC), datetime(2026, 9, 1, 1, tzinfo=UTC), None]
    table = pa.table(
        {
            "seoul": pa.array(moments, pa.timestamp("us", "Asia/Seoul")),
            "utc": pa.array(moments, pa.timestamp("us", "UTC")),
            "text": ["2026-09-01T23:00", "2026-08-31 10:00", None],
        }
    )

    def on(name: str) -> list[bool]:
        test = Compare(field=FieldRef(path=(name,)), op="==", value=Day(day="2026-09-01"))
        return mask(test, table).tolist()

    assert on("seoul") == [True, True, False]
    assert on("utc") == [False, True, False]
    assert on("text") == [True, False, False]


def test_a_dotted_name_is_a_column_before_it_is_a_field_inside_one() -> None:
    inside = pa.array([{"source": "x"}, {"source": "y"}])
    is_x = Compare(field=INSIDE, op="==", value="X")
    assert mask(is_x, pa.table({"meta": inside})).tolist() == [True, False]
    both = pa.table({"meta": inside, "meta.source": ["y", "x"]})
    assert mask(is_x, both).tolist() == [False, True]
    with pytest.raises(DataError, match=r"meta\.author: there is no author in it") as caught:
        mask(Missing(field=FieldRef(path=("meta", "author"))), pa.table({"meta": inside}))
    assert "source" in caught.value.remedy


def test_text_in_any_layout_reads_the_same() -> None:
    words = ["Kim", None, "환율"]
    is_kim = Member(field=TEXT, values=("KIM",))
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        assert mask(is_kim, pa.table({"body": pa.array(words, kind)})).tolist() == [
            True, False, False]  # fmt: skip
    coded = pa.table({"body": pa.array(words).dictionary_encode()})
    assert mask(is_kim, coded).tolist() == [True, False, False]


def test_long_lists_are_searched_in_several_patterns() -> None:
    needles = tuple(f"needle {i} " + "x" * 40 for i in range(2_000))
    table = pa.table({"body": [f"a {needles[1999].upper()} b", "needle", needles[0]]})
    assert mask(Contains(field=TEXT, values=needles), table).tolist() == [True, False, True]


def test_fold_is_unicode_caseless_matching() -> None:
    assert fold("ΟΔΟΣ") == fold("οδος")
    assert fold("e\u0301") == fold("É")
    assert fold("Straße") == fold("STRASSE")
