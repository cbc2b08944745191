"""Colours for task files: every character is kept, and words are what the language says they are."""

from __future__ import annotations

import importlib.metadata
import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Error, Token

from labelwright.dsl.highlight import CONSTANT_WORDS, OPERATOR_WORDS, TaskLexer
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.tokens import scanner
from labelwright.dsl.vocabulary import BLOCKS
from tests.dsl.layouts import disordered

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("tests/dsl/examples/*.task"), *ROOT.glob("tasks/*.task")])
TEXTS = [path.read_text(encoding="utf-8") for path in FILES]


def parts(text: str) -> list[tuple[str, str]]:
    """(type, part) of all but white space."""
    lexed = TaskLexer().get_tokens_unprocessed(text)
    return [(str(kind).removeprefix("Token."), part) for _, kind, part in lexed if part.strip()]


def whole(text: str) -> None:
    position = 0
    for start, kind, part in TaskLexer().get_tokens_unprocessed(text):
        assert start == position
        assert part == text[start : start + len(part)] != ""
        assert kind in Token
        position += len(part)
    assert position == len(text)


# --- Pygments ---------------------------------------------------------------------------------


@settings(max_examples=400)
@given(st.text() | st.text('a"\\/#{}[]()=:.,<>% \t\r\n\f\ufeff한“1'))
def test_any_text_comes_back(text: str) -> None:
    whole(text)


def test_task_files_come_back() -> None:
    chance = random.Random(3)
    for text in TEXTS:
        whole(text)
        whole("\ufeff" + disordered(text, chance, gaps=True, newline="\r\n"))
        at = chance.randrange(len(text))
        whole(text[:at] + chance.choice('"/{}=“') + text[at + 1 :])
        lexer = TaskLexer(stripnl=False, ensurenl=False)
        assert "".join(part for _, part in lexer.get_tokens(text)) == text


def test_our_files_have_no_error_and_every_token_a_type() -> None:
    for text in TEXTS:
        kinds = {kind for _, kind, _ in TaskLexer().get_tokens_unprocessed(text)}
        assert Error not in kinds
        assert Token.Text not in kinds


def test_what_words_are() -> None:
    lexed = parts(
        'class Other "a \\"b\\"" { was = Old }  # allow L203\n'
        "data { source = csv(x = true)\n keep when not words(title) > 3 and a.b is missing }\n"
        "rules { r: vote against Billing.Other when labels == 2026-09-01 weight 2 }\n"
        "constraints { A requires B, C }\n"
        "accept { recall of each class >= 5% with 95% confidence }\n"
    )
    assert [kind for kind, part in lexed if part == "Other"] == ["Name.Class"] * 2
    told = dict(map(reversed, lexed))  # type: ignore[arg-type]
    assert {
        word: told[word]
        for word in ("class", "was", "Old", "csv", "x", "true", "keep", "when", "not", "words", "title",
                     "missing", "b", "r", "against", "Billing", "weight", "2026-09-01", "recall", "A", "B",
                     "of", "each", "confidence", "95%", "# allow L203", '\\"')
    } == {
        "class": "Name",  # the last one, after `each`
        "was": "Name.Attribute", "Old": "Name", "csv": "Name.Function", "x": "Name.Variable",
        "true": "Keyword.Constant", "keep": "Keyword", "when": "Keyword", "not": "Operator.Word",
        "words": "Name.Function", "title": "Name", "missing": "Keyword.Constant", "b": "Name",
        "r": "Name.Label", "against": "Keyword", "Billing": "Name.Class", "weight": "Keyword",
        "2026-09-01": "Literal.Date", "recall": "Name.Builtin", "A": "Name.Class", "B": "Name.Class",
        "of": "Keyword", "each": "Keyword", "confidence": "Keyword", "95%": "Literal.Number",
        "# allow L203": "Comment.Special", '\\"': "Literal.String.Escape",
    }  # fmt: skip


def test_mistakes_are_errors() -> None:
    assert ("Error", "“x”") in parts("a = “x”")
    assert ("Error", '"open') in parts('a = "open')


def test_word_groups_are_words_of_the_grammar() -> None:
    assert set(scanner().keywords) >= CONSTANT_WORDS | OPERATOR_WORDS
    assert not CONSTANT_WORDS & OPERATOR_WORDS


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_and_setting_is_coloured(block: str) -> None:
    for setting in BLOCKS[block].settings:
        lexed = dict(
            map(reversed, parts(f"{block} {{ {setting.name} = {setting.example} }}"))  # type: ignore
        )
        assert lexed[block] == "Keyword.Declaration" or block in (setting.example, setting.name)
        assert "Error" not in lexed.values()
    for clause in BLOCKS[block].clauses:
        assert parts(f"{block} {{ {clause.name} when {clause.example} }}")[2][0] == "Keyword"


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_coloured(metric: str) -> None:
    assert parts(f"accept {{ {metric} of A >= 1 }}")[2] == ("Name.Builtin", metric)


def test_pygments_finds_it() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (value,) = declared["project"]["entry-points"]["pygments.lexers"].values()
    found = importlib.metadata.EntryPoint("x", value, "pygments.lexers").load()
    assert found is TaskLexer
    assert get_lexer_by_name("labelwright").name == TaskLexer.name
    assert get_lexer_for_filename("news.task").name == TaskLexer.name
