"""Puts a task file in form: moves white space, and nothing else.

In reading order: `format_text` here, `rows` (which tokens share a line, which lines go on with a
statement), `gaps` (one space or none), `columns` (what is aligned), `writing` (lines and margins).
All work on the tokens of `tokens.scan`. Line breaks stay where the author set them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from lark import Token

from labelwright.dsl.diagnostics import Diagnostic, SourceText
from labelwright.dsl.format.writing import written
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.nodes import long_text
from labelwright.dsl.reader import parse
from labelwright.dsl.tokens import scan


class Formatted(Frozen):
    """A text in form. `errors`: what is wrong with its form; where there are any, `text` is as given."""

    text: str
    errors: tuple[Diagnostic, ...] = ()


class FormatError(Exception):
    """The formatter was about to change more than white space: a defect of ours."""


def format_text(source: SourceText) -> Formatted:
    """The text as it should be laid out; a text whose form is broken comes back as it is.

    What a line means does not matter, so the text may well be one that `check` refuses. Raises
    FormatError where the tokens of the result are others than those of the source, or where
    formatting the result would change it again: then nothing must be written.
    """
    _, found = parse(source)
    errors = tuple(d for d in found if d.severity == "error")
    if errors:
        return Formatted(source.text, errors)
    tokens = scan(source.text)
    text = written(tokens)
    again = scan(text)
    before, after = contents(tokens), contents(again)
    if before != after:
        was, now = next((a, b) for a, b in zip_longest(before, after) if a != b)
        raise FormatError(f"formatting would have changed {was} to {now}")
    if written(again) != text:
        raise FormatError("formatting twice would not have been the same as formatting once")
    return Formatted(text)


def contents(tokens: Iterable[Token]) -> list[tuple[str, str]]:
    """What formatting must keep: type and text of every token, comments and line breaks included.

    Blank lines count for nothing, nor does white space at the end of a comment. A long text counts
    by its value. `700EUR` and `700 EUR` are the same number, though not the same terminal.
    """
    kept = [("_NL", "")]
    for token in tokens:
        kind, text = token.type, token.value
        if kind == "_NL":
            text = ""
            if kept[-1][0] == "_NL":
                continue
        elif kind == "COMMENT":
            text = text.rstrip()
        elif kind == "LONG_STRING":
            text = long_text(text)
        elif kind == "INT":
            kind = "NUMBER"
        kept.append((kind, text))
    if len(kept) > 1 and kept[-1][0] == "_NL":
        kept.pop()
    return kept[1:]
