"""Findings as editors take them, and what is offered to do about them."""

from __future__ import annotations

import pytest
from lsprotocol import types

from labelwright.dsl.diagnostics import Diagnostic, Label
from labelwright.dsl.lsp.actions import actions, allow
from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.findings import finding, findings
from labelwright.dsl.lsp.formatting import line_edits
from labelwright.dsl.lsp.positions import Positions
from labelwright.dsl.lsp.rename import edited
from labelwright.dsl.tree import Span
from tests.dsl.lsp.marked import EXAMPLES, NEWS, SMALL, URI, view


def applied(text: str, action: types.CodeAction) -> str:
    assert action.edit is not None
    assert action.edit.changes is not None
    positions = Positions(text)
    for edit in sorted(
        action.edit.changes[URI], key=lambda e: positions.offset(e.range.start), reverse=True
    ):
        span = positions.span(edit.range)
        text = text[: span.start] + edit.new_text + text[span.end :]
    return text


def offered(text: str, at: str) -> list[types.CodeAction]:
    place = text.index(at)
    return list(actions(view(text), Span(place, place), {}))


def test_a_finding_says_all_that_is_known() -> None:
    text = NEWS.replace("vote 경제", "vote 겅제")
    found = next(f for f in findings(view(text)) if f.code == "E201")
    line = text[: text.index("겅제")].count("\n")
    assert found.range == types.Range(types.Position(line, 18), types.Position(line, 20))
    assert found.severity is types.DiagnosticSeverity.Error
    assert found.source == "labelwright"
    assert found.message.startswith("no class is called 겅제: did you mean `경제`?")


def test_labels_are_places_or_words() -> None:
    text = (
        SMALL.replace('{ describe = "a" }', '{\n  hotkey = "1"\n}') + 'class D { hotkey = "1" }\n'
    )
    found = next(f for f in findings(view(text)) if f.code == "E211")
    assert found.related_information is not None
    assert [r.message for r in found.related_information] == ["class A has it"]
    assert found.related_information[0].location.uri == URI
    plain = next(f for f in findings(view(text), related=False) if f.code == "E211")
    assert plain.related_information is None
    assert "line 3: class A has it" in plain.message


def test_what_has_no_effect_is_shown_faded() -> None:
    found = Diagnostic("L305", "warning", Span(0, 1), "x", labels=(Label(Span(0, 1), "y"),))
    assert finding(found, Positions("abc"), URI).tags == [types.DiagnosticTag.Unnecessary]
    other = Diagnostic("E201", "error", Span(0, 1), "x")
    assert finding(other, Positions("abc"), URI).tags is None


def test_a_certain_correction_is_offered_first_and_preferred() -> None:
    text = NEWS.replace("vote 경제", "vote 겅제")
    action, *_ = offered(text, "겅제")
    assert action.kind is types.CodeActionKind.QuickFix
    assert action.is_preferred
    assert action.title == "Write `경제`"
    assert applied(text, action) == NEWS
    assert action.diagnostics is not None
    assert [d.code for d in action.diagnostics] == ["E201"]


LINTED = "# 가\n" + SMALL  # class B has no description: L202


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('  class B "비"', '  # allow L202\n  class B "비"'),
        ('  # allow L206\n  class B "비"', '  # allow L206, L202\n  class B "비"'),
        ('  # why\n  class B "비"', '  # why\n  # allow L202\n  class B "비"'),
    ],
)
def test_a_lint_can_be_allowed_above_its_line(before: str, after: str) -> None:
    for ends in ("\n", "\r\n"):
        text = LINTED.replace('  class B "비"', before).replace("\n", ends)
        found = view(text)
        at = text.index('B "비"')
        lint = next(d for d in found.reading.diagnostics if d.code == "L202" and d.span.start == at)
        action = next(a for a in offered(text, 'B "비"') if a.title == "Allow L202 here")
        mended = applied(text, action)
        assert mended == LINTED.replace('  class B "비"', after).replace("\n", ends)
        left = [d for d in found.reading.diagnostics if d is not lint]
        assert said(mended) == [(d.code, text[d.span.start : d.span.end]) for d in left]


def said(text: str) -> list[tuple[str, str]]:
    return [(d.code, text[d.span.start : d.span.end]) for d in view(text).reading.diagnostics]


def test_an_error_cannot_be_allowed() -> None:
    found = view(NEWS.replace("vote 경제", "vote 겅제"))
    assert [allow(found, d) for d in found.reading.errors] == [None]


def test_above_the_first_line_and_a_byte_order_mark() -> None:
    text = "\ufeffclass A\n"
    lint = Diagnostic("L202", "warning", Span(1, 6), "x")
    fix = allow(view(text), lint)
    assert fix is not None
    assert edited(text, [fix]) == "\ufeff# allow L202\nclass A\n"


def test_no_comment_goes_into_a_text() -> None:
    text = 'task t {\n  guide = """\n  one\n  two\n  """\n}\n'
    at = text.index("two")
    assert allow(view(text), Diagnostic("L202", "warning", Span(at, at + 1), "x")) is None


# --- the formatter's text as edits ------------------------------------------------------------


def formatted(text: str, after: str, within: Span | None = None) -> str:
    document = Document(URI, text)
    edit = types.WorkspaceEdit(changes={URI: line_edits(document, after, within)})
    return applied(text, types.CodeAction("", edit=edit))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_edits_give_the_formatted_text(path) -> None:  # type: ignore[no-untyped-def]
    text = path.read_text(encoding="utf-8")
    spoilt = text.replace(" = ", "=").replace("\n\n", "\n\n\n\n") + "  \n"
    assert formatted(spoilt, text) == text
    assert line_edits(Document(URI, text), text) == []


def test_only_the_lines_that_change_are_edited() -> None:
    edits = line_edits(Document(URI, "a\r\nb\r\nc"), "a\r\nB\r\nc")
    assert [(e.range.start.line, e.range.end.line, e.new_text) for e in edits] == [(1, 2, "B\r\n")]
    assert formatted("a\nb\nc\nd\n", "A\nb\nC\nd\n", Span(4, 5)) == "a\nb\nC\nd\n"
