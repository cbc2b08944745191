"""Marks that a task file does not use: other quotes, full-width and mathematical signs, currency,
number formats, comments of other languages, characters nobody sees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from lark import Token

from labelwright.dsl.characters import character_name
from labelwright.dsl.layout import CLOSING
from labelwright.dsl.nodes import token_span
from labelwright.dsl.tree import Span
from labelwright.dsl.trouble import Edit, Finding, Trouble

QUOTES = "“”„‟«»＂'‘’‚‛`＇"
SIGNS = {
    "＝": "=", "≥": ">=", "≧": ">=", "⩾": ">=", "≤": "<=", "≦": "<=", "⩽": "<=", "≠": "!=",
    "＞": ">", "＜": "<", "：": ":", "，": ",", "、": ",", "．": ".", "（": "(", "）": ")",
    "［": "[", "］": "]", "｛": "{", "｝": "}", "％": "%", "／": "/", "＃": "#", "＿": "_",
    "－": "-", "−": "-", "–": "-", "—": "-",
}  # fmt: skip
CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "₩": "KRW", "￦": "KRW", "¥": "JPY", "￥": "JPY"}
WORDS = {"&&": "and", "&": "and", "||": "or", "|": "or", "!": "not"}

_AMOUNT = r"\d[\d,_]*(?:\.\d+)?"
_MONEY = re.compile(
    rf"(?P<before>[$€£₩￦¥￥])\s?(?P<n>{_AMOUNT})|(?P<m>{_AMOUNT})\s?(?P<after>[$€£₩￦¥￥])"
)
_THOUSANDS = re.compile(r"(?<![\w.])\d{1,3}(?:[,' ]\d{3})+(?![\d])")
_SPACED_PERCENT = re.compile(r"(?P<n>\d+(?:\.\d+)?)\s+%")
_BARE_POINT = re.compile(r"(?<![\w.])\.\d+|\d+\.(?![\w.])|(?<![\w.])\+\d[\d_.]*")


def foreign_quotes(trouble: Trouble) -> Finding | None:
    """`“…”`, `'…'`, and one of them alone."""
    bad = trouble.bad
    if bad.type == "OPEN_STRING":
        ends = [i for i, c in enumerate(bad) if c in QUOTES and c not in "'’`"]
        if not ends:
            return None
        place = token_span(bad).start + ends[0]
        edits = [Edit(place, place + 1, '"')]
        span = Span(place, place + 1)
    else:
        odd = [t for t in trouble.tokens if t.type == "FOREIGN_STRING"]
        odd += [t for t in trouble.tokens if t.type == "STRAY" and t in QUOTES]
        if bad not in odd:
            return None
        span = token_span(bad)
        edits = [_plain(t) for t in odd if t.type == "FOREIGN_STRING"]
    kind = "single quotes" if bad[0] in "'`" else "typographic quotes"
    return trouble.finding(
        "E107",
        f"a string stands in double quotes, not in {kind}",
        span=span,
        hint=f"write `{edits[0].text}`" if edits and len(edits[0].text) < 40 else 'write `"…"`',
        edits=edits,
        title="use double quotes",
    )


def _plain(token: Token) -> Edit:
    inner = token[1:-1].replace("\\'", "'").replace('"', '\\"')
    span = token_span(token)
    return Edit(span.start, span.end, f'"{inner}"')


def foreign_signs(trouble: Trouble) -> Finding | None:
    """`＝`, `≥`, `：`, full-width digits and brackets."""
    bad = trouble.bad
    if bad.type != "STRAY" or _sign(bad) is None:
        return None
    edits = []
    for token in trouble.tokens:
        sign = _sign(token) if token.type == "STRAY" else None
        if sign is not None:
            edits.append(Edit(token_span(token).start, token_span(token).end, sign))
    sign = _sign(bad)
    return trouble.finding(
        "E108",
        f"`{bad}` is not a sign of this language",
        hint=f"write `{sign}`",
        edits=edits,
        title="use the plain sign",
    )


def _sign(token: Token) -> str | None:
    if token in SIGNS:
        return SIGNS[token]
    return str(unicodedata.digit(token)) if token.isdigit() and not token.isascii() else None


def thousands(trouble: Trouble) -> Finding | None:
    """`20,000`, `20 000`."""
    return _numbers(
        trouble,
        _THOUSANDS,
        lambda m: re.sub(r"[,' ]", "_", m[0]),
        "E109",
        "thousands are set apart by `_`",
        "write the number with `_`",
    )


def currency(trouble: Trouble) -> Finding | None:
    """`$600`."""
    return _numbers(
        trouble,
        _MONEY,
        lambda m: f"{(m['n'] or m['m']).replace(',', '_')} {CURRENCIES[m['before'] or m['after']]}",
        "E110",
        "money is written as a number and the currency's letters",
        "write the currency in letters",
    )


def spaced_percent(trouble: Trouble) -> Finding | None:
    """`97 %`."""
    return _numbers(
        trouble,
        _SPACED_PERCENT,
        lambda m: f"{m['n']}%",
        "E111",
        "no space stands between a number and `%`",
        "remove the space",
    )


def number_form(trouble: Trouble) -> Finding | None:
    """`.5`, `5.`, `+5`."""
    return _numbers(
        trouble,
        _BARE_POINT,
        lambda m: f"0{m[0]}" if m[0].startswith(".") else m[0].strip("+."),
        "E130",
        "this is not how a number is written",
        "write the number in full",
    )


def _numbers(
    trouble: Trouble,
    pattern: re.Pattern[str],
    rewritten: Callable[[re.Match[str]], str],
    code: str,
    message: str,
    title: str,
) -> Finding | None:
    """All numbers of one wrong form in a segment, if reading stopped at one of them."""
    start = trouble.span.start
    stopped = token_span(trouble.bad)
    edits: list[Edit] = []
    here: tuple[Span, str] | None = None
    for found in pattern.finditer(trouble.text, start, trouble.span.end):
        if in_string(trouble, found.start()):
            continue
        edit = Edit(found.start(), found.end(), rewritten(found))
        edits.append(edit)
        if found.start() <= stopped.start < found.end():
            here = Span(found.start(), found.end()), edit.text
    if here is None:
        return None
    span, written = here
    return trouble.finding(
        code,
        message,
        span=span,
        hint=f"write `{written}`",
        edits=edits,
        title=title,
    )


def in_string(trouble: Trouble, place: int) -> bool:
    """Whether a place lies in a quoted text or a pattern."""
    for token in trouble.tokens:
        span = token_span(token)
        if span.start <= place < span.end:
            return "STRING" in token.type or "REGEX" in token.type
    return False


def foreign_words(trouble: Trouble) -> Finding | None:
    """`&&`, `||`, `!`, `AND`, `is null`."""
    bad = trouble.bad
    span = token_span(bad)
    if bad.type == "STRAY":
        following = trouble.token(trouble.at + 1)
        if following == bad and token_span(following).start == span.end:
            span |= token_span(following)
    sign = trouble.text[span.start : span.end]
    word = WORDS.get(sign)
    if bad.type in ("NAME", "WITH") and bad.lower() in ("null", "none", "nan", "na", "empty"):
        word = "missing" if "MISSING" in trouble.failure.expected else None
    elif bad.type == "NAME" and bad.isupper() and bad.upper() in trouble.failure.expected:
        word = bad.lower()
    if word is None:
        return None
    before = " " if span.start and not trouble.text[span.start - 1].isspace() else ""
    after = "" if trouble.text[span.end : span.end + 1].isspace() else " "
    return trouble.finding(
        "E129",
        f"`{sign}` is not a word of this language",
        span=span,
        hint=f"write `{word}`",
        edits=[Edit(span.start, span.end, f"{before}{word}{after}")],
        title=f"write `{word}`",
    )


def operators(trouble: Trouble) -> Finding | None:
    """`=>`, `=<`, `<>`, `===`, `=~`, `:=`, and `=` where two things are compared."""
    span = token_span(trouble.bad)
    before = trouble.token(trouble.at - 1)
    start = span.start
    if before is not None and before.type in ("OP", "EQUAL", "COLON") and before.end_pos == start:
        start = token_span(before).start
    end = span.end
    while trouble.text[end : end + 1] in ("=", "<", ">", "~"):
        end += 1
    sign = trouble.text[start:end]
    meant = {
        "=>": ">=", "=<": "<=", "<>": "!=", "===": "==", "!==": "!=", "=!": "!=", "=~": "matches",
        "~=": "matches", "~": "matches", ":=": "=", "><": "!=", ">>": ">", "<<": "<",
    }.get(sign)  # fmt: skip
    if sign == "=" and "OP" in trouble.failure.expected:
        meant = "=="
    if meant is None:
        return None
    message = "`=` sets; `==` compares" if meant == "==" else f"`{sign}` is not an operator"
    return trouble.finding(
        "E128",
        message,
        span=Span(start, end),
        hint=f"write `{meant}`",
        edits=[Edit(start, end, meant)],
        title=f"write `{meant}`",
    )


def foreign_comment(trouble: Trouble) -> Finding | None:
    """`// …`, `/* … */`, `-- …`."""
    span = token_span(trouble.bad)
    sign = next((s for s in ("//", "/*", "--") if trouble.text.startswith(s, span.start)), None)
    if sign is None:
        return None
    return trouble.finding(
        "E134",
        "a comment begins with `#`",
        span=Span(span.start, span.start + 2),
        hint="write `#`",
        edits=[Edit(span.start, span.start + 2, "#")],
        title="begin the comment with `#`",
    )


def invisible(trouble: Trouble) -> Finding | None:
    """A character that nobody sees, outside a string."""
    hidden = [t for t in trouble.tokens if t.type == "STRAY" and is_invisible(t)]
    if trouble.bad not in hidden:
        return None
    edits = [Edit(s.start, s.end, _space(trouble.text[s.start])) for s in map(token_span, hidden)]
    return trouble.finding(
        "E121",
        f"an invisible character stands here: {character_name(trouble.bad)}",
        hint="write a plain space" if _space(trouble.bad) else "remove it",
        edits=edits,
        title="remove the invisible character",
    )


def _space(char: str) -> str:
    return " " if char.isspace() else ""


def is_invisible(char: str) -> bool:
    """True for spaces other than the plain ones, and for control and format characters."""
    return unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cc", "Cf")


def stray(trouble: Trouble) -> Finding | None:
    """A character that means nothing here, `;` above all."""
    bad = trouble.bad
    if bad.type not in ("STRAY", *CLOSING):
        return None
    if bad.type in CLOSING:
        return None
    span = token_span(bad)
    edits = [Edit(span.start, span.end, "")] if bad == ";" or trouble.at == 0 else []
    semicolon = bad == ";"
    return trouble.finding(
        "E133",
        "a statement ends with its line, not with `;`" if semicolon else f"`{bad}` means nothing",
        hint="remove it" if edits else "",
        edits=edits,
        title=f"remove `{bad}`",
    )
