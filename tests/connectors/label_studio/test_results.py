"""Results as the editor of Label Studio 1.23.2 stored them, and any results at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.results import Decoded, Strange, decode, encode, rewrite
from labelwright.dsl.compile.errors import CompileError
from labelwright.dsl.task import Call, Class, Data, Task
from labelwright.loop.ports import Span
from tests.dsl.conftest import _make_task
from tests.dsl.tasks import tasks

TREE = (
    Class(id="Politics", title="정치"),
    Class(id="Politics.Election", title="선거", parent="Politics"),
    Class(id="Politics.Other", title="기타", parent="Politics"),
    Class(id="Economy", title="경제"),
    Class(id="Economy.Other", title="기타", parent="Economy"),
)
TEXT = "  😀 코스피가 급락했다. 👩‍🔬 각 나눔.\n둘째 줄 — A&B <b>굵게</b>  끝 "

ONE = Page.of(_make_task("정치", "경제"))
MANY = Page.of(_make_task("정치", "경제", "사회", choose="many"))
MAYBE = Page.of(_make_task("정치", "경제", choose="many", empty="allowed"))
LEAVES = Page.of(_make_task(classes=TREE))
PATHS = Page.of(_make_task(classes=TREE, choosable="any", choose="many"))
MARKS = Page.of(_make_task("사람", "기관", kind="spans", choose="many"))
SINGLE_MARKS = Page.of(_make_task("사람", "기관", kind="spans"))


def part(key: str, value: Any, **more: Any) -> dict[str, Any]:
    given = {"value": {key: value} if not isinstance(value, dict) else value}
    own = {"id": "7r5umc2OAg", "from_name": "label", "to_name": "body", "type": key}
    return given | own | {"origin": "manual"} | more


def mark(start: int, end: int, text: str, *labels: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": list(labels)}
    return part("labels", value)


def said(page: Page, *parts: Any, text: str = "") -> tuple[str, ...]:
    found = decode(page, list(parts), text)
    assert isinstance(found, Decoded), found
    return found.labels


def why(page: Page, *parts: Any, text: str = "") -> str:
    found = decode(page, list(parts), text)
    assert isinstance(found, Strange), found
    return found.why


# --- what the editor stored -------------------------------------------------------------------


def test_choices_of_the_editor() -> None:
    assert said(ONE, part("choices", ["C2"])) == ("C2",)
    assert said(MANY, part("choices", ["C3", "C1"])) == ("C1", "C3")
    assert said(LEAVES, part("choices", ["Politics.Other"])) == ("Politics.Other",)
    stored = [["Politics", "Politics.Other"], ["Economy"]]
    assert said(PATHS, part("taxonomy", stored)) == ("Politics.Other", "Economy")


def test_marks_of_the_editor() -> None:
    """Code points; a line break stands as two characters, a ZWJ sequence was cut by the mouse."""
    found = decode(
        MARKS,
        [
            mark(21, 30, "나눔.\\n둘째 줄 ", "C2"),
            mark(2, 3, "😀", "C1"),
            mark(4, 8, "코스피가", "C1"),
            mark(14, 18, " 👩‍🔬", "C2"),
            mark(18, 19, " ", "C1", "C2"),
        ],
        TEXT,
    )
    assert isinstance(found, Decoded)
    assert found.labels == ("C1", "C1", "C2", "C1", "C2", "C2")
    assert [s.text for s in found.spans] == [
        *("😀", "코스피가", " 👩‍🔬", " ", " "),
        "나눔.\n둘째 줄 ",
    ]
    assert all(TEXT[s.start : s.end] == s.text for s in found.spans)


@pytest.mark.parametrize(
    ("text", "start", "end", "stored"),
    [
        ("ab\r\ncd ef", 1, 8, "b\\n\\ncd e"),
        ("ab\rcd ef", 1, 7, "b\\ncd e"),
        ("a\tb  c   d", 1, 7, " b c "),
        ("x\\ny z", 1, 5, "\\ny "),
        ("가각 \u1100\u1161\u11a8 끝", 1, 7, "각 \u1100\u1161\u11a8 "),
        ("n\u00a0o p", 1, 4, "\u00a0o "),
        ("\n  lead\n\ntrail \n", 3, 14, "lead\\n\\ntrail"),
        ("a&amp;b <b>x</b> &lt;", 1, 20, "&amp;b <b>x</b> &lt"),
    ],
)
def test_what_the_editor_makes_of_blanks(text: str, start: int, end: int, stored: str) -> None:
    found = decode(MARKS, [mark(start, end, stored, "C1")], text)
    assert found == Decoded(("C1",), (Span(start, end, text[start:end]),))


# --- what is strange --------------------------------------------------------------------------


def test_what_is_no_answer_is_said_in_words() -> None:
    assert why(ONE, part("choices", ["Gone"])) == 'the task has no class "Gone"'
    assert "several" in why(ONE, part("choices", ["C1"]), part("choices", ["C2"]))
    assert why(ONE) == why(MANY, part("choices", [])) == "no class is chosen"
    assert "heading" in why(LEAVES, part("choices", ["Politics"]))
    assert "choices" in why(PATHS, part("choices", ["Politics"]))
    assert "no object" in why(ONE, "C1")
    assert "names no class" in why(ONE, part("choices", [{"C1": 1}]))
    assert "names no class" in why(PATHS, part("taxonomy", [[]]))
    assert isinstance(decode(ONE, {"choices": "C1"}), Strange)
    assert isinstance(decode(ONE, None), Strange)


def test_other_questions_are_left_out_and_told() -> None:
    other = part("choices", ["x"], from_name="mood")
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    found = decode(ONE, [other, part("choices", ["C1"]), relation])
    assert isinstance(found, Decoded)
    assert found.labels == ("C1",)
    assert [r.split(" is ")[0] for r in found.remarks] == ["choices of mood", "relation"]
    assert "mood" in why(MAYBE, other)  # never read as `none of them holds`
    assert said(MAYBE) == ()


def test_marks_that_do_not_fit() -> None:
    assert "says" in why(MARKS, mark(4, 8, "코스닥이", "C1"), text=TEXT)
    assert "5 characters" in why(MARKS, mark(3, 9, "x", "C1"), text="three")
    assert "no part" in why(MARKS, mark(4, 4, "", "C1"), text=TEXT)
    assert "no part" in why(MARKS, part("labels", {"labels": ["C1"]}), text=TEXT)
    assert "no class" in why(MARKS, mark(2, 3, "😀"), text=TEXT)
    assert "several" in why(SINGLE_MARKS, mark(2, 3, "😀", "C1", "C2"), text=TEXT)
    elsewhere = mark(0, 1, " ", "C1") | {"to_name": "title"}
    assert "title" in why(MARKS, elsewhere, text=TEXT)


def test_utf_16_units_are_read_where_only_they_fit() -> None:
    assert decode(MARKS, [mark(5, 9, "코스피가", "C1")], TEXT) == Decoded(
        ("C1",), (Span(4, 8, "코스피가"),)
    )
    assert "says" in why(MARKS, mark(3, 6, "급락", "C1"), text=TEXT)  # would cut the 😀


def test_one_mark_made_twice_counts_once() -> None:
    assert said(MARKS, mark(2, 3, "😀", "C1"), mark(2, 3, "😀", "C1"), text=TEXT) == ("C1",)


def test_titles_where_the_page_had_no_alias() -> None:
    assert said(ONE, part("choices", ["경제"])) == ("C2",)
    assert said(LEAVES, part("choices", ["정치 › 기타"])) == ("Politics.Other",)
    assert said(PATHS, part("taxonomy", [["경제", "기타"]])) == ("Economy.Other",)
    assert "no class" in why(PATHS, part("taxonomy", [["기타"]]))  # there are two


def test_encoded_is_what_the_editor_stores() -> None:
    (stored,) = encode(MANY, ("C3", "C1"), origin="manual")
    (editors,) = [part("choices", ["C1", "C3"])]
    assert {**stored, "id": ""} == {**editors, "id": ""}
    (stored,) = encode(PATHS, ("Economy", "Politics.Other"))
    assert stored["value"] == {"taxonomy": [["Politics", "Politics.Other"], ["Economy"]]}
    spans = (Span(18, 19, " "), Span(18, 19, " "), Span(21, 30, TEXT[21:30]))
    first, second = encode(MARKS, ("C2", "C1", "C2"), spans)
    assert first["value"] == {"start": 18, "end": 19, "text": " ", "labels": ["C1", "C2"]}
    assert second["value"]["text"] == "나눔.\\n둘째 줄 "
    assert len(encode(SINGLE_MARKS, ("C2", "C1", "C2"), spans)) == 3
    assert encode(MAYBE, ()) == encode(MARKS, ()) == []


# --- rewriting --------------------------------------------------------------------------------


def test_rewriting_touches_class_ids_only() -> None:
    result = [
        part("choices", ["A", "B", "C"], meta={"text": ["A"]}),
        part("choices", ["A"], from_name="mood"),
        part("taxonomy", [["P", "P.A"], ["Q"], ["P"]]),
        mark(0, 1, "A", "A", "D"),
        {"type": "relation", "from_id": "A", "to_id": "B"},
    ]
    before = json.dumps(result)
    new = rewrite(result, {"A": "N", "B": "N", "P": "R", "P.A": "R.X", "Q": "R"})
    assert json.dumps(result) == before
    assert new == [
        part("choices", ["N", "C"], meta={"text": ["A"]}),
        part("choices", ["A"], from_name="mood"),
        part("taxonomy", [["R", "R.X"], ["R"]]),
        mark(0, 1, "A", "N", "D"),
        {"type": "relation", "from_id": "A", "to_id": "B"},
    ]
    assert rewrite([part("choices", ["Z", "Z"])], {"A": "N"}) == [part("choices", ["Z", "Z"])]


# --- any answer to any task -------------------------------------------------------------------

ANY_TEXT = st.text(
    st.sampled_from("ab 😀👩\u200d🔬각\u1100\u1161\u11a8\n\r\t\\n\0\u00a0é"), min_size=1
)


def page_of(task: Task) -> Page:
    try:
        return Page.of(task)
    except CompileError:
        assume(False)
        raise


@st.composite
def answers(draw: st.DrawFn, page: Page, text: str) -> Decoded:
    """Any answer to the page's question, in the order that `decode` gives."""
    choices = [c for c in page.paths if c in page.choices]
    if page.key != "labels":
        most = 1 if page.one else len(choices)
        found = draw(st.sets(st.sampled_from(choices), min_size=not page.empty, max_size=most))
        return Decoded(page.in_order(found))
    places = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))).filter(
        lambda p: p[0] < p[1]
    )
    marks = draw(st.sets(st.tuples(places, st.sampled_from(choices)), max_size=5))
    ordered = sorted(marks, key=lambda m: (m[0], choices.index(m[1])))
    spans = tuple(Span(a, b, text[a:b]) for (a, b), _ in ordered)
    return Decoded(tuple(label for _, label in ordered), spans)


@given(tasks(), ANY_TEXT, st.data())
@settings(max_examples=100)
def test_decoding_undoes_encoding(task: Task, text: str, data: st.DataObject) -> None:
    _is_undone(task, text, data)


@pytest.mark.slow
@given(tasks(), ANY_TEXT, st.data())
@settings(max_examples=500)
def test_decoding_undoes_encoding_at_length(task: Task, text: str, data: st.DataObject) -> None:
    _is_undone(task, text, data)


def _is_undone(task: Task, text: str, data: st.DataObject) -> None:
    whole = task.data.model_copy(update={"text": ("body",), "image": ()})
    page = page_of(task.model_copy(update={"data": whole}))
    answer = data.draw(answers(page, text))
    result = encode(page, answer.labels, answer.spans)
    assert json.loads(json.dumps(result)) == result
    assert len({r["id"] for r in result}) == len(result)
    assert decode(page, result, text) == answer
    assert decode(page, rewrite(result, {}), text) == answer


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["value", "choices", "labels", "taxonomy", "start", "end", "text", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(
    st.sampled_from([ONE, MAYBE, PATHS, MARKS]),
    JSON | st.lists(JSON.map(lambda v: {"from_name": "label", "to_name": "body", "value": v})),
    ANY_TEXT,
)
@settings(max_examples=300)
def test_nothing_on_the_server_makes_reading_raise(page: Page, result: Any, text: str) -> None:
    found = decode(page, result, text)
    assert isinstance(found, Decoded) or found.why


def test_a_table_is_answered_about_too() -> None:
    data = Data(source=Call(name="csv"), columns=("age", "sex"))
    page = Page.of(_make_task(data=data))
    assert (page.to, page.column) == ("columns", "age")
    assert said(page, *encode(page, ("C1",))) == ("C1",)
