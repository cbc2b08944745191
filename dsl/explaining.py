"""What the language says of its diagnostics: a page for every code.

The pages are the files of `codes/`, in a small part of Markdown: a title, paragraphs, and fenced
blocks. `task wrong` is a whole file that gives exactly this code, `task right` the same one mended;
the tests read both. In a block marked `escaped`, `\\u00a0` is that character and `⟪text⟫×100` is
the text a hundred times. `json surroundings` says what is known beside the file's text
(`surroundings.py`) in the examples after it. Words are in `glossary.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from labelwright.dsl.frozen import Frozen

GROUPS: dict[str, str] = {
    "E1": "Form: how a file is written",
    "E2": "Names and values: what a file names",
    "E3": "Sense: what cannot come true",
    "L2": "Lints on names and values: legal, and doubtful",
    "L3": "Lints on sense: legal, and doubtful",
    "L4": "Lints on the data: legal, and doubtful where these items are labelled",
}
"""What the codes that begin so are about, in the order in which they are listed."""

CODE = re.compile(r"\b[EL]\d{3}\b")
_FOLDER = Path(__file__).parent / "codes"
_TITLE = re.compile(r"# ([EL]\d{3}) · (\S[^\n]*)\n")
_FENCE = re.compile(r"^```([a-z]+)((?: [a-z]+)*)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})|⟪(.*?)⟫×([\d_]+)", re.DOTALL)

PartKind = Literal["text", "wrong", "right", "surroundings"]


class Part(Frozen):
    """A paragraph, or a fenced block with the words after its `task` or `json`."""

    kind: PartKind
    text: str  # as the page shows it
    escaped: bool = False

    @property
    def source(self) -> str:
        """The text that is meant: with escapes resolved, where it has any."""
        return _ESCAPE.sub(_resolved, self.text) if self.escaped else self.text


class Page(Frozen):
    """The page of one code."""

    code: str
    title: str
    parts: tuple[Part, ...]

    @property
    def severity(self) -> Literal["error", "warning"]:
        return "error" if self.code.startswith("E") else "warning"

    @property
    def group(self) -> str:
        return GROUPS[self.code[:2]]

    def part(self, kind: PartKind) -> Part | None:
        """The first part of a kind."""
        return next((p for p in self.parts if p.kind == kind), None)


@cache
def codes() -> tuple[str, ...]:
    """All codes that have a page, in the order of `GROUPS`."""
    known = [path.stem for path in _FOLDER.glob("*.md")]
    return tuple(sorted(known, key=lambda c: (list(GROUPS).index(c[:2]), c)))


def page(code: str) -> Page:
    """The page of a code, which must have one."""
    return read_page((_FOLDER / f"{code}.md").read_text(encoding="utf-8"))


def read_page(text: str) -> Page:
    """A page from its Markdown. Raises ValueError where it is not in form."""
    title = _TITLE.match(text)
    if title is None:
        raise ValueError("a page begins with `# CODE · title`")
    parts: list[Part] = []
    position = title.end()
    for fence in _FENCE.finditer(text, position):
        parts += _paragraphs(text[position : fence.start()])
        parts.append(_fenced(fence))
        position = fence.end()
    parts += _paragraphs(text[position:])
    return Page(title[1], title[2], tuple(parts))


def _fenced(fence: re.Match[str]) -> Part:
    language, words, body = fence[1], fence[2].split(), fence[3]
    match language, words:
        case "task", ["wrong" | "right" as kind, *more] if more in ([], ["escaped"]):
            return Part(kind, body, escaped=bool(more))
        case "json", ["surroundings"]:
            return Part("surroundings", body)
    raise ValueError(f"a page has no block `{fence[0].splitlines()[0]}`")


def _paragraphs(text: str) -> Iterator[Part]:
    for paragraph in re.split(r"\n{2,}", text.strip()):
        if "```" in paragraph:
            raise ValueError("a fenced block is not in form")
        if paragraph:
            yield Part("text", re.sub(r"\n(?!- )", " ", paragraph))


def _resolved(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return match[2] * int(match[3])
