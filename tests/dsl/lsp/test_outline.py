"""Where a cursor stands: the block, the statement before it, the word at it; in broken text too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.names import Names
from tests.dsl.lsp.marked import EXAMPLES, SMALL, URI, split

PLACES = [
    ("‸", "", "", ""),
    ("cl‸", "", "", "cl"),
    ("task a {\n  ‸\n}", "task", "", ""),
    ("task a {\n  kind = ‸\n  choose = one\n}", "task", "kind =", ""),
    ('class A {\n  describe = "x"\n  # why\n  ‸\n\n  hotkey = "1"\n}', "class", "", ""),
    ('class A {\n  describe = "x"\n  ‸\nclass B {\n}\n', "class", "", ""),
    ('class A {\n  describe = "x"\n‸\nclass B {\n}\n', "", "", ""),
    ('class A {\n  examples = [\n    "a",\n    ‸\n  ]\n}', "class", 'examples = [ "a" ,', ""),
    ("class A {\n  desc‸", "class", "", "desc"),
    ("class A {\r\n  desc‸\r\n}\r\n", "class", "", "desc"),
    ("query {\n  phase a { strategy = mi‸ }\n}", "phase", "strategy =", "mi"),
    ("query { phase a { strategy = mix(margin, ‸", "phase", "strategy = mix ( margin ,", ""),
    ("rules {\n  a: vote ‸ when x == 1\n}", "rules", "a : vote", ""),
    ("rules {\n  a: vote A when x == 1 and\n    ‸\n}", "rules", "a : vote A when x == 1 and", ""),
    ("rules { a: vote 경‸ }", "rules", "a : vote", "경"),
    ("accept {\n  f1 of ‸\n  accuracy >= 3%\n}", "accept", "f1 of", ""),
    ("accept { recall of P.B‸", "accept", "recall of P .", "B"),
]


@pytest.mark.parametrize(("text", "block", "before", "word"), PLACES)
def test_place(text: str, block: str, before: str, word: str) -> None:
    plain, at = split(text)
    outline = Document(URI, plain).outline
    tokens, span, _ = outline.statement_at(at)
    found = outline.block_at(at).head, " ".join(tokens), plain[span.start : span.end]
    assert found == (block, before, word)


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ('data { source = csv("a‸b") }', "string"),
        ('data { source = csv("a‸', "string"),
        ('task t { guide = """\n  ‸\n""" }', "string"),
        ("rules { a: veto when x matches /a‸b/ }", "pattern"),
        ("data { # th‸\n}", "comment"),
        ('data { source = csv(‸"ab") }', ""),
        ('data { source = csv("ab"‸) }', ""),
    ],
)
def test_inside_of_what_is_no_statement(text: str, within: str) -> None:
    plain, at = split(text)
    assert Document(URI, plain).outline.within(at) == within


def test_names_are_known_where_the_text_is_broken() -> None:
    names = Names(Document(URI, SMALL + "rules {\n  a: vote ] when\nclass D {").outline)
    assert [c.id for c in names.classes] == ["A", "P", "P.B", "P.C", "D"]
    assert names.slices == ["korean"]
    assert [c.title for c in names.classes][:3] == ["에이", "", "비"]


def test_the_shortest_name_of_a_class_means_no_other() -> None:
    text = "class A { class X }\nclass B { class X\n class Y { class A } }\n"
    names = Names(Document(URI, text).outline)
    assert {c.id: names.shortest(c.id) for c in names.classes} == {
        "A": "A",
        "A.X": "A.X",
        "B": "B",
        "B.X": "B.X",
        "B.Y": "Y",
        "B.Y.A": "Y.A",
    }


def test_a_text_too_large_to_be_read_has_no_outline() -> None:
    outline = Document(URI, "class A\n" * 200_000).outline
    assert list(outline.root.walk()) == [outline.root]


@given(st.sampled_from(EXAMPLES), st.data())
def test_any_cut_of_a_file_has_an_outline(path, data) -> None:  # type: ignore[no-untyped-def]
    whole = path.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(whole)))
    text = whole[start : data.draw(st.integers(start, len(whole)))]
    at = data.draw(st.integers(0, len(text)))
    outline = Document(URI, text).outline
    _, word, _ = outline.statement_at(at)
    assert word.start <= at <= word.end
    inside = outline.block_at(at)
    assert inside in list(outline.root.walk())
    for piece in outline.root.walk():
        assert 0 <= piece.span.start <= piece.span.end <= len(text)
        assert piece.parent is None or piece in piece.parent.children
