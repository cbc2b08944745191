"""The same file laid out otherwise: random margins, gaps, empty lines. Its tokens stay what they are."""

from __future__ import annotations

import random
import re

from lark import Token

from labelwright.dsl.tokens import scan

_MARKS = ("EQUAL", "OP", "LPAR", "RPAR", "LSQB", "RSQB", "LBRACE", "RBRACE", "COMMA", "COLON")
_SPACES = (" ", "  ", "   ", "\t", " \t ", "      ", "\f ")
_MARGINS = ("", " ", "  ", "   ", "     ", "\t", "  \t", "\t\t   ", " " * 17)


def disordered(text: str, chance: random.Random, *, gaps: bool, newline: str = "\n") -> str:
    """`text` with other margins and empty lines; with `gaps`, other spaces between tokens too.

    Empty lines are added where there is one already, after `{` and before `}`. A long text is moved as one.
    """
    parts: list[str] = []
    tokens = scan(text)
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        if token.type == "_NL":
            parts += [_spaces(chance), _newlines(token, tokens, at, chance)]
        elif before is not None and before.type != "_NL":
            written = text[before.end_pos : token.start_pos]
            parts.append(_gap(written, before, token, chance) if gaps else written)
        if token.type == "LONG_STRING":
            parts.append(_moved(token, chance))
        elif token.type != "_NL":
            parts.append(token.value)
    around = chance.choice(_MARGINS) + "\n" * chance.randrange(3)
    return (around + "".join(parts)).replace("\n", newline)


def _newlines(token: Token, tokens: list[Token], at: int, chance: random.Random) -> str:
    following = tokens[at + 1].type if at + 1 < len(tokens) else "_NL"
    many = token.value.count("\n") > 1 or following in ("RBRACE", "_NL")
    many = many or (at > 0 and tokens[at - 1].type == "LBRACE")
    number = token.value.count("\n") + (chance.randrange(4) if many else 0)
    blank = "".join("\n" + _spaces(chance) for _ in range(number - 1))
    return blank + "\n" + chance.choice(_MARGINS)


def _spaces(chance: random.Random) -> str:
    return chance.choice(("", "", *_SPACES))


def _gap(written: str, before: Token, after: Token, chance: random.Random) -> str:
    optional = not written or before.type in _MARKS or after.type in (*_MARKS, "COMMENT")
    return chance.choice((*_SPACES, "", "") if optional else _SPACES)


def _moved(token: Token, chance: random.Random) -> str:
    """A long text with another margin; its last line, which holds the marks, has one of its own."""
    margin = chance.choice(_MARGINS)
    first, *lines = token.value.split("\n")
    common = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    if first != '"""' or not re.fullmatch(r'\s*"""', lines[-1]):
        return token.value
    blank = chance.choice(("", "   ", "\t"))
    body = [margin + line[common:] if line.strip() else blank for line in lines[:-1]]
    return "\n".join([first, *body, chance.choice(_MARGINS) + '"""'])
