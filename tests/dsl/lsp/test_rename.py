"""Names: where they are given, where they are used, and giving them others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labelwright.dsl.lsp import navigate
from labelwright.dsl.lsp.mentions import Mention
from labelwright.dsl.lsp.rename import (
    RefusedError,
    edited,
    follow,
    new_ids,
    renamable,
    rename,
    spelling,
)
from labelwright.dsl.lsp.view import View
from labelwright.dsl.task import Task
from tests.dsl.lsp.marked import EXAMPLES, NEWS, SMALL, split, view

TREE = SMALL + (
    "rules {\n  one: vote P.B when body matches /x/\n  two: vote B when body == \"B\"\n"
    '  three: vote "비" when lang == "ko"\n  four: vote "C" when lang == "en"\n'
    '  five: vote against "P.C" when lang == "en"\n  six: vote P when lang == "xx"\n}\n'
    "constraints { P.B excludes A }\naccept {\n  labels of P.B >= 2\n  labels of p.b >= 3\n"
    "  accuracy >= 10% on korean\n}\n"
)  # fmt: skip


def renamed(text: str, name: str) -> str:
    plain, at = split(text)
    found = view(plain)
    return edited(plain, rename(found, at, name))


def at_word(text: str, word: str) -> str:
    at = text.index(word)
    return f"{text[:at]}‸{text[at:]}"


def test_definition_and_references_of_a_child_class() -> None:
    plain, at = split(at_word(TREE, "B >= 2"))
    found = view(plain)
    declared = navigate.definition(found, at)
    assert declared is not None
    assert found.document.positions.offset(declared.range.start) == plain.index('B "비"')
    everywhere = navigate.references(found, at, declaration=True)
    spans = [found.document.positions.span(place.range) for place in everywhere]
    assert [plain[s.start : s.end] for s in spans] == ["B", "B", "B", '"비"', "B", "B", "b"]
    assert len(navigate.references(found, at, declaration=False)) == 6


def test_highlights_tell_writing_from_reading() -> None:
    plain, at = split(at_word(TREE, "korean when"))
    kinds = [h.kind.name for h in navigate.highlights(view(plain), at) if h.kind]
    assert kinds == ["Write", "Read"]


def test_nothing_is_defined_where_no_name_stands() -> None:
    plain, at = split(at_word(TREE, "describe"))
    assert navigate.definition(view(plain), at) is None
    assert navigate.references(view(plain), at, declaration=True) == []


def test_a_class_is_renamed_everywhere() -> None:
    text = renamed(at_word(TREE, 'B "비"'), "Bee")
    assert text == (
        TREE.replace('class B "비"', 'class Bee "비"')
        .replace("vote P.B", "vote P.Bee")
        .replace("vote B ", "vote Bee ")
        .replace("P.B excludes", "P.Bee excludes")
        .replace("of P.B", "of P.Bee")
        .replace("of p.b", "of p.Bee")
    )


def test_a_parent_is_renamed_in_the_paths_of_its_children() -> None:
    text = renamed(at_word(TREE, "P {"), "정치")
    assert "vote 정치.B" in text
    assert 'vote against "정치.C"' in text
    assert "vote 정치 when" in text


def test_a_class_without_a_title_is_renamed_where_it_is_quoted() -> None:
    text = renamed(at_word(TREE, "C\n"), "Sea")
    assert 'vote "Sea"' in text
    assert 'vote against "P.Sea"' in text
    assert 'vote "비"' in text


@pytest.mark.parametrize(
    ("word", "name", "text"),
    [
        ("korean when", "한국어", "accuracy >= 10% on 한국어"),
        ("one:", "first", "first: vote P.B"),
    ],
)
def test_slices_and_rules(word: str, name: str, text: str) -> None:
    assert text in renamed(at_word(TREE, word), name)


def test_phases() -> None:
    assert "phase warm until" in renamed(at_word(NEWS, "cold until"), "warm")


@pytest.mark.parametrize(
    ("word", "name", "why"),
    [
        ('B "비"', "C", "there is a class called `C` already"),
        ('B "비"', "c", "there is a class called `c` already"),
        ('B "비"', "two words", "no name"),
        ('B "비"', "each", "no name"),
        ('B "비"', "", "no name"),
        ('B "비"', "A", "two classes|no longer mean the same"),
        ("korean when", "12", "no name"),
        ("one:", "two", "there is a rule called `two` already"),
        ("describe", "x", "only classes, slices, rules and phases"),
        ("t {", "x", "only classes, slices, rules and phases"),
    ],
)
def test_refused(word: str, name: str, why: str) -> None:
    text = TREE.replace('task t "T"', "task t { choose = many }")
    with pytest.raises(RefusedError, match=why):
        renamed(at_word(text, word), name)


def test_a_line_that_cannot_be_read_is_not_left_behind() -> None:
    broken = TREE + "accept { recall of B >= >= 2% }\n"
    with pytest.raises(RefusedError, match="cannot be read"):
        renamed(at_word(broken, 'B "비"'), "Bee")
    assert "class Ay " in renamed(at_word(broken, "A "), "Ay")


def test_was_and_split_of_name_other_classes() -> None:
    text = NEWS.replace("class OtherCrime", "class Crime2")
    assert "split_of = Crime" in renamed(at_word(text, "Crime2"), "Theft")
    plain, at = split(at_word(NEWS, "Business  #"))
    with pytest.raises(RefusedError):
        renamable(view(plain), at)


def test_only_another_spelling() -> None:
    assert "class sports " in renamed(at_word(NEWS, 'Sports "'), "sports")


def declared(found: View) -> list[Mention]:
    sorts = ("class", "slice", "rule", "phase")
    return [m for m in found.mentions.all if m.declares and m.sort in sorts]


def as_json(task: Task) -> Any:
    """A Task without the text of its criteria, which is for people."""
    dumped = json.loads(task.model_dump_json())
    for criterion in dumped["accept"]["criteria"]:
        criterion["text"] = ""
    return dumped


WORDS = {"describe", "examples", "counterexamples", "aliases", "value", "values", "path", "was"}


def other_name(value: Any, old: str, new: str) -> Any:
    """A dumped Task with a name, and ids that begin with it, replaced wherever names stand."""
    if isinstance(value, dict):
        return {
            other_name(k, old, new): v if k in WORDS else other_name(v, old, new)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [other_name(v, old, new) for v in value]
    if isinstance(value, str) and (value == old or value.startswith(f"{old}.")):
        return new + value[len(old) :]
    return value


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_there_and_back_and_the_same_task_but_for_the_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = view(text)
    assert found.reading.task is not None
    for mention in declared(found):
        there = edited(text, rename(found, mention.span.start, "Zz새이름"))
        again = view(there)
        assert again.reading.task is not None
        parent, dot, short = mention.name.rpartition(".")
        old = text[mention.span.start : mention.span.end]
        if mention.sort == "class":
            expected = other_name(
                as_json(found.reading.task), mention.name, f"{parent}{dot}Zz새이름"
            )
            expected = other_name(expected, short, "Zz새이름")  # a class without a title
            assert as_json(again.reading.task) == expected
        else:
            expected = other_name(as_json(found.reading.task), old, "Zz새이름")
            assert as_json(again.reading.task) == expected
        assert edited(there, rename(again, mention.span.start, old)) == text


# --- labels under the old name ----------------------------------------------------------------


def followed(text: str, name: str) -> str:
    """The text after a rename and after the action that lets labels follow."""
    plain, at = split(text)
    found = view(plain)
    ids = new_ids(found, renamable(found, at), name)
    after = view(edited(plain, rename(found, at, name)))
    return edited(after.document.text, follow(after, at, ids))


def test_labels_follow_a_renamed_class_and_its_children() -> None:
    text = followed(at_word(SMALL, "P {"), "Q")
    task = view(text).reading.task
    assert task is not None
    assert {c.id: c.was for c in task.classes} == {
        "A": (), "Q": ("P",), "Q.B": ("P.B",), "Q.C": ("P.C",),
    }  # fmt: skip


@pytest.mark.parametrize("body", ["", " { }", ' { hotkey = "b" }', '{\n    hotkey = "b"\n  }'])
def test_however_the_class_is_written(body: str) -> None:
    for text in (SMALL.replace('B "비"', f'B "비"{body}'),):
        for ends in (text, text.replace("\n", "\r\n")):
            task = view(followed(at_word(ends, "B "), "Bee")).reading.task
            assert task is not None
            found = next(c for c in task.classes if c.id == "P.Bee")
            assert found.was == ("P.B",)
            assert found.hotkey == ("b" if "hotkey" in body else None)


def test_a_class_that_says_its_past_is_left_alone() -> None:
    assert "was" not in followed(at_word(NEWS, 'Fraud "'), "Deceit").split("Deceit")[1][:60]
    plain, at = split(at_word(SMALL, "P {"))
    assert follow(view(plain), at, {}) == []


def test_the_spelling_is_what_stands_between_the_quotes() -> None:
    plain, at = split(at_word(TREE, '"P.C"'))
    found = view(plain)
    span = spelling(found, renamable(found, at))
    assert plain[span.start : span.end] == "P.C"
