"""Conditions over columns, against a plain evaluator that goes row by row."""

from __future__ import annotations

import re
import unicodedata
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
)  # fmt: skip
from labelwright.loop.conditions import fields, mask
from labelwright.loop.errors import DataError

TEXT, NUMBER = FieldRef(path=("body",)), FieldRef(path=("n",))


def plain(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def slow(condition: Condition, row: dict[str, Any]) -> bool | None:
    """The meaning, row by row: True, False, or None for unknown."""
    match condition:
        case And():
            values = [slow(c, row) for c in condition.operands]
            return False if False in values else None if None in values else True
        case Or():
            values = [slow(c, row) for c in condition.operands]
            return True if True in values else None if None in values else False
        case Not():
            value = slow(condition.operand, row)
            return None if value is None else not value
        case Missing():
            return (row[condition.field.name] is None) != condition.negated
    value = row[condition.field.name]
    if value is None:
        return None
    if condition.field.function == "words":
        value = len(value.split())
    if condition.field.function == "length":
        value = len(value)
    match condition:
        case Compare():
            other = condition.value
            if isinstance(other, str):
                value, other = plain(value), plain(other)
            return {"==": value == other, "!=": value != other, ">=": value >= other,
                    "<=": value <= other, ">": value > other, "<": value < other}[condition.op]  # fmt: skip
        case Member():
            same = [plain(v) if isinstance(v, str) else v for v in condition.values]
            inside = (plain(value) if isinstance(value, str) else value) in same
            return inside != condition.negated
        case Contains():
            found = [plain(v) in plain(value) for v in condition.values]
            return all(found) if condition.quantifier == "all" else any(found)
        case Matches():
            return re.search(condition.pattern, value, re.I if condition.flags else 0) is not None
    raise AssertionError(condition)


texts = st.sampled_from(["", "Kim", "kim lee", "환율 상승", "환율", "A", "b  A", "é", "e\u0301"])
ops = st.sampled_from(["==", "!=", ">=", "<=", ">", "<"])
leaves = st.one_of(
    st.builds(Compare, field=st.just(NUMBER), op=ops, value=st.integers(-2, 3)),
    st.builds(Compare, field=st.just(TEXT), op=st.sampled_from(["==", "!="]), value=texts),
    st.builds(
        Compare,
        field=st.sampled_from([
            FieldRef(path=("body",), function="words"), FieldRef(path=("body",), function="length")
        ]),
        op=ops,
        value=st.integers(0, 4),
    ),
    st.builds(
        Contains, field=st.just(TEXT), quantifier=st.sampled_from(["any", "all"]),
        values=st.lists(texts, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        Member, field=st.just(TEXT), values=st.lists(texts, max_size=3).map(tuple),
        negated=st.booleans(),
    ),
    st.builds(
        Member, field=st.just(NUMBER), values=st.lists(st.integers(-2, 3), max_size=3).map(tuple),
        negated=st.booleans(),
    ),
    st.builds(Missing, field=st.sampled_from([TEXT, NUMBER]), negated=st.booleans()),
    st.builds(Matches, field=st.just(TEXT), pattern=st.sampled_from(["^k", "율$", "a"]),
              flags=st.sampled_from(["", "i"])),
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
rows = st.lists(
    st.fixed_dictionaries({"body": st.none() | texts, "n": st.none() | st.integers(-2, 3)}),
    max_size=12,
)


@given(conditions, rows)
@settings(max_examples=300, deadline=None)
def test_columns_agree_with_rows(condition: Condition, rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([("body", pa.string()), ("n", pa.int64())])
    table = pa.Table.from_pylist(rows, schema=schema)
    assert mask(condition, table).tolist() == [slow(condition, row) is True for row in rows]


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
