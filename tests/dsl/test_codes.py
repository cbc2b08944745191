"""Every code has a page, and every page is true: its examples are read, and say what they claim."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labelwright.dsl.diagnostics import Diagnostic, SourceText
from labelwright.dsl.explaining import CODE, GROUPS, Page, Part, codes, page, read_page
from labelwright.dsl.format import format_text
from labelwright.dsl.glossary import look_up
from labelwright.dsl.read import read
from labelwright.dsl.surroundings import Column, Surroundings
from tests.dsl.catalogues import EVERYTHING

ROOT = Path(__file__).parents[2]
MANY = {"E139"}  # there are too many errors: there must be many


def written_in_the_source() -> set[str]:
    """Every code that stands in the language as a text of its own."""
    return {
        node.value
        for path in (ROOT / "dsl").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }


def known_beside(told: Page, part: Part) -> Surroundings | None:
    """The surroundings that a page states before an example, as `read` takes them."""
    before = [p for p in told.parts[: told.parts.index(part)] if p.kind == "surroundings"]
    if not before:
        return None
    given = json.loads(before[-1].text)
    if "columns" in given:
        given["columns"] = tuple(Column(name, type) for name, type in given["columns"].items())
    if "clashes" in given:
        given["clashes"] = tuple(tuple(clash) for clash in given["clashes"])
    if "applied" in given:
        given["applied"] = frozenset(given["applied"])
    return Surroundings(**given)


def examples(told: Page, kind: str) -> list[Part]:
    return [part for part in told.parts if part.kind == kind]


def found_in(told: Page, part: Part, text: str = "") -> tuple[Diagnostic, ...]:
    """What is found in an example, or in a text in its place."""
    source = SourceText(f"{told.code}.task", text or part.source)
    return read(source, EVERYTHING, known_beside(told, part)).diagnostics


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(codes()) == written_in_the_source()


@pytest.mark.parametrize("code", codes())
def test_what_is_wrong_gives_this_code_alone(code: str) -> None:
    told = page(code)
    assert told.code == code
    assert examples(told, "wrong"), "a page shows what is wrong"
    for part in examples(told, "wrong"):
        found = found_in(told, part)
        here = [d for d in found if d.code == code]
        assert len(here) == 1, [d.code for d in found]
        assert here[0].severity == told.severity
        others = [d.code for d in found if d.severity == "error" and d.code != code]
        assert not others or code in MANY


@pytest.mark.parametrize("code", codes())
def test_what_is_right_is_right(code: str) -> None:
    told = page(code)
    assert examples(told, "right"), "a page shows what is right"
    for part in examples(told, "right"):
        assert [d.code for d in found_in(told, part)] == []
        source = SourceText(f"{code}.task", part.source)
        assert format_text(source).text == part.source, "it is copied: let it be in form"


@pytest.mark.parametrize("code", [c for c in codes() if c.startswith("L")])
def test_a_lint_can_be_allowed_and_its_page_says_how(code: str) -> None:
    told = page(code)
    assert f"# allow {code}" in " ".join(p.text for p in told.parts if p.kind == "text")
    for part in examples(told, "wrong"):
        (place,) = [d.span.start for d in found_in(told, part) if d.code == code]
        line = part.source.rfind("\n", 0, place) + 1
        allowed = f"{part.source[:line]}# allow {code}: it is meant\n{part.source[line:]}"
        assert code not in [d.code for d in found_in(told, part, allowed)]


@pytest.mark.parametrize("code", codes())
def test_a_page_is_in_form(code: str) -> None:
    told = page(code)
    assert told.group in GROUPS.values()
    assert not told.title.endswith(".")
    before = [p.kind for p in told.parts].index("wrong")
    prose = " ".join(p.text for p in told.parts[:before] if p.kind == "text")
    assert prose.count(". ") + 1 >= 2, "say what it means, why it matters, how to mend it"
    for part in told.parts:
        if part.kind != "text":
            assert len(part.text.splitlines()) < 60
            continue
        for name, link in re.findall(r"\[([^]]*)\]\(([^)]*)\)", part.text):
            assert link == f"{name}.md"
            assert name != code
        linked = re.sub(r"\[[^]]*\]\([^)]*\)|`[^`]*`", "", part.text)
        assert set(CODE.findall(linked)) <= {code}, "a code is a link to its page"
        assert set(CODE.findall(part.text)) <= set(codes())
        for command in re.findall(r"`labelwright explain ([\w.]*[a-z0-9])`", part.text):
            assert command.upper() in codes() or look_up(command, EVERYTHING), command


def test_pages_are_in_one_width() -> None:
    for code in codes():
        for line in (ROOT / "dsl" / "codes" / f"{code}.md").read_text("utf-8").splitlines():
            assert len(line) <= 110, (code, line)


@pytest.mark.parametrize(
    "text",
    [
        "E201 · no hash\n\ntext\n",
        "# E20 · too short\n",
        "# E201 · t\n\n```task both\nx\n```\n",
        "# E201 · t\n\n```sh\nx\n```\n",
        "# E201 · t\n\n```task wrong\nnever closed\n",
    ],
)
def test_a_page_that_is_not_in_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"page|fenced"):
        read_page(text)


def test_escapes() -> None:
    told = read_page(
        "# E121 · t\n\na\nb\n\n```task wrong escaped\na\\u00a0⟪bc\n⟫×2d\n```\n\n- x\n- y\n"
    )
    text, wrong, points = told.parts
    assert (text.text, points.text) == ("a b", "- x\n- y")
    assert wrong.source == "a\u00a0bc\nbc\nd\n"
    assert wrong.text == "a\\u00a0⟪bc\n⟫×2d\n"
    assert Part("wrong", "⟪a⟫×3").source == "⟪a⟫×3"


def test_the_index_is_fresh() -> None:
    command = [sys.executable, str(ROOT / "tools" / "codes_index.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
