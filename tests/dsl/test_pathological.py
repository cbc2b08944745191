"""Files that no person would write: a diagnostic or the right result, never a crash, never a hang.

The bounds on time are generous: they are there for what is quadratic or worse, which takes minutes.
"""

from __future__ import annotations

import time
import unicodedata

import pytest

from labelwright.dsl.diagnostics import Reading, SourceText
from labelwright.dsl.read import read
from labelwright.dsl.render import render, to_json
from labelwright.dsl.show import show
from tests.dsl.catalogues import EVERYTHING

HEAD = 'task t "T"\nclass A { describe = "a" }\nclass B { describe = "b" }\n'
DATA = 'data {\n  source = csv("x.csv")\n  text   = body\n}\n'
SOUND = HEAD + DATA
MOST_SECONDS = 20


def reading(text: str) -> Reading:
    """Read and render, as `check` does; neither raises, neither takes long."""
    source = SourceText("odd.task", text)
    started = time.perf_counter()
    found = read(source, EVERYTHING)
    render(found.diagnostics, source, color=True)
    to_json(found.diagnostics, source)
    assert time.perf_counter() - started < MOST_SECONDS
    assert (found.task is None) == bool(found.errors)
    return found


def rule(condition: str) -> str:
    return SOUND + f"rules {{\n  r: vote A when {condition}\n}}\n"


PATTERNS = {
    "nested repetition": r"(a+)+$",
    "many alternatives": "|".join(f"w{i}" for i in range(3_000)),
    "a thousand groups": "(" * 900 + "a" + ")" * 900,
    "a counted repetition of one": r"((a{1,100}){1,100}){1,100}",
    "classes of all letters": r"[\p{L}\p{N}]{1,900}" * 5,
    "look-ahead": "(?=a)b",
    "back reference": r"(a)\1",
    "unbalanced": "(((((",
    "open class": "[^",
    "odd flags": "(?z)a",
    "a lone backslash": "a\\",
    "a null": "a\\x00b",
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_patterns(pattern: str) -> None:
    found = reading(rule(f"body matches /{pattern}/"))
    assert found.task is not None or [d for d in found.errors if d.code in ("E204", "E113")]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("not ", ""), ("not (", ")"), ("lower(", ")")],
    ids=["brackets", "not", "both", "functions"],
)
@pytest.mark.parametrize("depth", [30, 10_000])
def test_conditions_in_one_another(opening: str, closing: str, depth: int) -> None:
    found = reading(
        rule(opening * depth + ("body" if "lower" in opening else "x == 1") + closing * depth)
    )
    if depth > 100:
        assert [d.code for d in found.errors] == ["E122"]


@pytest.mark.parametrize("closed", [True, False])
def test_classes_in_one_another(closed: bool) -> None:
    depth = 10_000
    text = "class A {\n" * depth + "}\n" * (depth if closed else 0)
    found = reading('task t "T"\n' + text + DATA)
    assert found.errors
    assert len(found.errors) <= 101


@pytest.mark.parametrize(
    "text", ["[" * 10_000, "[" * 10_000 + "]" * 10_000, "{" * 10_000, "}" * 10_000]
)
def test_brackets_and_braces(text: str) -> None:
    assert reading(SOUND + f"budget {{\n  rounds = {text}\n}}\n").errors


def test_calls_in_one_another() -> None:
    inner = "mix(" * 10_000 + "margin" + ")" * 10_000
    found = reading(SOUND + f"query {{ phase p {{ strategy = {inner} }} }}\n")
    assert [d.code for d in found.errors] == ["E122"]


def test_nul_bytes() -> None:
    for text in ("\0", "\0" * 1_000, SOUND.replace("body", "bo\0dy"), SOUND + "\0"):
        assert reading(text).errors


@pytest.mark.parametrize("size", [5_000_000, 900_000])
def test_long_lines(size: int) -> None:
    for text in (
        "a" * size,
        "#" * size,
        '"' + "x" * size,
        "/" + "(" * size,
        "= " * (size // 2),
        "가" * size,
    ):
        found = reading(SOUND + text)
        assert found.errors or text.startswith("#")


def test_a_long_comment_harms_nothing() -> None:
    assert reading(SOUND + "#" + "x" * 500_000 + "\n").task is not None
    assert [d.code for d in reading(SOUND + "#" + "x" * 5_000_000 + "\n").errors] == ["E123"]


def test_a_long_text_is_read() -> None:
    text = "말 " * 100_000
    found = reading(SOUND.replace('"T"', f'"T" {{ guide = "{text}" }}'))
    assert found.task is not None
    assert found.task.guide == text


def test_decomposed_hangul_is_the_same_name() -> None:
    text = 'task t "T"\nclass 경제 { describe = "x" }\nclass 정치 { describe = "y" }\n' + DATA
    text += 'rules {\n  r: vote 경제 when body contains "값"\n}\n'
    apart = unicodedata.normalize("NFD", text)
    assert apart != text
    composed, decomposed = reading(text).task, reading(apart).task
    assert composed is not None
    assert decomposed is not None
    assert (
        [c.id for c in composed.classes] == [c.id for c in decomposed.classes] == ["경제", "정치"]
    )
    assert decomposed.rules[0].label == "경제"
    mixed = reading(text.replace("vote 경제", "vote " + unicodedata.normalize("NFD", "경제")))
    assert mixed.task == composed


def test_marks_that_turn_the_direction_are_refused() -> None:
    for mark in "\u202e\u2066\u200f\u061c":
        found = reading(SOUND.replace("class A", f"class {mark}A"))
        assert [d.code for d in found.errors] == ["E121"], hex(ord(mark))


def test_arabic_and_hebrew_names_are_names() -> None:
    text = 'task t "T"\nclass سياسة { describe = "x" }\nclass כלכלה { describe = "y" }\n' + DATA
    task = reading(text).task
    assert task is not None
    assert [c.id for c in task.classes] == ["سياسة", "כלכלה"]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert reading("\ufeff" + SOUND).task == reading(SOUND).task
    broken = reading("\ufeff" + SOUND + "budget { rounds = }\n")
    assert len(broken.errors) == 1
    start = broken.errors[0].span.start
    assert broken.source.text[start:].startswith(("=", "}", "rounds", " }"))


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_other_line_ends(newline: str) -> None:
    guide = SOUND.replace('"T"', '"T" {\n  guide = """\n    one\n    two\n  """\n}')
    assert reading(guide.replace("\n", newline)).task == reading(guide).task


def test_odd_spaces_are_named() -> None:
    for space in "\u00a0\u3000\u2003\u200b":
        found = reading(SOUND.replace("  text ", f"{space}{space}text "))
        assert len(found.errors) <= 1, hex(ord(space))
        assert not found.errors or found.errors[0].code == "E121"


def test_lone_surrogates_do_not_break_the_messages() -> None:
    found = reading(SOUND.replace("class A", "class \ud800A"))
    assert found.errors


def test_emoji_and_wide_letters_stay_under_their_carets() -> None:
    source = SourceText("x.task", SOUND + 'rules {\n  r: vote 👩‍🌾갉 when body contains "a"\n}\n')
    found = read(source, EVERYTHING)
    assert len(found.errors) == 1
    assert "^" in render(found.errors, source, color=False)


def test_ten_thousand_classes() -> None:
    classes = "".join(f'class C{i} "Title {i}" {{ aliases = [a{i}] }}\n' for i in range(10_000))
    found = reading('task t "T"\n' + classes + DATA)
    assert found.task is not None
    assert len(found.task.classes) == 10_000


def test_a_thousand_mistakes_are_not_all_told() -> None:
    found = reading(SOUND + "budget {\n" + "  = = =\n" * 5_000 + "}\n")
    assert 1 < len(found.errors) <= 101


def test_a_task_of_odd_texts_prints_and_reads_back() -> None:
    odd = 'a "quoted" \\ back\\slash, 줄\nbreak, tab\t, {brace} # no comment, """'
    found = reading(SOUND)
    assert found.task is not None
    task = found.task.model_copy(update={"guide": odd})
    assert reading(show(task)).task == task
