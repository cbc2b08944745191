"""What people write as they would say it, or as another language has it: rules, conditions, bars.

Looks of mistakes.py, each for one mistake.
"""

from __future__ import annotations

import re

from lark import Token

from labelwright.dsl.endings import READ_BY, reader_for
from labelwright.dsl.marks import in_string
from labelwright.dsl.nodes import token_span
from labelwright.dsl.suggest import closest
from labelwright.dsl.tree import Span
from labelwright.dsl.trouble import Edit, Finding, Trouble

_MOST_WORDS = 12  # are tried
_WHEN = ("if", "where", "whenever", "If", "IF")
_OPERATORS = (
    ("at least|no less than|not less than|no fewer than|minimum|min", ">=", ">="),
    ("at most|no more than|not more than|maximum|max|up to", "<=", "<="),
    ("greater than|higher than|more than|larger than|above|over|exceeds", ">", ">="),
    ("less than|lower than|fewer than|smaller than|below|under", "<", "<="),
)
"""The words, the operator of a condition, the operator of a criterion: a bar is reached or not."""
_AUXILIARY = r"(?:(?:must|should|has|needs)\s+(?:to\s+)?)?(?:(?:be|is)\s+)?"
_COMPARED = re.compile(
    rf"(?<!\w){_AUXILIARY}(?:{'|'.join(f'({words})' for words, _, _ in _OPERATORS)})(?=\s+-?\d)",
    re.IGNORECASE,
)
_FILE = re.compile(
    rf"(?P<key>source|join)\s*=\s*(?P<path>[\w./~-]*(?:{'|'.join(map(re.escape, READ_BY))}))"
)
_JOINS = {"or": "any", "and": "all", ",": "any"}
_VERBS = ("contains", "matches")
_TAKES_A_FIELD = ("OP", "DOT", "CONTAINS", "MATCHES", "IS", "IN")


def file_name(trouble: Trouble) -> Finding | None:
    """`source = data/reviews.csv`."""
    span = trouble.span
    found = _FILE.fullmatch(trouble.text, span.start, span.end)
    name = reader_for(found["path"]) if found else None
    if found is None or name is None:
        return None
    where = Span(found.start("path"), found.end("path"))
    meant = f'{name}("{found["path"]}")'
    return trouble.finding(
        "E101",
        "a file's path stands in quotes",
        span=where,
        hint=f"write `{meant}`",
        edits=[Edit(where.start, where.end, meant)],
        title=f"write `{name}(…)`",
    )


# --- conditions ----------------------------------------------------------------------------------


def condition_word(trouble: Trouble) -> Finding | None:
    """`vote price if …`, `keep if …`."""
    words = [t for t in trouble.tokens[: trouble.at + 1] if t in _WHEN]
    for token in words[-_MOST_WORDS:]:
        span = token_span(token)
        edits = [Edit(span.start, span.end, "when")]
        if trouble.mended_by(*edits) or (
            token is trouble.bad and "WHEN" in trouble.failure.expected
        ):
            return trouble.finding(
                "E129",
                f"`{token}` is not a word of this language",
                span=span,
                hint="write `when`",
                edits=edits,
                title="write `when`",
            )
    return None


def several_texts(trouble: Trouble) -> Finding | None:
    """`contains "a" or "b"`, `== "a" or "b"`."""
    for place in range(min(trouble.at, len(trouble.tokens) - 1), -1, -1):
        verb = trouble.tokens[place]
        if verb not in ("contains", "=="):
            continue
        first = place + 1
        if verb == "contains" and trouble.token(first) in ("any", "all"):
            first += 1
        texts, join = _joined(trouble, first)
        if len(texts) < 2 or (verb == "==" and join == "and"):
            return None
        listed = f"[{', '.join(texts)}]"
        quantifier = trouble.tokens[place + 1] if first > place + 1 else _JOINS[join]
        start = token_span(verb if verb == "==" else trouble.tokens[place + 1]).start
        end = token_span(texts[-1]).end
        written = f"in {listed}" if verb == "==" else f"{quantifier} {listed}"
        shown = written if verb == "==" else f"contains {written}"
        return trouble.finding(
            "E132",
            "several texts stand in brackets",
            span=Span(token_span(texts[0]).start, end),
            hint=f"write `{shown}`" if len(shown) < 60 else 'write `["first", "second"]`',
            edits=[Edit(start, end, written)],
            title="write a list",
        )
    return None


def _joined(trouble: Trouble, first: int) -> tuple[list[Token], str]:
    """The texts that one word joins, from `first` on, and the word."""
    texts: list[Token] = []
    join = ""
    for place in range(first, len(trouble.tokens), 2):
        token, following = trouble.tokens[place], trouble.token(place + 1)
        asked = following is not None and (
            following.type in _TAKES_A_FIELD or following in ("contains", "matches", "is", "in")
        )
        if token.type != "STRING" or (asked and texts):
            break
        texts.append(token)
        if following is None or str(following) not in _JOINS or join not in ("", str(following)):
            break
        join = str(following)
    return texts, join


def field_left_out(trouble: Trouble) -> Finding | None:
    """`body contains "a" or contains "b"`, `age > 3 and < 9`."""
    place = trouble.at - 1 if trouble.token(trouble.at - 1) in _VERBS else trouble.at
    verb = trouble.token(place)
    if verb is None or trouble.token(place - 1) not in ("and", "or"):
        return None
    if verb not in _VERBS and verb.type != "OP":
        return None
    tests = [i for i in range(1, place - 1) if trouble.kind(i) in ("OP", "CONTAINS", "MATCHES")]
    field = trouble.tokens[tests[-1] - 1] if tests else None
    start = token_span(verb).start
    if field is None or not trouble.mended_by(Edit(start, start, f"{field} ")):
        return None
    return trouble.finding(
        "E101",
        "each test names its field",
        span=token_span(verb),
        hint=f"write `{field} {verb}`",
        edits=[Edit(start, start, f"{field} ")],
        title="name the field",
    )


def equality(trouble: Trouble) -> Finding | None:
    """`language is "ko"`, `language is not ko`."""
    bad = trouble.bad
    words = [trouble.token(trouble.at - 2), trouble.token(trouble.at - 1)]
    if "MISSING" not in trouble.failure.expected or trouble.ends:
        return None
    negated = words[1] == "not"
    verb = words[0] if negated else words[1]
    bare = bad.type == "NAME" and bad.lower() not in ("null", "none", "nan", "na", "empty")
    if verb != "is" or not (bare or bad.type in ("STRING", "INT", "NUMBER", "PERCENT", "DATE")):
        return None
    sign = "!=" if negated else "=="
    span = Span(token_span(verb).start, token_span(words[1] or verb).end)
    edits = [Edit(span.start, span.end, sign)]
    if bare:
        edits.append(Edit(token_span(bad).start, token_span(bad).end, f'"{bad}"'))
    return trouble.finding(
        "E128",
        f"`is` asks for `missing` alone; `{sign}` compares",
        span=span,
        hint=f'write `{sign} "{bad}"`' if bare else f"write `{sign}`",
        edits=edits,
        title=f"write `{sign}`",
    )


def quoted_pattern(trouble: Trouble) -> Finding | None:
    """`body matches "costs?"`."""
    bad = trouble.bad
    if bad.type != "STRING" or trouble.token(trouble.at - 1) != "matches":
        return None
    inner = bad[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    written = "/" + re.sub(r"(?<!\\)/", r"\/", inner) + "/"
    span = token_span(bad)
    return trouble.finding(
        "E101",
        "a pattern stands in slashes, not in quotes",
        hint=f"write `{written}`" if len(written) < 60 else "write `/…/`",
        edits=[Edit(span.start, span.end, written)],
        title="write a pattern",
    )


def comparison(trouble: Trouble) -> Finding | None:
    """`accuracy at least 80%`."""
    if trouble.is_long:
        return None
    span = trouble.span
    criterion = trouble.block == "accept"
    edits: list[Edit] = []
    for found in _COMPARED.finditer(trouble.text, span.start, span.end):
        _, plain, bar = _OPERATORS[(found.lastindex or 1) - 1]
        if not in_string(trouble, found.start()):
            edits.append(Edit(found.start(), found.end(), bar if criterion else plain))
    if not edits or not trouble.mended_by(*edits):
        return None
    first = edits[0]
    return trouble.finding(
        "E128",
        f"`{' '.join(trouble.text[first.start : first.end].split())}` is not an operator",
        span=Span(first.start, first.end),
        hint=f"write `{first.text}`",
        edits=edits,
        title=f"write `{first.text}`",
    )


# --- rules ---------------------------------------------------------------------------------------


def rule(trouble: Trouble) -> Finding | None:
    """`c: if body contains "x" vote price`, `c: price when …`, `c = vote price when …`."""
    if (
        trouble.block != "rules"
        or trouble.kind(0) != "NAME"
        or trouble.segment.end.type == "LBRACE"
    ):
        return None
    if trouble.kind(1) == "EQUAL" and trouble.token(2) in ("vote", "veto"):
        span = token_span(trouble.tokens[1])
        edits = [Edit(token_span(trouble.tokens[0]).end, span.end, ":")]
        return trouble.finding(
            "E101",
            "a rule's name is followed by `:`, not by `=`",
            span=span,
            hint="write `:`",
            edits=edits,
            title="write `:`",
        )
    action = trouble.token(2)
    if trouble.kind(1) != "COLON" or action is None or action in ("vote", "veto"):
        return None
    if near := closest(action, ["vote", "veto"]):
        edits = [Edit(token_span(action).start, token_span(action).end, near)]
        if trouble.mended_by(*edits):
            return trouble.finding(
                "E101",
                f"`{action}` was not expected here",
                span=token_span(action),
                hint=f"did you mean `{near}`?",
                edits=edits,
                title=f"write `{near}`",
            )
    edits = _vote_first(trouble)
    if not edits or not trouble.mended_by(*edits):
        edits = []
    return trouble.finding(
        "E101",
        "a rule says what it votes for, then when",
        span=token_span(action),
        hint="write `NAME: vote CLASS when CONDITION`",
        edits=edits,
        title="write the vote first",
    )


def _vote_first(trouble: Trouble) -> list[Edit]:
    """What makes a rule of `if CONDITION vote CLASS`, or of a class alone."""
    tokens = trouble.tokens
    start = token_span(tokens[2]).start
    if tokens[2] not in (*_WHEN, "when"):
        return [Edit(start, start, "vote ")]
    turn = next((i for i, t in enumerate(tokens) if t in ("vote", "veto", "then") and i > 3), None)
    if turn is None or turn == len(tokens) - 1:
        return []
    condition = trouble.text[token_span(tokens[3]).start : token_span(tokens[turn - 1]).end]
    if tokens[turn] == "then":
        turn += 1
    action = trouble.text[token_span(tokens[turn]).start : trouble.span.end]
    if tokens[turn] not in ("vote", "veto"):
        action = f"vote {action}"
    return [Edit(start, trouble.span.end, f"{action} when {condition}")]


# --- heads of a file -----------------------------------------------------------------------------


def yaml_head(trouble: Trouble) -> Finding | None:
    """`task: food`, `classes: [a, b]` at the head of a file."""
    if trouble.block or trouble.kind(1) != "COLON" or trouble.token(2) is None:
        return None
    word = trouble.tokens[0]
    span = token_span(word) | token_span(trouble.tokens[1])
    if word == "task":
        edits = [Edit(token_span(word).end, token_span(trouble.tokens[2]).start, " ")]
        named = trouble.kind(2) == "NAME" and trouble.mended_by(*edits)
        return trouble.finding(
            "E114",
            "the task is a block",
            span=span,
            hint='write `task NAME "Title" { … }`',
            edits=edits if named else (),
            title="remove the `:`",
        )
    if word in ("class", "classes", "labels", "categories"):
        return trouble.finding(
            "E114",
            "each class is a statement of its own",
            span=span,
            hint="write `class NAME`, or `class NAME { … }`, on a line each",
        )
    return None
