"""Text -> tokens, with the terminals of task.lark and nothing else: any text gives tokens.

This is the only scanner; a formatter or an editor uses it too. Comments and newlines are tokens,
white space is what lies between them. A token's `line` is 1-based; `column` is how far it is
indented in cells (tabs to the next multiple of 8), reliable for the first token of a line.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lark import Token

from labelwright.dsl.grammar import parser

BOM = "\ufeff"
_TAIL_BRACE = re.compile(r"\s*([{}])\s*(#.*)?$")
_LAST_WORDS = re.compile(r'[ \t]*"{1,2}[ \t]*(?=\r|\n|$)')
_LONG = ("LONG_STRING", "OPEN_LONG_STRING")  # the only tokens, beside newlines, that hold a newline
_SEARCH_BACK = 400  # tokens; a long string whose opening marks are broken is not longer


class Scanner(NamedTuple):
    """One regular expression for all terminals, and the words the grammar knows."""

    pattern: re.Pattern[str]
    keywords: dict[str, str]  # `when` -> WHEN


@cache
def scanner() -> Scanner:
    """Built from the parser's own terminals, tried in the order in which Lark would try them."""
    terminals = sorted(
        parser().terminals,
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
    )
    keywords = {
        t.pattern.value: t.name
        for t in terminals
        if t.pattern.type == "str" and t.pattern.value.isidentifier()
    }
    symbols = [t for t in terminals if t.name not in keywords.values()]
    pattern = "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in symbols)
    return Scanner(re.compile(f"[ \\t]*(?:{pattern})"), keywords)


def scan(text: str) -> list[Token]:
    """All tokens of a text, comments and newlines included; a byte-order mark is skipped."""
    match = scanner().pattern.match
    tokens: list[Token] = []
    position = 1 if text.startswith(BOM) else 0
    line, line_start, fresh = 1, position, True
    while position < len(text):
        found = match(text, position)
        assert found is not None  # STRAY matches anything
        assert found.lastgroup is not None
        kind = found.lastgroup
        position, end = found.span(kind)
        if kind == "SPACE":
            position = end
            continue
        if kind in ("OPEN_STRING", "OPEN_REGEX"):
            end = _before_brace(text, position, end, tokens)
        elif kind == "OPEN_LONG_STRING":
            position, end = _lost_marks(text, position, line_start, tokens)
            line = tokens[-1].line or line if tokens else line
        column = _cells(text, line_start, position) if fresh else position - line_start
        value = text[position:end]
        tokens.append(make_token(kind, value, position, line, column, end))
        fresh = kind == "_NL"
        if fresh or kind in _LONG:
            breaks = _line_breaks(value)
            if breaks:
                line += len(breaks)
                line_start = position + breaks[-1]
        position = end
    return tokens


def make_token(kind: str, value: str, start: int, line: int | None, column: int, end: int) -> Token:
    """A token. Lark's own way of making one looks at its arguments for half a microsecond more."""
    token = str.__new__(Token, value)
    token.type, token.value = kind, value
    token.start_pos, token.end_pos = start, end
    token.line, token.column = line, column
    token.end_line = token.end_column = None
    return token


def _cells(text: str, line_start: int, position: int) -> int:
    return len(text[line_start:position].expandtabs(8))


def _line_breaks(value: str) -> list[int]:
    """Where each further line begins."""
    return [m.end() for m in re.finditer(r"\r\n?|\n", value)]


def _before_brace(text: str, start: int, end: int, tokens: list[Token]) -> int:
    """Where an unterminated string or pattern ends: before a brace that was not meant to be in it."""
    brace = _TAIL_BRACE.search(text, start + 1, end)
    if brace is None:
        return end
    opened = 0
    for token in reversed(tokens):
        if token.type == "_NL":
            break
        opened += (token.type == "LBRACE") - (token.type == "RBRACE")
    closes = brace[1] == "}" and opened > 0
    opens = brace[1] == "{" and opened == 0
    return brace.start() if closes or opens else end


def _lost_marks(text: str, start: int, line_start: int, tokens: list[Token]) -> tuple[int, int]:
    """Start and end of a long string of which only one pair of marks was found."""
    if not text[line_start:start].strip():
        opening = _broken_opening(tokens)
        if opening is None:
            opening = _prose_above(tokens, _cells(text, line_start, start))
        if opening is not None:
            first = tokens[opening].start_pos or 0
            del tokens[opening:]
            return first, start + 3
    indent = len(text[line_start:start]) - len(text[line_start:start].lstrip())
    for newline in re.finditer(r"(\r\n?|\n)([ \t]*)(?=[^ \t\r\n])", text[start:]):
        after = start + newline.end()
        words = _LAST_WORDS.match(text, after)
        if words:
            return start, words.end()
        if len(newline[2]) <= indent:
            return start, len(text[: start + newline.start()].rstrip())
    return start, len(text)


def _broken_opening(tokens: list[Token]) -> int | None:
    """The token that was to open a long string: `""` or `"` at the end of a line, after `=`."""
    last = len(tokens) - 1
    for i in range(last, max(1, last - _SEARCH_BACK), -1):
        if tokens[i].type == "_NL" and tokens[i - 1] in ('""', '"', "''", "'''"):
            return i - 1
    return None


def _prose_above(tokens: list[Token], column: int) -> int | None:
    """Where the lines begin that stand above closing marks, as deep, and are no statements."""
    found = None
    line = len(tokens)
    while line > 0 and len(tokens) - line < _SEARCH_BACK:
        end = line - 1 if tokens[line - 1].type == "_NL" else line
        start = end
        while start > 0 and tokens[start - 1].type != "_NL":
            start -= 1
        words = tokens[start:end]
        if words and ((words[0].column or 0) < column or _is_statement(words)):
            break
        found, line = start if words else found, start
    return found


def _is_statement(words: list[Token]) -> bool:
    return words[-1].type in ("LBRACE", "RBRACE") or any(
        token.type in ("EQUAL", "OP", "COLON") for token in words[1:3]
    )
