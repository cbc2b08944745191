"""What is offered where: by place, in sound and in broken text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from labelwright.dsl.lsp.complete import complete
from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.items import Item, protocol_items, without_holes
from labelwright.dsl.lsp.mentions import Mention
from labelwright.dsl.surroundings import Column, Surroundings
from labelwright.dsl.vocabulary import BLOCKS, FILE
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.lsp.marked import EXAMPLES, NEWS, SMALL, URI, columns, split, view

KNOWN = Surroundings(
    columns=(Column("body", "text"), Column("native-country", "text")),
    applied=frozenset({"Old", "A"}),
)


def offered(text: str, around: Surroundings = KNOWN, *, by_space: bool = False) -> list[Item]:
    plain, at = split(text)
    return complete(Document(URI, plain), at, EVERYTHING, around, by_space=by_space)[0]


def labels(text: str) -> list[str]:
    return [item.label for item in offered(SMALL + text)]


CLASSES = ["A", "P", "B", "C"]
CASES = [
    ("accept {\n  confidence = 95%\n  ‸\n}", "accuracy", "confidence"),
    ("accept { f1 ‸ }", "of", ">="),
    ("accept { accuracy ‸ }", ">=", "of"),
    ("accept { ece ‸ }", "<=", ">="),
    ("accept { f1 of ‸ }", "each class", "of"),
    ("accept { f1 of each class >= 80% ‸", "with 95% confidence", "A"),
    ("accept { f1 of each class >= 80% with 95% ‸", "confidence", "A"),
    ("accept { accuracy >= 80% on ‸\n}", "korean", "A"),
    ("accept { recall of A >= 90% ‸\n}", "at 90% precision", "items"),
    ("accept { labels of A >= 90 ‸\n}", "items", "with 95% confidence"),
    ("accept { recall(‸) of A >= 9% }", "k", "A"),
    ("rules {\n  a: ‸\n}", "vote against", "A"),
    ("rules { a: vote A ‸", "when", "A"),
    ("rules { a: vote A when ‸", "body", "A"),
    ("rules { a: vote A when words(‸", "body", "words"),
    ("rules { a: vote A when body ‸", "contains", "and"),
    ("rules { a: vote A when body is ‸", "missing", "in"),
    ("rules { a: vote A when body not ‸", "in", "missing"),
    ("rules { a: vote A when body is not ‸", "missing", "in"),
    ('rules { a: vote A when body == "x" ‸', "weight", "body"),
    ('rules { a: vote A when not (body == "x" or ‸', "words", "and"),
    ("query { phase a ‸ }", "until", "strategy"),
    ("query { phase a until ‸", "labels", "body"),
    ("query { phase a until labels of ‸", "each class", "labels"),
    ("query { phase a { ‸", "strategy", "phase"),
    ("query { phase a { strategy = mix(margin, ‸", "badge", "strategies"),
    ("query { phase a { strategy = badge(‸", "subsample", "badge"),
    ('data { source = csv("x")\n text = [body, ‸', '"native-country"', "source"),
    ('data { join = csv("x", ‸', "key", "label"),
    ('existing_labels { source = csv("x", ‸', "label", "path"),
    ('data { join = csv("x", key = ‸', "body", "key"),
    ("data { dedupe = ‸", "near", "csv"),
    ("data { keep ‸", "when", "body"),
    ("data { keep when ‸", "body", "labels"),
    ("holdout { items when ‸", "body", "labels"),
    ("annotators { from = simulate(‸", "column", "simulate"),
    ("annotators { adjudicate when ‸", "agreement < 0.67", "body"),
    ("annotators { overlap = 2\n  ‸", "gold", "overlap"),
    ("annotators { resolve = ‸", "crowdlab", "csv"),
    ("budget { per_round = 50 ‸", "items", "50"),
    ("budget { price = 0.3 USD ‸", "per annotation", "USD"),
    ("train { encoder of ‸", "image", "A"),
    ("train { augment = [crop, ‸", "flip", "margin"),
    ("train { encoder ‸", "of", "encoder"),
    ("constraints { A ‸", "requires", "A"),
    ("output { report = ‸", "html", "parquet"),
    ("pseudo_labels { distribution_alignment = ‸", "true", "margin"),
    ("class D { examples = [‸", "image", "examples"),
    ("class D { was = ‸", "Old", "A"),
    ("class D {\n  ‸\n}", "class", "data"),
    ("slice x when ‸", "body", "labels"),
    ("slice x ‸", "when", "until"),
    ("con‸", "constraints", "data"),
]


@pytest.mark.parametrize(("text", "there", "not_there"), CASES)
def test_by_place(text: str, there: str, not_there: str) -> None:
    found = labels(text)
    assert there in found
    assert not_there not in found


@pytest.mark.parametrize(
    "text",
    [
        "rules { a: vote ‸ }",
        "rules {\n  a: vote against ‸\n  b: veto\n}",
        "constraints { ‸ }",
        "constraints { A excludes P, ‸ }",
        "pseudo_labels { threshold of ‸ }",
    ],
)
def test_classes_where_a_class_may_stand(text: str) -> None:
    assert [name for name in labels(text) if name != "against"] == CLASSES


def test_after_a_dot_only_the_children() -> None:
    assert labels("rules { a: vote P.‸ }") == ["B", "C"]
    assert labels("accept { recall of P.‸ >= 9% }") == ["B", "C"]


@pytest.mark.parametrize(
    "text",
    ['class D { hotkey = "‸', "data { # ‸\n}", "class ‸", "rules { a: veto when x matches /‸/ }"],
)
def test_nothing_where_anything_may_be_written(text: str) -> None:
    assert labels(text) == []


def test_a_space_opens_no_list_where_a_statement_begins() -> None:
    assert offered(SMALL + "class D {\n  ‸\n}", by_space=True) == []
    assert offered(SMALL + "rules { a: vote ‸ }", by_space=True) != []


def test_every_block_is_offered_at_the_top() -> None:
    assert [item.label for item in offered("‸")] == list(FILE.blocks)


@pytest.mark.parametrize("name", [n for n in BLOCKS if n not in ("slice", "rules", "constraints")])
def test_every_setting_is_offered_until_it_is_said(name: str) -> None:
    entry = BLOCKS[name]
    head = f"{name} x" if entry.named else name
    opening, closing = ("query {\n", "\n}") if name == "phase" else ("", "")
    for setting in entry.settings:
        before = f"{opening}{head} {{\n  ‸\n}}{closing}"
        after = f"{opening}{head} {{\n  {setting.name} = {setting.example}\n  ‸\n}}{closing}"
        item = next(i for i in offered(before) if i.label == setting.name)
        assert without_holes(item.insert).startswith(f"{setting.name} = ")
        assert (setting.name in [i.label for i in offered(after)]) == bool(setting.of)


def test_where_the_value_stands_already_only_the_name_is_written() -> None:
    found = offered(SMALL + 'class D {\n  ‸ = "x"\n}')
    assert next(i for i in found if i.label == "describe").insert == "describe"
    assert "class" not in [i.label for i in found]


WRITTEN = {"class", "slice", "setting", "clause", "block", "word", "metric", "plugin", "function"}
WRITTEN |= {"column", "input"}


def _cut(text: str, mention: Mention) -> str:
    """The text with the mention and the rest of its line gone, and the cursor in its place.

    Of a block's head only the word goes: without its brace the lines below would mean something else.
    """
    start = mention.span.start
    if mention.sort == "block":
        return f"{text[:start]}‸{text[mention.span.end :]}"
    end = min(k for k in (text.find("\n", start), len(text)) if k >= 0)
    return f"{text[:start]}‸{text[end:]}"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_whatever_a_file_says_is_offered_where_it_says_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = view(text)
    around = columns(*(m.name for m in found.mentions.all if m.sort == "column"))
    missed = []
    for mention in found.mentions.all:
        if mention.declares or mention.quoted or mention.sort not in WRITTEN:
            continue
        word = text[mention.span.start : mention.span.end]
        labels = [item.label for item in offered(_cut(text, mention), around)]
        if not any(word == label or label.startswith(f"90% {word}") for label in labels):
            missed.append((mention, labels[:5]))
    assert missed == []


@given(st.sampled_from(EXAMPLES), st.data())
def test_completion_never_fails(path: Path, data: st.DataObject) -> None:
    whole = path.read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(whole)))
    junk = data.draw(
        st.sampled_from(["", "(", "[", "{", "}", "=", '"', "of ", "when ", "👩‍🔬", "vote "])
    )
    text = whole[:at] + junk + whole[at:]
    items, word = complete(Document(URI, text), at + len(junk), EVERYTHING, KNOWN)
    assert word.start <= at + len(junk) <= word.end
    assert all(item.label for item in items)


# --- as the protocol has it -------------------------------------------------------------------


def test_items_replace_the_word_begun_and_keep_their_order() -> None:
    plain, at = split(NEWS.replace("vote 경제", "vote 경‸"))
    document = Document(URI, plain)
    items, word = complete(document, at, EVERYTHING)
    made = protocol_items(items, document.positions.range(word), snippets=True).items
    assert [m.label for m in sorted(made, key=lambda m: m.sort_text or "")] == [
        "against", "Politics", "Election", "Other", "경제", "Sports", "Fraud", "OtherCrime",
    ]  # fmt: skip
    edit = next(m.text_edit for m in made if m.label == "경제")
    assert isinstance(edit, types.TextEdit)
    assert plain[word.start : word.end] == "경"
    assert document.positions.span(edit.range) == word
    assert next(m.filter_text for m in made if m.label == "Sports") == "Sports 스포츠"


def test_an_editor_without_snippets_gets_plain_text() -> None:
    items = offered("class A {\n  ‸\n}")
    range_ = types.Range(types.Position(0, 0), types.Position(0, 0))
    for item in protocol_items(items, range_, snippets=False).items:
        assert item.insert_text_format is types.InsertTextFormat.PlainText
        assert isinstance(item.text_edit, types.TextEdit)
        assert "$" not in item.text_edit.new_text
    assert without_holes('a${1|b,c|} "${2:d\\}e}" $0f\\$') == 'ab "d}e" f$'
