"""Why a segment could not be read: what newcomers write is recognised and named.

Each function looks for one mistake at the token that did not fit; the first that finds its own
speaks. Edits are tried before they are offered as a fix.
"""

from __future__ import annotations

from collections.abc import Callable

from labelwright.dsl import marks, phrases, quoting
from labelwright.dsl.diagnostics import Diagnostic, Fix
from labelwright.dsl.layout import CLOSING, OPENING
from labelwright.dsl.nodes import token_span
from labelwright.dsl.suggest import closest
from labelwright.dsl.tokens import scanner
from labelwright.dsl.tree import Span
from labelwright.dsl.trouble import Edit, Finding, Trouble

_PAIRS = {"LPAR": ")", "LSQB": "]"}
_VALUES = (
    "STRING", "LONG_STRING", "NUMBER", "INT", "PERCENT", "REGEX", "DATE", "NAME", "LSQB",
    "TRUE", "FALSE", "FOREIGN_STRING",
)  # fmt: skip
_WANTING = {
    "EQUAL": "=", "OP": "", "WHEN": "when", "UNTIL": "until", "VOTE": "vote", "OF": "of",
    "AND": "and", "OR": "or", "NOT": "not", "AGAINST": "against", "COLON": ":",
    "MATCHES": "matches", "CONTAINS": "contains", "IN": "in", "WITH": "with", "ON": "on",
    "REQUIRES": "requires", "EXCLUDES": "excludes", "WEIGHT": "weight", "IS": "is", "AT": "at",
    "PER": "per", "EACH": "each", "COMMA": ",",
}  # fmt: skip
_STATEMENT_SIGNS = ("EQUAL", "COLON", "OP", "WHEN", "REQUIRES", "EXCLUDES")
_MOST_WORDS = 12


def explain(trouble: Trouble) -> Finding:
    """The finding for a segment that could not be read."""
    for look in _MISTAKES:
        finding = look(trouble)
        if finding is not None:
            return finding
    return unexpected(trouble)


# --- `=`, `:` and blocks -------------------------------------------------------------------------


def equals_before_block(trouble: Trouble) -> Finding | None:
    """`data = {`, `task x: {`."""
    last = trouble.token(len(trouble.tokens) - 1)
    if last is None or trouble.segment.end.type != "LBRACE":
        return None
    if trouble.at < len(trouble.tokens) - 1 or last.type not in ("EQUAL", "COLON"):
        return None
    span = token_span(last)
    start = span.start
    while start > 0 and trouble.text[start - 1] in " \t":
        start -= 1
    return trouble.finding(
        "E114" if last.type == "COLON" else "E131",
        f"no `{last}` stands before a block",
        span=span,
        hint="remove it",
        edits=[Edit(start, span.end, "")],
        title=f"remove the `{last}`",
    )


def colon(trouble: Trouble) -> Finding | None:
    """`size: 20%`, `"size": 20%`, and `task x:` with no block under it."""
    colons = [i for i, t in enumerate(trouble.tokens[: trouble.at + 1]) if t.type == "COLON"]
    if not colons or trouble.kind(0) not in ("NAME", "STRING"):
        return None
    place = colons[0]
    if any(t.type in _STATEMENT_SIGNS for t in trouble.tokens[:place]):
        return None
    span = token_span(trouble.tokens[place])
    if place == len(trouble.tokens) - 1:
        return trouble.finding(
            "E114",
            "a block stands in braces, not after a colon",
            span=span,
            hint="write `{` here, and `}` after the block",
        )
    if trouble.token(place + 1) in ("vote", "veto"):
        return None
    edits = [Edit(span.start, span.end, " =")]
    key = trouble.tokens[0]
    if key.type == "STRING":
        where = token_span(key)
        edits.insert(0, Edit(where.start, where.end, key[1:-1]))
        if trouble.text[trouble.span.end - 1] == ",":
            edits.append(Edit(trouble.span.end - 1, trouble.span.end, ""))
    if not trouble.mended_by(*edits) and place != trouble.at - 1:
        return None
    return trouble.finding(
        "E119",
        "a setting is written with `=`, not with `:`",
        span=span,
        hint="write `=`",
        edits=edits,
        title="write `=`",
    )


def dash(trouble: Trouble) -> Finding | None:
    """`- item`."""
    if trouble.at != 0 or trouble.bad != "-":
        return None
    if trouble.block == "rules":
        return trouble.finding(
            "E115",
            "a rule begins with a name and a colon, not with a dash",
            hint="write `NAME: vote CLASS when CONDITION`",
        )
    return trouble.finding(
        "E115",
        "a list is written in brackets, not in dashes",
        hint="write `name = [first, second]`",
    )


def missing_equals(trouble: Trouble) -> Finding | None:
    """`size 20%`."""
    if trouble.at < 1 or trouble.ends or trouble.kind(0) != "NAME":
        return None
    place = token_span(trouble.bad).start
    types = [t.type for t in trouble.tokens[: trouble.at]]
    plain = trouble.at == 1 or types[1] == "OF"
    if not plain or trouble.bad.type not in _VALUES:
        return None
    edits = [Edit(place, place, "= ")]
    if not trouble.mended_by(*edits):
        return None
    return trouble.finding(
        "E118",
        "`=` is missing between a setting and its value",
        hint="write `=` before it",
        edits=edits,
        title="write `=`",
    )


# --- what is missing, and what is too much -------------------------------------------------------


def missing_value(trouble: Trouble) -> Finding | None:
    """`size =`, `keep when`."""
    before = trouble.token(trouble.at - 1)
    if not trouble.ends or before is None or before.type not in _WANTING:
        return None
    span = token_span(before)
    return trouble.finding(
        "E117",
        f"nothing follows `{before}`",
        span=span,
        hint="the line ends here",
    )


def brackets(trouble: Trouble) -> Finding | None:
    """`[a, b`, `f(a]`, `a)`."""
    stack: list[int] = []
    for i, token in enumerate(trouble.tokens[: trouble.at]):
        if token.type in OPENING:
            stack.append(i)
        elif token.type in CLOSING and stack:
            stack.pop()
    span = token_span(trouble.bad)
    if trouble.bad.type in CLOSING:
        wrong = stack and _PAIRS[trouble.kind(stack[-1])] != trouble.bad
        edit = _PAIRS[trouble.kind(stack[-1])] if wrong else ""
        edits = [Edit(span.start, span.end, edit)]
        if stack and not wrong and not trouble.mended_by(*edits):
            return None
        return trouble.finding(
            "E126",
            f"`{trouble.bad}` closes nothing" if not stack else f"`{trouble.bad}` does not fit",
            hint=f"write `{edit}`" if edit else "no bracket is open here",
            edits=edits,
            title=f"write `{edit}`" if edit else f"remove `{trouble.bad}`",
        )
    if not stack:
        return None
    closing = "".join(_PAIRS[trouble.kind(i)] for i in reversed(stack))
    ends = [trouble.span.end] if trouble.ends else [token_span(trouble.tokens[trouble.at - 1]).end]
    edits = [Edit(ends[0], ends[0], closing)]
    if not trouble.ends and not trouble.mended_by(*edits):
        return None
    opening = trouble.tokens[stack[-1]]
    return trouble.finding(
        "E125",
        f"`{opening}` is not closed",
        span=token_span(opening),
        hint=f"`{_PAIRS[opening.type]}` is missing",
        edits=edits,
        title=f"write `{closing}`",
    )


def commas(trouble: Trouble) -> Finding | None:
    """`[a b]`, `[a,, b]`, `a = 1,`, `classes = A, B`."""
    span = token_span(trouble.bad)
    if trouble.bad.type == "COMMA":
        start = _equals_end(trouble)
        whole = [Edit(start, start, "["), Edit(trouble.span.end, trouble.span.end, "]")]
        if start and trouble.at < len(trouble.tokens) - 1 and trouble.mended_by(*whole):
            return trouble.finding(
                "E132",
                "several values stand in brackets",
                hint="write `[first, second]`",
                edits=whole,
                title="write a list",
            )
        edits = [Edit(span.start, span.end, "")]
        if trouble.at == len(trouble.tokens) - 1 or trouble.mended_by(*edits):
            return trouble.finding(
                "E127",
                "no comma stands here",
                hint="remove it",
                edits=edits,
                title="remove the comma",
            )
    before = trouble.token(trouble.at - 1)
    if before is None or trouble.ends:
        return None
    if before.type == "COMMA" and trouble.bad.type in CLOSING:
        where = token_span(before)
        return trouble.finding(
            "E127",
            "no comma stands here",
            span=where,
            hint="remove it",
            edits=[Edit(where.start, where.end, "")],
            title="remove the comma",
        )
    place = token_span(before).end
    edits = [Edit(place, place, ",")]
    if (
        trouble.bad.type in _VALUES
        and "COMMA" in trouble.failure.expected
        and trouble.mended_by(*edits)
    ):
        return trouble.finding(
            "E127",
            "a comma is missing between two values",
            hint="write `,` before it",
            edits=edits,
            title="write the comma",
        )
    return None


def _equals_end(trouble: Trouble) -> int:
    equal = next((t for t in trouble.tokens[: trouble.at] if t.type == "EQUAL"), None)
    if equal is None:
        return 0
    place = trouble.tokens.index(equal) + 1
    return token_span(trouble.tokens[place]).start if place < len(trouble.tokens) else 0


def two_statements(trouble: Trouble) -> Finding | None:
    """`a = 1 b = 2`, `a = 1; b = 2`."""
    if trouble.at == 0 or trouble.ends:
        return None
    rest = trouble.tokens[trouble.at :]
    if not any(t.type in _STATEMENT_SIGNS for t in rest) and trouble.segment.end.type != "LBRACE":
        return None
    first = trouble.at
    if trouble.bad.type in _STATEMENT_SIGNS and trouble.kind(first - 1) == "NAME" and first > 1:
        first -= 1  # `a = 1 b = 2`: `b` could have been a unit
    start = token_span(trouble.tokens[first - 1]).end
    span = token_span(trouble.tokens[first])
    end = span.start
    if trouble.bad in (";", ",") and len(rest) > 1:
        end = token_span(rest[1]).start
    edits = [Edit(start, end, "\n" + _margin(trouble))]
    if not trouble.mended_by(*edits):
        return None
    return trouble.finding(
        "E120",
        "two statements stand on one line",
        span=span,
        hint="begin a new line here",
        edits=edits,
        title="begin a new line",
    )


def _margin(trouble: Trouble) -> str:
    start = trouble.span.start
    begin = max(trouble.text.rfind("\n", 0, start), trouble.text.rfind("\r", 0, start)) + 1
    line = trouble.text[begin:start]
    return line[: len(line) - len(line.lstrip())]


def misspelt_keyword(trouble: Trouble) -> Finding | None:
    """`vote Sports whne …`."""
    keywords = scanner().keywords
    words = [t for t in trouble.tokens[: trouble.at + 1] if t.type == "NAME"][-_MOST_WORDS:]
    for token in reversed(words):
        expected = trouble.failure.expected if token is trouble.bad else keywords.values()
        keyword = closest(token, [w for w, name in keywords.items() if name in expected])
        if keyword is None or keyword == token:
            continue
        span = token_span(token)
        edits = [Edit(span.start, span.end, keyword)]
        if trouble.mended_by(*edits):
            return trouble.finding(
                "E101",
                f"`{token}` was not expected here",
                span=span,
                hint=f"did you mean `{keyword}`?",
                edits=edits,
                title=f"write `{keyword}`",
            )
    return None


def after_block(trouble: Trouble) -> Finding:
    """`} x = 1`, `},`: what stands on the line on which a block ended."""
    first = trouble.tokens[0]
    span = token_span(first)
    alone = len(trouble.tokens) == 1 and first in (",", ";")
    start = trouble.text.rfind("}", 0, span.start) + 1 or span.start
    edit = Edit(start, span.end, "") if alone else Edit(start, span.start, "\n" + _margin(trouble))
    fix = Fix(Span(edit.start, edit.end), edit.text, "remove it" if alone else "begin a new line")
    found = Diagnostic(
        "E124",
        "error",
        span if alone else trouble.span,
        f"`{first}` was not expected after `}}`" if alone else "a block ends with its line",
        hint="remove it" if alone else "begin a new line here",
        fix=fix,
    )
    return Finding(found, () if alone else (trouble.segment,))


# --- all the rest --------------------------------------------------------------------------------

_PLAIN = {
    "NAME": "a name", "STRING": "a string", "INT": "a number", "NUMBER": "a number",
    "PERCENT": "a share such as `95%`", "REGEX": "a pattern such as `/a|b/`",
    "OP": "a comparison such as `>=`", "_NL": "the end of the line", "LONG_STRING": "a string",
    "DATE": "a date",
}  # fmt: skip
_SYMBOLS = {
    "LBRACE": "{", "RBRACE": "}", "EQUAL": "=", "COMMA": ",", "LPAR": "(", "RPAR": ")",
    "COLON": ":", "LSQB": "[", "RSQB": "]", "DOT": ".",
}  # fmt: skip
_MOST_EXPECTED = 5


def unexpected(trouble: Trouble) -> Finding:
    """What stands here, and what could have."""
    bad = trouble.bad
    if trouble.ends:
        what = "`{` was not expected here" if bad.type == "LBRACE" else "the line ends too soon"
        if bad.type == "RBRACE":
            what = "`}` was not expected here"
        place = token_span(bad) if bad.type != "_NL" else _last_char(trouble)
    else:
        shown = bad if len(bad) <= 40 else bad[:39] + "…"
        what, place = f"`{shown}` was not expected here", token_span(bad)
    hint = _expected(trouble.failure.expected)
    if trouble.ends and len(trouble.tokens) == 1 and trouble.kind(0) == "NAME":
        hint = f"write `{trouble.tokens[0]} = …` or `{trouble.tokens[0]} {{ … }}`"
    return trouble.finding("E101", what, span=place, hint=hint)


def _last_char(trouble: Trouble) -> Span:
    end = trouble.span.end
    return Span(max(trouble.span.start, end - 1), end)


def _expected(terminals: frozenset[str]) -> str:
    keywords = {name: word for word, name in scanner().keywords.items()}
    names = {_PLAIN[t] for t in terminals if t in _PLAIN}
    signs = {f"`{_SYMBOLS[t]}`" for t in terminals if t in _SYMBOLS}
    words = {f"`{keywords[t]}`" for t in terminals if t in keywords}
    options = [*sorted(names), *sorted(signs), *sorted(words)]
    if {"a string", "a number", "a date"} <= names:
        options = ["a value"]
    if not options or len(options) > _MOST_EXPECTED:
        return ""
    if len(options) == 1:
        return f"expected {options[0]}"
    return f"expected {', '.join(options[:-1])} or {options[-1]}"


_MISTAKES: tuple[Callable[[Trouble], Finding | None], ...] = (
    quoting.open_long_string,
    marks.foreign_quotes,
    quoting.open_string,
    marks.invisible,
    marks.foreign_signs,
    marks.currency,
    marks.thousands,
    marks.spaced_percent,
    marks.number_form,
    quoting.slash_in_pattern,
    marks.foreign_comment,
    quoting.open_pattern,
    equals_before_block,
    marks.operators,
    phrases.file_name,
    phrases.comparison,
    phrases.condition_word,
    phrases.several_texts,
    phrases.field_left_out,
    phrases.equality,
    phrases.quoted_pattern,
    phrases.rule,
    phrases.yaml_head,
    marks.foreign_words,
    dash,
    colon,
    misspelt_keyword,
    two_statements,
    missing_equals,
    commas,
    brackets,
    missing_value,
    marks.stray,
)
