"""What is said about the word under the pointer."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from labelwright.dsl.lsp.hover import explain, hover
from labelwright.dsl.lsp.words import metric_forms
from labelwright.dsl.metrics import METRICS
from tests.dsl.lsp.marked import EXAMPLES, NEWS, columns, split, view


def said(text: str, **known: object) -> str:
    plain, at = split(text)
    found = hover(view(plain, **known), at)  # type: ignore[arg-type]
    if found is None:
        return ""
    assert isinstance(found.contents, types.MarkupContent)
    return found.contents.value


def over(word: str, *, after: str = "") -> str:
    """What is said over the first such word of news.task, `after` some text."""
    at = NEWS.index(word, NEWS.index(after)) + len(word) // 2
    return said(f"{NEWS[:at]}‸{NEWS[at:]}", around=columns("lang", "body"))


@pytest.mark.parametrize(
    ("word", "after", "told"),
    [
        (
            "per_round",
            "",
            ["How many items are asked at a time", "in items", "20 items", "batch_size"],
        ),
        ("overlap", "", ["How many people judge each item", "at least 1"]),
        ("budget", "pause when", ["What the labels may cost", "`price`"]),
        ("keep", "", ["Only these items are used"]),
        ("leaves", "", ["May a class that has children be chosen"]),
        ("badge", "", ["subsample", "A query strategy"]),
        ("subsample", "", ["a whole number"]),
        ("key", "existing_labels", ["The column to join by"]),
        ("recall", "accept", ["Of what is a class", "recall of CLASS >= 90%"]),
        ("words", "stub:", ["How many words a text has"]),
        ("lang", "", ["a column of the data: text"]),
        ("korean", "", ['slice korean when lang == "ko"']),
        ("경제", "kospi", ["class 경제", "Economy", "Markets, companies", "was: `Business`"]),
        ("Election", "", ["Politics.Election", "선거", "A child of `Politics`"]),
        ("Politics", "class Politics", ["Its children: `Politics.Election`, `Politics.Other`"]),
        ("Business", "", ["A class there was before"]),
        ("kospi", "", ["vote 경제 when title matches"]),
        ("cold", "phase", ["strategy = typiclust"]),
        ("matches", "", ["RE2"]),
        ("until", "", ["ends a phase"]),
    ],
)
def test_hover(word: str, after: str, told: list[str]) -> None:
    found = over(word, after=after)
    assert [part for part in told if part not in found] == []


def test_in_a_line_that_cannot_be_read() -> None:
    assert "How many people" in said("annotators {\n  over‸lap = = 2\n}")
    assert "gets right" in said("accept {\n  accu‸racy >= >= 2%\n}")
    assert "What the labels may cost" in said("bud‸get {{\n")


def test_nothing_where_nothing_is_known() -> None:
    assert said('task t { guide = "bud‸get" }') == ""
    assert said("nons‸ense = 3") == ""
    assert said("# bud‸get\n") == ""


def test_the_range_is_that_of_the_word_in_utf_16() -> None:
    plain, at = split(
        'class A "😀" { describe = "x" }  # \nrules { 😀: veto }\nclass 경제 "😀" { hot‸key = "1" }'
    )
    found = hover(view(plain), at)
    assert found is not None
    assert found.range == types.Range(types.Position(2, 16), types.Position(2, 22))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_word_that_is_understood_is_explained(path: Path) -> None:
    found = view(path.read_text(encoding="utf-8"))
    silent = {
        m.sort
        for m in found.mentions.all
        if m.sort not in ("column", "input", "task", "argument") and not explain(found, m)
    }
    assert silent == set()


@pytest.mark.parametrize("name", METRICS)
def test_the_forms_of_a_metric_can_be_read(name: str) -> None:
    metric = METRICS[name]
    kind = "spans" if metric.task == "spans" else "classification"
    choose = "many" if metric.choose == "many" else "one"
    for form in metric_forms(metric):
        text = (
            f"task t {{\n kind = {kind}\n choose = {choose}\n scale = ordinal\n}}\n"
            f'class A {{ value = 1 }}\nclass B {{ value = 2 }}\ndata {{ source = csv("x.csv") }}\n'
            f"annotators {{ overlap = 2 }}\nbudget {{ annotations = 9_000 }}\n"
            f"holdout {{ annotations = 4_000 }}\naccept {{\n {form.replace('CLASS', 'A')}\n}}"
        )
        assert [d.message for d in view(text).reading.errors] == []
