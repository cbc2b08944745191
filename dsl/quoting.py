"""Strings and patterns whose marks do not fit."""

from __future__ import annotations

import re

from labelwright.dsl.nodes import token_span
from labelwright.dsl.tree import Span
from labelwright.dsl.trouble import Edit, Finding, Trouble


def open_long_string(trouble: Trouble) -> Finding | None:
    for token in trouble.tokens[: trouble.at + 1]:
        if token.type == "OPEN_LONG_STRING":
            span = token_span(token)
            edits = []
            if token.startswith('"""'):
                tail = len(token) - len(token.rstrip('" \t')) if len(token) > 3 else 0
                edits = [Edit(span.end - tail, span.end, '"""')]
            first = Span(span.start, min(span.end, span.start + 3))
            return trouble.finding(
                "E106",
                'this long string does not stand between two `"""`',
                span=first,
                hint='it begins with `"""` and ends with `"""`',
                edits=edits,
                title='close the string with `"""`',
            )
    return None


def open_string(trouble: Trouble) -> Finding | None:
    place = next((i for i, t in enumerate(trouble.tokens) if t.type == "OPEN_STRING"), None)
    if place is None or trouble.at < _first_string(trouble):
        return None
    token = trouble.tokens[place]
    span = token_span(token)
    edits: list[Edit] = []
    if place == trouble.at and len(token.rstrip()) > 1:
        body = token.rstrip()
        ends = [len(body)]
        ends += [m.start() for m in re.finditer(r"[\])},]+$|\s+#.*$|\s+(?:and|or|weight)\s", body)]
        fits = [
            e
            for e in ends
            if e > 1 and trouble.mended_by(Edit(span.start + e, span.start + e, '"'))
        ]
        if len(fits) == 1:
            edits = [Edit(span.start + fits[0], span.start + fits[0], '"')]
    return trouble.finding(
        "E105",
        "this string is not closed",
        span=span,
        hint='`"` is missing at its end' if edits else 'a `"` is missing, or one is too many',
        help="" if edits else 'inside a string, `"` is written `\\"`',
        edits=edits,
        title="close the string",
    )


def _first_string(trouble: Trouble) -> int:
    return next(i for i, t in enumerate(trouble.tokens) if "STRING" in t.type)


def slash_in_pattern(trouble: Trouble) -> Finding | None:
    """`/a/b/`."""
    place = trouble.at - 1
    if trouble.kind(place) != "REGEX" or trouble.is_long:
        return None
    start, end = token_span(trouble.tokens[place]).start, trouble.span.end
    slashes = [m.end() for m in re.finditer(r"(?<!\\)/", trouble.text[start:end])]
    for stop in slashes[2:]:
        inner = trouble.text[start + 1 : start + stop - 1]
        escaped = re.sub(r"(?<!\\)/", r"\\/", inner)
        edits = [Edit(start + 1, start + stop - 1, escaped)]
        if trouble.mended_by(*edits):
            return trouble.finding(
                "E112",
                "a `/` inside a pattern ends it",
                span=Span(start + slashes[1] - 1, start + slashes[1]),
                hint="write `\\/`",
                edits=edits,
                title="write `\\/` in the pattern",
            )
    return None


def open_pattern(trouble: Trouble) -> Finding | None:
    bad = trouble.bad
    if bad.type != "OPEN_REGEX":
        return None
    if "REGEX" not in trouble.failure.expected:
        return None
    span, body = token_span(bad), bad.rstrip()
    edits = []
    ends = [len(body), *(m.start() for m in re.finditer(r"\s+(?:and|or|weight)\s", body))]
    fits = [e for e in ends if trouble.mended_by(Edit(span.start + e, span.start + e, "/"))]
    if len(fits) == 1:
        edits = [Edit(span.start + fits[0], span.start + fits[0], "/")]
    return trouble.finding(
        "E113",
        "this pattern is not closed",
        span=Span(span.start, span.start + len(body)),
        hint="`/` is missing at its end" if edits or body.count("/") == 1 else "",
        help="a pattern begins and ends with `/`, and does not begin with a space",
        edits=edits,
        title="close the pattern",
    )
