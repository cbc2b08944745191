"""What is wrong with single characters and tokens, whether or not their statement can be read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator

from lark import Token

from labelwright.dsl.diagnostics import Diagnostic, Fix
from labelwright.dsl.nodes import ESCAPES, token_span
from labelwright.dsl.tree import Span

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LONGEST_NUMBER = 30


def character_name(char: str) -> str:
    """`U+200F RIGHT-TO-LEFT MARK`."""
    return f"U+{ord(char):04X} {unicodedata.name(char, 'control character')}".strip()


def check_characters(text: str) -> Iterator[Diagnostic]:
    """Control characters, in strings and comments too: most often the file is no text at all."""
    found = _CONTROL.search(text)
    if found is None:
        return
    all_of_them = len(_CONTROL.findall(text))
    more = f"; there are {all_of_them:,} of them" if all_of_them > 1 else ""
    nul = "\0" in text
    yield Diagnostic(
        "E121",
        "error",
        Span(found.start(), found.end()),
        f"a control character stands here: {character_name(found[0])}",
        hint=f"remove it{more}",
        help="is this a text file, saved as UTF-8?" if nul else "",
        fix=Fix(
            Span(found.start(), len(text)),
            _CONTROL.sub("", text[found.start() :]),
            "remove the control characters",
        ),
    )


def check_tokens(tokens: Iterable[Token]) -> Iterator[Diagnostic]:
    """Escapes that mean nothing, and numbers too long to be meant."""
    for token in tokens:
        if token.type == "STRING" and "\\" in token:
            yield from _escape(token)
        elif token.type in ("NUMBER", "INT", "PERCENT") and _is_huge(token):
            yield Diagnostic(
                "E130", "error", token_span(token), "this number is too large", hint="is it meant?"
            )


def _escape(token: Token) -> Iterator[Diagnostic]:
    wrong = [m for m in _ESCAPE.finditer(token) if m[1] not in ESCAPES]
    if not wrong:
        return
    whole = token_span(token)
    start = whole.start + wrong[0].start()
    doubled = _ESCAPE.sub(lambda m: m[0] if m[1] in ESCAPES else f"\\{m[0]}", token)
    yield Diagnostic(
        "E135",
        "error",
        Span(start, start + 2),
        f"`{wrong[0][0]}` means nothing in a string",
        hint=f"write `\\{wrong[0][0]}` for a backslash",
        help='`\\"`, `\\\\`, `\\n` and `\\t` are the escapes there are',
        fix=Fix(whole, doubled, "double the backslash"),
    )


def _is_huge(token: Token) -> bool:
    return len(token) > _LONGEST_NUMBER or math.isinf(float(token.rstrip("%").replace("_", "")))
