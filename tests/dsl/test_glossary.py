"""Every word is found, by its own name and by what others call it; keywords do what they are told to."""

from __future__ import annotations

import re

import pytest

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.glossary import KEYWORDS, Keyword, look_up, words
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.printing import KEYWORDS as KEPT
from labelwright.dsl.read import read
from labelwright.dsl.vocabulary import BLOCKS, FUNCTIONS, RESERVED
from tests.dsl.catalogues import EVERYTHING


def meant(word: str) -> list[tuple[str, str, str]]:
    return [(m.kind, m.full_name, m.how) for m in look_up(word, EVERYTHING)]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("holdout", [("block", "holdout", "name")]),
        ("overlap", [("setting", "annotators.overlap", "name")]),
        ("budget.money", [("setting", "budget.money", "name")]),
        ("Budget.Cost", [("setting", "budget.money", "synonym")]),
        ("test set", [("block", "holdout", "synonym")]),
        ("honeypot", [("setting", "annotators.gold", "synonym")]),
        ("keep", [("sentence", "data.keep", "name")]),
        ("macro_f1", [("metric", "macro_f1", "name")]),
        ("qwk", [("metric", "quadratic_kappa", "synonym")]),
        ("length", [("function", "length", "name")]),
        ("veto", [("keyword", "veto", "name")]),
        ("stratified", [("setting", "holdout.measure", "value")]),
        ("ranking", [("later", "ranking", "name")]),
        ("margin", [("plug-in", "margin", "name")]),
        ("zebra", []),
        ("budget.zebra", []),
        ("zebra.money", []),
        ("", []),
        (".", []),
    ],
)
def test_what_a_word_means(word: str, found: list[tuple[str, str, str]]) -> None:
    assert meant(word) == found


def test_a_name_in_two_blocks_means_both() -> None:
    assert {name for _, name, _ in meant("annotations")} == {
        "holdout.annotations",
        "budget.annotations",
    }


def test_every_word_has_a_meaning() -> None:
    for word in words(EVERYTHING):
        assert look_up(word, EVERYTHING), word
    for block in BLOCKS.values():
        for entry in (*block.settings, *block.clauses):
            found = look_up(f"{block.name}.{entry.name}", EVERYTHING)
            assert [m.entry for m in found] == [entry]
    for entry in RESERVED:
        assert look_up(entry.word, EVERYTHING), entry.word
    assert {*BLOCKS, *METRICS, *FUNCTIONS, *KEYWORDS} <= set(words(EVERYTHING))


def test_all_words_of_the_grammar_are_told() -> None:
    assert set(KEYWORDS) == KEPT


@pytest.mark.parametrize("keyword", KEYWORDS.values(), ids=list(KEYWORDS))
def test_a_keyword_is_used_as_it_is_told(keyword: Keyword) -> None:
    assert keyword.help.endswith(".")
    assert re.search(rf"\b{keyword.name}\b", keyword.example)
    blocks = {
        "task t": "choose = many" if keyword.block == "constraints" else "",
        "data": 'source = csv("x.csv")\n text = body',
    }
    lines = [blocks.pop(keyword.block, ""), keyword.example]
    inside = "\n".join(lines)
    text = 'class A\nclass B\nslice S when lang == "ko"\n' + "\n".join(
        f"{head} {{\n{body}\n}}" for head, body in [*blocks.items(), (keyword.block, inside)]
    )
    reading = read(SourceText("t.task", text + "\n"), EVERYTHING)
    assert [d.message for d in reading.errors] == []
