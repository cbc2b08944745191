"""Turns what the parser recognised into nodes of the tree, while it parses.

Lark calls one method for each token it shifts and one for each rule it reduces. Every token is kept,
so that a node's span runs from its first child to its last. Nothing here fails: whatever is wrong
with a token was said before it reached the parser (tokens.py).
"""

from __future__ import annotations

import math
import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from lark import Token

from labelwright.dsl import tree
from labelwright.dsl.tree import Span

_Child: TypeAlias = Any  # a Token, or a node of the tree
_Children: TypeAlias = list[_Child]

ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_BACKSLASHED = re.compile(r"\\(.)", re.DOTALL)
_MOST_DIGITS = 300  # more do not fit a float


def token_span(token: Token) -> Span:
    """The characters a token was read from."""
    return Span(token.start_pos, token.end_pos)  # type: ignore[arg-type]


def _span(children: Sequence[_Child]) -> Span:
    first: _Child = children[0]
    last: _Child = children[-1]
    return Span(
        first.start_pos or 0 if type(first) is Token else first.span.start,
        last.end_pos or 0 if type(last) is Token else last.span.end,
    )


def _line(children: _Children) -> Span:
    """The span of a statement without the newline that ends it."""
    return _span(children[:-1])


def _is(child: _Child, *types: str) -> bool:
    return isinstance(child, Token) and child.type in types


def _after(children: _Children, type_: str) -> _Child | None:
    """The child that follows the first token of this type."""
    for i, child in enumerate(children):
        if _is(child, type_):
            return children[i + 1]
    return None


def _of(children: _Children, kind: Any) -> tuple[Any, ...]:
    return tuple(child for child in children if isinstance(child, kind))


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def long_text(written: str) -> str:
    """The value of a text in triple quotes: its lines without their common margin, stripped."""
    value = written[3:-3].replace("\r\n", "\n").replace("\r", "\n")
    return textwrap.dedent(value).strip()


def _number(text: str) -> int | float:
    digits = text.replace("_", "")
    if digits.lstrip("-").isdigit():
        return int(digits) if len(digits) <= _MOST_DIGITS else math.inf
    return float(digits)


def _name(child: _Child) -> tree.Name:
    """A name, or an integer where a name may stand."""
    if isinstance(child, Token):
        return tree.Name(token_span(child), str(child))
    assert isinstance(child, tree.Name)
    return child


class Nodes:
    """The callbacks; one instance serves all parsers, for it keeps nothing."""

    # --- tokens

    def NAME(self, token: Token) -> tree.Name:  # noqa: N802 - named after the terminal
        return tree.Name(token_span(token), _nfc(token))

    def STRING(self, token: Token) -> tree.Text:  # noqa: N802
        value = token[1:-1]
        if "\\" in value:
            value = _BACKSLASHED.sub(lambda m: ESCAPES.get(m[1], m[0]), value)
        return tree.Text(token_span(token), value)

    def LONG_STRING(self, token: Token) -> tree.Text:  # noqa: N802
        return tree.Text(token_span(token), long_text(token), long=True)

    def PERCENT(self, token: Token) -> tree.PercentValue:  # noqa: N802
        return tree.PercentValue(token_span(token), float(token[:-1]))

    def REGEX(self, token: Token) -> tree.Regex:  # noqa: N802
        body, _, flags = token[1:].rpartition("/")
        pattern = _BACKSLASHED.sub(lambda m: "/" if m[1] == "/" else m[0], body)
        return tree.Regex(token_span(token), pattern, flags)

    def DATE(self, token: Token) -> tree.Date:  # noqa: N802
        return tree.Date(token_span(token), str(token))

    def OP(self, token: Token) -> tree.Operator:  # noqa: N802
        return tree.Operator(token_span(token), str(token))

    # --- values

    def boolean(self, children: _Children) -> tree.Boolean:
        return tree.Boolean(_span(children), _is(children[0], "TRUE"))

    def quantity(self, children: _Children) -> tree.Number:
        per = _after(children, "PER")
        unit = children[1] if len(children) > 1 and isinstance(children[1], tree.Name) else None
        return tree.Number(_span(children), _number(children[0]), unit, per)

    def weight(self, children: _Children) -> tree.Number:
        return tree.Number(_span(children), _number(children[0]))

    def path(self, children: _Children) -> tree.Path:
        return tree.Path(_span(children), _of(children, tree.Name))

    def list(self, children: _Children) -> tree.List:
        return tree.List(_span(children), _of(children, tree.Node))

    def call(self, children: _Children) -> tree.CallValue:
        return tree.CallValue(_span(children), children[0], _of(children, tree.Arg))

    def arg(self, children: _Children) -> tree.Arg:
        name = children[0] if len(children) > 1 else None
        return tree.Arg(_span(children), name, children[-1])

    # --- references and conditions

    def ref(self, children: _Children) -> tree.Ref:
        span = _span(children)
        if isinstance(children[0], tree.Text):
            return tree.Ref(span, (tree.Name(span, _nfc(children[0].value)),), quoted=True)
        return tree.Ref(span, tuple(_name(c) for c in children if not _is(c, "DOT")))

    def each(self, children: _Children) -> tree.Each:
        return tree.Each(_span(children), children[1])

    def field(self, children: _Children) -> tree.FieldName:
        span = _span(children)
        inner = children[2] if len(children) == 4 else None
        if isinstance(inner, tree.FieldName):
            return tree.FieldName(span, inner.parts, children[0])
        return tree.FieldName(span, tuple(_column(c) for c in children if not _is(c, "DOT")))

    def comparison(self, children: _Children) -> tree.Comparison:
        field, *_, op, value = children
        of = _after(children, "OF")
        if isinstance(field, tree.Name):
            field = tree.FieldName(field.span, (field,))
        return tree.Comparison(_span(children), field, op, value, of)

    def match(self, children: _Children) -> tree.Match:
        return tree.Match(_span(children), children[0], children[2])

    def containment(self, children: _Children) -> tree.Containment:
        quantifier: Literal["any", "all"] | None = None
        if _is(children[2], "ANY"):
            quantifier = "any"
        elif _is(children[2], "ALL"):
            quantifier = "all"
        return tree.Containment(_span(children), children[0], quantifier, children[-1])

    def membership(self, children: _Children) -> tree.Membership:
        negated = _is(children[1], "NOT")
        return tree.Membership(_span(children), children[0], children[-1], negated)

    def presence(self, children: _Children) -> tree.Presence:
        return tree.Presence(_span(children), children[0], not _is(children[2], "NOT"))

    def negation(self, children: _Children) -> tree.Negation:
        return tree.Negation(_span(children), children[1])

    def grouped(self, children: _Children) -> tree.Condition:
        condition: tree.Condition = children[1]
        return condition

    def conjunction(self, children: _Children) -> tree.Junction:
        return tree.Junction(_span(children), "and", _of(children, tree.Node))

    def disjunction(self, children: _Children) -> tree.Junction:
        return tree.Junction(_span(children), "or", _of(children, tree.Node))

    # --- statements

    def when(self, children: _Children) -> tree.Guard:
        return tree.Guard(_span(children), "when", children[1])

    def until(self, children: _Children) -> tree.Guard:
        return tree.Guard(_span(children), "until", children[1])

    def block(self, children: _Children) -> tree.Block:
        opening = next(i for i, child in enumerate(children) if _is(child, "LBRACE"))
        head, labels, guard = _header(children[:opening])
        items = tuple(children[opening + 1 : -2])
        return tree.Block(_line(children), head, labels, guard, items)

    def bare(self, children: _Children) -> tree.Sentence:
        return tree.Sentence(_line(children), *_header(children[:-1]))

    sentence = bare

    def subject(self, children: _Children) -> tree.Subject:
        of = _after(children, "OF")
        return tree.Subject(_span(children), children[0], _of(children, tree.Arg), of)

    def setting(self, children: _Children) -> tree.Setting:
        return tree.Setting(_line(children), children[0], children[2])

    def criterion(self, children: _Children) -> tree.CriterionLine:
        subject, op, value, *modifiers, _ = children
        return tree.CriterionLine(_line(children), subject, op, value, tuple(modifiers))

    def confidence(self, children: _Children) -> tree.Modifier:
        return tree.Modifier(_span(children), "with", percent=children[1])

    def operating_point(self, children: _Children) -> tree.Modifier:
        return tree.Modifier(_span(children), "at", percent=children[1], name=children[2])

    def on_slice(self, children: _Children) -> tree.Modifier:
        return tree.Modifier(_span(children), "on", name=children[-1], each=len(children) == 3)

    def rule(self, children: _Children) -> tree.RuleLine:
        name, _, verb, *rest = children
        action: Literal["vote", "against", "veto"] = "vote"
        if _is(verb, "VETO"):
            action = "veto"
        elif _is(rest[0], "AGAINST"):
            action = "against"
        label = next(iter(_of(rest, tree.Ref)), None)
        when, weight = _after(rest, "WHEN"), _after(rest, "WEIGHT")
        return tree.RuleLine(_line(children), name, action, label, when, weight)

    def constraint(self, children: _Children) -> tree.ConstraintLine:
        relation: Literal["requires", "excludes"] = (
            "requires" if _is(children[1], "REQUIRES") else "excludes"
        )
        subject, *objects = _of(children, tree.Ref)
        return tree.ConstraintLine(_line(children), subject, relation, tuple(objects))

    def start(self, children: _Children) -> tuple[tree.Statement, ...]:
        return tuple(children)


def _column(child: tree.Name | tree.Text) -> tree.Name:
    if isinstance(child, tree.Text):
        return tree.Name(child.span, _nfc(child.value))
    return child


def _header(
    children: _Children,
) -> tuple[tree.Name, tuple[tree.Name | tree.Text, ...], tree.Guard | None]:
    head, *rest = children
    guard = rest.pop() if rest and isinstance(rest[-1], tree.Guard) else None
    labels = tuple(c if isinstance(c, tree.Text) else _name(c) for c in rest)
    return head, labels, guard
