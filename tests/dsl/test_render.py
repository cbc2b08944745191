"""Carets stand under what they mean, on a terminal of any script; tools get plain positions."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.dsl.diagnostics import Diagnostic, Fix, Label, SourceText
from labelwright.dsl.lines import Lines, shown, width
from labelwright.dsl.render import apply_fixes, render, to_json
from labelwright.dsl.tree import Span


def at(text: str, part: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = text.index(part, start + 1)
    return Span(start, start + len(part))


def error(span: Span, hint: str = "here", **more) -> Diagnostic:
    return Diagnostic("E201", "error", span, "no class is called 겅제", hint=hint, **more)


def drawn(text: str, *found: Diagnostic, color: bool = False) -> str:
    return render(found, SourceText("news.task", text), color=color)


def test_the_style_of_the_design():
    text = "\n" * 78 + "  kospi:     vote 겅제 when title matches /코스피|KOSPI|환율/\n"
    assert drawn(text, error(at(text, "겅제"), "did you mean `경제`?")) == (
        "error[E201]: no class is called 겅제\n"
        "   ┌─ news.task:79:19\n"
        "79 │   kospi:     vote 겅제 when title matches /코스피|KOSPI|환율/\n"
        "   │                   ^^^^ did you mean `경제`?"
    )


def test_labels_notes_and_help():
    text = "\n" * 73 + "  annotations = 60\n" + "\n" * 55 + "  accuracy             >= 92%\n"
    found = Diagnostic(
        "E301",
        "error",
        at(text, ">= 92%"),
        "this criterion can never pass",
        hint="at 95% confidence needs at least 36 items",
        labels=(Label(at(text, "60"), "2 people an item: 30 items to measure on"),),
        notes=("30 right out of 30 still leaves a lower bound of 90.5%.",),
        help="with 300 items, 284 right would pass.",
    )
    assert drawn(text, found) == (
        "error[E301]: this criterion can never pass\n"
        "    ┌─ news.task:130:24\n"
        " 74 │   annotations = 60\n"
        "    │                 -- 2 people an item: 30 items to measure on\n"
        "130 │   accuracy             >= 92%\n"
        "    │                        ^^^^^^ at 95% confidence needs at least 36 items\n"
        "    │\n"
        "    = 30 right out of 30 still leaves a lower bound of 90.5%.\n"
        "    = help: with 300 items, 284 right would pass."
    )


def caret_column(text: str, span: Span) -> tuple[int, int]:
    """Cells before the caret, and cells of the caret."""
    under = drawn(text, error(span, "")).splitlines()[3].split("│", 1)[1][1:]
    return len(under) - len(under.lstrip()), len(under.strip())


@pytest.mark.parametrize(
    ("text", "part", "cells"),
    [
        ("abc def", "def", (4, 3)),
        ("경제 x", "x", (5, 1)),
        ("a 경제", "경제", (2, 4)),
        (unicodedata.normalize("NFD", "경제 x"), "x", (5, 1)),
        ("cafe\u0301 x", "x", (5, 1)),
        ("ＡＢ x", "x", (5, 1)),
        ("日本 語", "語", (5, 2)),
        ("\tx", "x", (4, 1)),
        ("a\tb", "\t", (1, 4)),
        ("\ufeffa b", "b", (2, 1)),
        ("a\0b", "b", (2, 1)),
        ("a\u200fb", "b", (9, 1)),
        ("a", "", (0, 1)),
    ],
)
def test_carets_are_padded_by_cells(text, part, cells):
    assert caret_column(text, at(text, part)) == cells


def test_a_span_over_several_lines_is_underlined_on_its_first():
    text = 'a {\n  guide = """\n    one\n    """\n}\n'
    start = text.index('"""')
    rows = drawn(text, error(Span(start, text.rindex('"""') + 3))).splitlines()
    assert rows[2:] == ['2 │   guide = """', "  │           ^^^ here"]


def test_a_span_at_the_very_end():
    assert drawn("a\n", error(Span(2, 2))).splitlines()[1:] == [
        "  ┌─ news.task:2:1", "2 │", "  │ ^ here",
    ]  # fmt: skip


def test_carriage_returns_are_not_shown():
    rows = drawn("a\r\nb\r\n", error(Span(3, 4))).splitlines()
    assert rows[2:] == ["2 │ b", "  │ ^ here"]


def test_a_long_line_is_cut_around_the_caret():
    text = "x" * 5_000 + "HERE" + "y" * 5_000
    rows = drawn(text, error(at(text, "HERE"))).splitlines()
    assert len(rows[2]) < 220
    column = rows[3].index("^")
    assert rows[2][column : column + 4] == "HERE"


def test_color_only_adds_escapes():
    text = "a b"
    colored = drawn(text, error(Span(2, 3)), color=True)
    assert "\x1b[1;31m" in colored
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == drawn(text, error(Span(2, 3)))


def test_the_source_cannot_send_escapes():
    assert "\x1b" not in drawn("a \x1b[31m b", error(Span(0, 1), "\x1b"))


def test_json_positions():
    text = "\ufeffa {\r\n  경제 = 1\r\n}"
    found = error(
        at(text, "경제"),
        labels=(Label(at(text, "{"), "opened"),),
        notes=("n",),
        help="h",
        fix=Fix(at(text, "1\r\n}"), "2", "t"),
    )
    (item,) = to_json([found], SourceText("news.task", text))
    assert item == {
        "code": "E201", "severity": "error", "message": "no class is called 겅제", "hint": "here",
        "line": 2, "column": 3, "end_line": 2, "end_column": 5,
        "labels": [{"line": 1, "column": 3, "end_line": 1, "end_column": 4, "text": "opened"}],
        "notes": ["n"], "help": "h",
        "fix": {"line": 2, "column": 8, "end_line": 3, "end_column": 2, "text": "2", "title": "t"},
    }  # fmt: skip
    assert to_json([error(Span(0, 0))], SourceText("", ""))[0]["fix"] is None


def test_apply_fixes_makes_those_that_do_not_overlap():
    text = "a b c"
    fixes = [(Span(4, 5), "C"), (Span(0, 3), "AB"), (Span(2, 3), "x")]
    found = [error(span, fix=Fix(span, new, "")) for span, new in fixes]
    assert apply_fixes(text, [*found, error(Span(0, 1))]) == "AB C"


@given(st.text(alphabet="ab\r\n경\t", max_size=30))
def test_positions_agree_with_a_plain_count(text):
    lines = Lines(text)
    for offset in range(len(text) + 1):
        before = text[:offset]
        if before.endswith("\r") and text[offset : offset + 1] == "\n":
            continue
        rows = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert lines.position(offset) == (len(rows), len(rows[-1]) + 1)


@given(st.text(max_size=20))
def test_what_is_shown_is_printable(text):
    assert shown(text).isprintable() or not shown(text)
    assert width(text) >= 0
