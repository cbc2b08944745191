"""Candidate spans against a plain search, character by character."""

from __future__ import annotations

import re
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
    FieldRef,
    Matches,
    Member,
    Missing,
    Not,
    Or,
    Rule,
    Task,
)  # fmt: skip
from labelwright.loop.errors import DataError
from labelwright.loop.fields import fold
from labelwright.loop.rules import spans as module
from labelwright.loop.rules.firing import firing
from labelwright.loop.rules.sentences import sentences
from labelwright.loop.rules.spans import folded_with_places, passing
from tests.loop.rows import slow
from tests.loop.rules.tasks import task_of

SPAN, BEFORE, AFTER = (FieldRef(path=(name,)) for name in ("span", "before", "after"))


def spans_task(*rules: Rule, text: tuple[str, ...] = ("body",)) -> Task:
    made = task_of("task deals { kind = spans }", "")
    return made.model_copy(
        update={"rules": rules, "data": made.data.model_copy(update={"text": text})}
    )


def marked(when: Condition, *texts: str | None, **columns: list[Any]) -> list[list[str]]:
    """The texts that a rule marks, item by item."""
    table = pa.table({"body": pa.array(texts, pa.string()), **columns})
    found: list[list[str]] = [[] for _ in texts]
    for c in passing(spans_task(Rule(name="r", action="vote", label="A", when=when)),
                     Rule(name="r", action="vote", label="A", when=when), table):  # fmt: skip
        found[c.row].append(str(texts[c.row])[c.start : c.end])
    return found


# --- the plain way ----------------------------------------------------------------------------


def searched(test: Condition, text: str) -> list[tuple[int, int]]:
    if isinstance(test, Matches):
        flags = re.I if test.flags else 0
        return [m.span() for m in re.finditer(test.pattern, text, flags) if m.group()]
    values = {
        Contains: lambda: test.values, Member: lambda: test.values, Compare: lambda: (test.value,)
    }[type(test)]()  # fmt: skip
    wanted = {fold(v) for v in values} - {""}
    found, at = [], 0
    while at < len(text):
        ends = [e for e in range(len(text), at, -1) if fold(text[at:e]) in wanted]
        longest = max(ends, key=lambda e: (len(fold(text[at:e])), e), default=None)
        if longest is None:
            at += 1
            continue
        found.append((at, longest))
        at = longest
    return found


def proposing(condition: Condition, turned: bool = False) -> list[Condition]:
    """The tests that propose candidates; `not (span not in [..])` says the same as `span in [..]`."""
    match condition:
        case And() | Or():
            return [t for c in condition.operands for t in proposing(c, turned)]
        case Not():
            return proposing(condition.operand, not turned)
        case Missing():
            return []
        case Member():
            good = condition.negated == turned
        case Compare():
            good = condition.op == ("!=" if turned else "==")
        case _:
            good = not turned
    return [condition] if good and condition.field == SPAN else []


def plainly(when: Condition, row: dict[str, Any]) -> list[tuple[int, int]]:
    text = row["body"]
    if text is None:
        return []
    found = {place for test in proposing(when) for place in searched(test, text)}
    good = []
    for start, end in sorted(found):
        first, last = start, end
        for a, b in sentences(text):
            first = a if a <= start < b else first
            last = b if a < end <= b else last
        around = {"span": text[start:end], "before": text[first:start], "after": text[end:last]}
        if slow(when, row | around):
            good.append((start, end))
    return good


words = st.sampled_from(["Kim", "kim", "Lee", "bought", "by", "SM", "환율", "Park", "é", "7"])
ends = st.sampled_from([" ", ". ", "! ", "\n", ", "])
bodies = st.lists(st.tuples(words, ends), max_size=7).map(lambda p: "".join(a + b for a, b in p))
values = st.sampled_from(["KIM", "lee", "kim lee", "bought by", "환율", "im", "É", "by"])
some = st.lists(values, min_size=1, max_size=3).map(tuple)
finds = st.one_of(
    st.builds(
        Matches,
        field=st.just(SPAN),
        pattern=st.sampled_from([r"[A-Z]\w+( [A-Z]\w+)*", "k", r"\d", "환.", "i?m", "e*"]),
        flags=st.sampled_from(["", "i"]),
    ),
    st.builds(Contains, field=st.just(SPAN), values=some),
    st.builds(Compare, field=st.just(SPAN), op=st.just("=="), value=values),
    st.builds(Member, field=st.just(SPAN), values=some),
)
asks = st.one_of(
    st.builds(Contains, field=st.sampled_from([BEFORE, AFTER]), values=some),
    st.builds(Compare, field=st.just(BEFORE), op=st.just("=="), value=st.just("")),
    st.builds(Compare, field=st.just(FieldRef(path=("body",), function="words")),
              op=st.just(">"), value=st.integers(0, 4)),
    st.builds(Member, field=st.just(SPAN), values=some, negated=st.just(True)),
    st.builds(Missing, field=st.just(FieldRef(path=("n",))), negated=st.booleans()),
)  # fmt: skip


def pairs(kind: Any, one: Any, other: Any) -> st.SearchStrategy[Condition]:
    return st.tuples(one, other).map(lambda parts: kind(operands=parts))


rules = st.one_of(
    finds,
    pairs(And, finds, asks),
    pairs(And, finds, asks.map(lambda c: Not(operand=c))),
    pairs(Or, finds, finds),
    pairs(And, finds, finds),
    pairs(Or, pairs(And, finds, asks), pairs(And, asks, finds)),
)
items = st.lists(
    st.fixed_dictionaries({"body": st.none() | bodies, "n": st.none() | st.integers(0, 2)}),
    max_size=6,
)


@given(rules, items, st.integers(1, 4))
@settings(max_examples=150)
def test_candidates_agree_with_a_plain_search(
    when: Condition, rows: list[dict[str, Any]], size: int
) -> None:
    table = pa.Table.from_pylist(rows, pa.schema([("body", pa.string()), ("n", pa.int64())]))
    rule = Rule(name="r", action="vote", label="A", when=when)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_ITEMS", size)
        patch.setattr(module, "ROWS", size)
        found = list(passing(spans_task(rule), rule, table))
    wanted = [(i, *place) for i, row in enumerate(rows) for place in plainly(when, row)]
    assert [(c.row, c.start, c.end) for c in found] == wanted
    fired = firing(spans_task(rule), table)["r"]
    assert fired.tolist() == [bool(plainly(when, row)) for row in rows]


# --- by example -------------------------------------------------------------------------------


def test_the_rules_of_the_design_mark_what_they_say() -> None:
    money = Matches(field=SPAN, pattern=r"[$€₩]\s?\d[\d.,]*\s?(bn|m|k)?")
    won = Matches(field=SPAN, pattern=r"\d[\d,]*\s*(조|억|만)\s*원")
    company = Matches(field=SPAN, pattern=r"\p{Lu}\w+( \p{Lu}\w+)*")
    by = Contains(field=BEFORE, values=("acquired by", "bought by"))
    assert marked(money, "paid $1.3bn and € 200") == [["$1.3bn", "€ 200"]]
    assert marked(won, "카카오가 1,200억 원에 샀다.") == [["1,200억 원"]]
    assert marked(
        And(operands=(company, by)), "SM was bought by Kakao Corp. Intel watched.", "Intel"
    ) == [["Kakao Corp"], []]


def test_a_test_holds_on_what_it_found_whatever_its_edges_need() -> None:
    assert marked(Matches(field=SPAN, pattern=r"\Bnam"), "Vietnam") == [["nam"]]
    assert marked(Matches(field=SPAN, pattern="^Kim"), "Kim met Kim") == [["Kim"]]


def test_folded_texts_are_found_where_they_stand() -> None:
    assert marked(Compare(field=SPAN, op="==", value="STRASSE"), "die Straße") == [["Straße"]]
    split = "\u1112\u116a\u11ab율"  # 환율 with its first syllable in jamo
    assert marked(Contains(field=SPAN, values=("환율",)), f"오늘 {split}") == [[split]]
    assert marked(Contains(field=SPAN, values=("e",)), "e\u0301 e") == [["e"]]


def test_several_columns_of_text_are_searched_each_by_itself() -> None:
    when = Contains(field=SPAN, values=("kim",))
    rule = Rule(name="r", action="vote", label="A", when=when)
    table = pa.table({"title": ["Kim", None], "body": ["kim Kim", "KIM"]})
    task = spans_task(rule, text=("title", "body"))
    assert [(c.row, c.field, c.start) for c in passing(task, rule, table)] == [
        (0, "title", 0), (0, "body", 0), (0, "body", 4), (1, "body", 0)]  # fmt: skip


def test_a_column_called_span_is_not_the_span() -> None:
    when = Contains(field=SPAN, values=("kim",))
    assert marked(when, "Lee", "Kim", span=["kim", "x"]) == [[], ["Kim"]]


def test_vetoes_of_a_spans_task() -> None:
    short = Compare(field=FieldRef(path=("body",), function="words"), op="<", value=2)
    task = spans_task(
        Rule(name="short", action="veto", when=short),
        Rule(name="secret", action="veto", when=Contains(field=SPAN, values=("secret",))),
        Rule(name="all", action="veto"),
    )
    fired = firing(task, pa.table({"body": ["Kim", "a Secret b", None]}))
    assert {name: found.tolist() for name, found in fired.items()} == {
        "short": [True, False, False], "secret": [False, True, False], "all": [True, True, True]}  # fmt: skip


def test_what_cannot_be_searched_says_so() -> None:
    when = Contains(field=BEFORE, values=("by",))
    with pytest.raises(DataError, match="rule r does not say which text it marks"):
        marked(when, "by Kim")
    found = Contains(field=SPAN, values=("kim",))
    rule = Rule(name="r", action="vote", label="A", when=found)
    with pytest.raises(DataError, match="in which text spans are marked"):
        firing(spans_task(rule, text=()), pa.table({"body": ["x"]}))
    unknown = And(operands=(found, Missing(field=FieldRef(path=("lang",)))))
    with pytest.raises(DataError, match="no column is called lang"):
        marked(unknown, "nothing here")


@given(st.text(st.sampled_from("aßé환ΣςİﬁŒ.\u0301\u1112\u116a\u11ab")))
def test_folding_with_places_is_folding(text: str) -> None:
    folded, starts, ends = folded_with_places(text)
    assert folded == fold(text)
    assert len(folded) == len(starts) == len(ends)
    for position, char in enumerate(folded):
        assert char in fold(text[starts[position] : ends[position]])
