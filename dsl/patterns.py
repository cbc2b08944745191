"""Patterns are RE2: linear time, so a rule never hangs a run. What RE2 refuses is explained here.

RE2's `\\b` and `\\w` know ASCII only: beside Korean they match nothing, silently, hence the lint.
"""

from __future__ import annotations

import re

from labelwright.dsl import tree
from labelwright.dsl.context import Context
from labelwright.dsl.diagnostics import Fix


def check_pattern(ctx: Context, node: tree.Regex) -> bool:
    """Whether RE2 takes the pattern; an error, or a lint on a blind one, is added."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(node.pattern, options)
    except re2.error as refusal:
        said = refusal.args[0] if refusal.args else b""
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        _explain(ctx, node, reason)
        return False
    _blind(ctx, node)
    return True


def _explain(ctx: Context, node: tree.Regex, reason: str) -> None:
    kind, _, part = reason.partition(": ")
    pattern = node.pattern
    opened, closed, bracket = _unbalanced(pattern)
    if kind == "missing )" and opened is not None:
        at, length = opened, 1
        message = "this pattern opens a group it never closes"
        hint = "add `)`, or write `\\(` for a bracket"
    elif kind == "unexpected )" and closed is not None:
        at, length = closed, 1
        message = "this pattern closes a group it never opened"
        hint = "take `)` away, or write `\\)` for a bracket"
    elif kind == "missing ]" and bracket is not None:
        at, length = bracket, 1
        message = "this pattern opens a set of characters it never closes"
        hint = "add `]`, or write `\\[` for a bracket"
    else:
        at = max(pattern.find(part), 0) if part else 0
        length = len(part) if part and part in pattern else len(pattern)
        message, hint = _plain(kind, part)
    ctx.error("E204", _inside(ctx, node, at, length), message, hint)


def _plain(kind: str, part: str) -> tuple[str, str]:
    if kind == "invalid perl operator":
        return (
            "patterns cannot look ahead or behind",
            "match the words themselves, and use `and` or `not` between two tests",
        )
    if kind == "invalid escape sequence" and part[1:].isdigit():
        return "patterns cannot refer back to a group", "write the words out"
    if kind == "invalid escape sequence":
        return (
            f"`{part}` means nothing in a pattern",
            f"write `{part[1:]}` for the character itself",
        )
    if kind == "no argument for repetition operator":
        return f"`{part}` repeats nothing here", f"write `\\{part}` for the character itself"
    if kind == "bad repetition operator":
        return f"`{part}` repeats a repetition", "keep one of them, or put the first in brackets"
    if kind == "invalid repetition size":
        return f"`{part}` repeats too often or backwards", "repeat at most 1000 times"
    if kind == "invalid character class range":
        return f"no characters are meant by `{part}`", "such as `\\p{Hangul}`, `[a-z]`"
    return f"this pattern cannot be used ({kind})", "see the RE2 syntax"


def _unbalanced(pattern: str) -> tuple[int | None, int | None, int | None]:
    """Positions of the last group left open, the first `)` too many, and a set left open."""
    groups: list[int] = []
    extra: int | None = None
    at, inside = 0, None
    while at < len(pattern):
        ch = pattern[at]
        if ch == "\\":
            at += 1
        elif inside is not None:
            if ch == "]" and at > inside + 1 and pattern[inside + 1 : at] != "^":
                inside = None
        elif ch == "[":
            inside = at
        elif ch == "(":
            groups.append(at)
        elif ch == ")":
            if groups:
                groups.pop()
            elif extra is None:
                extra = at
        at += 1
    return (groups[0] if groups else None), extra, inside


def _inside(ctx: Context, node: tree.Regex, at: int, length: int) -> tree.Span:
    """The span of pattern characters in the source, where `\\/` stands for one `/`."""
    written = ctx.text(node)
    spots: list[int] = []
    here = 1
    while len(spots) <= len(node.pattern) and here < len(written):
        spots.append(here)
        if written.startswith("\\/", here):
            here += 2
        else:
            here += 1
    spots += [spots[-1] if spots else 0] * (at + length + 1 - len(spots))
    start = node.span.start
    return tree.Span(start + spots[at], start + max(spots[at + length], spots[at] + 1))


# --- blind to the script ----------------------------------------------------------------------

_EDGE = re.compile(r"\\[bB]")


def _blind(ctx: Context, node: tree.Regex) -> None:
    pattern = node.pattern
    if pattern.isascii():
        return
    edges = [m for m in _tokens(pattern) if m[1] == "\\b" and _touches_letter(pattern, m[0])]
    words = [m for m in _tokens(pattern) if m[1] in ("\\w", "\\W")]
    if edges:
        spots = {m[0] for m in edges}
        without = "".join(
            ch for i, ch in enumerate(pattern) if i not in spots and i - 1 not in spots
        )
        fix = Fix(
            node.span, "/" + without.replace("/", "\\/") + "/" + node.flags, "leave `\\b` out"
        )
        ctx.error(
            "L201",
            node,
            "`\\b` knows only English letters: this never matches as meant",
            f"write `{without}`, or `\\p{{Hangul}}` for any Korean letter",
            fix=fix,
            warning=True,
            notes=("Between two letters that are not English there is no `\\b`.",),
        )
    elif words:
        ctx.error(
            "L201",
            _inside(ctx, node, words[0][0], 2),
            f"`{words[0][1]}` knows only English letters",
            "write `[\\p{L}\\p{N}_]`, or `\\p{Hangul}` for Korean letters",
            warning=True,
        )


def _tokens(pattern: str) -> list[tuple[int, str]]:
    """Escapes with their positions."""
    return [(m.start(), m.group()) for m in re.finditer(r"\\.", pattern, re.DOTALL)]


def _touches_letter(pattern: str, at: int) -> bool:
    """Whether a letter that is not ASCII stands beside the `\\b` at this position."""
    before = pattern[:at].rstrip("()|")
    after = pattern[at + 2 :].lstrip("()?:|")
    return any(ch.isalpha() and not ch.isascii() for ch in (before[-1:] + after[:1]))
