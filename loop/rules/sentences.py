"""Sentences of Korean and English text: what `before` and `after` of a span reach to.

A sentence ends at a line break; after `.`, `!`, `?` or `…` (and closing quotes or brackets) where
white space follows; after `。`, `！`, `？` anywhere; and after `.`, `!`, `?` between two Hangul syllables,
where the space was forgotten (했다.그러나). A full stop ends none

- before a small letter (`cost approx. three`; so with the other marks: `Yahoo! said`),
- after one Latin letter (`J. Kim`, `U.S.`), a title or the like (`Mr.`, `e.g.`), or before a number
  that it announces (`No. 5`, `Sept. 3`),
- within a number or date written with spaces (`2026. 9. 1. 발표`), or after a number that begins a line.

Rules rather than a model: the same text always falls apart the same way, and whoever writes a rule
can tell how. Left out: sentences that only their meaning ends.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_CLOSING = "\"'”’»)\\]」』）"
_END = re.compile(
    rf"\n+|[。！？]+[{_CLOSING}]*|(?<![.!?…])[.!?…]++[{_CLOSING}]*+(?=\s)|(?<=[가-힣])[.!?]++(?=[가-힣])"
)
_WORD = re.compile(r"[^\s(\[\"'“‘]*\Z")
_NEXT = re.compile(r"\s*(\S)")
_REACH = 24  # characters before a full stop that may tell what it stands for
_TITLES = frozenset(("mr", "mrs", "ms", "dr", "prof", "rev", "hon", "gen", "col", "lt", "sgt", "capt",
                     "gov", "sen", "rep", "pres", "st", "vs", "cf", "al", "approx",
                     "e.g", "i.e"))  # fmt: skip
_COUNTED = frozenset(("no", "nos", "vol", "fig", "figs", "eq", "sec", "ch", "p", "pp", "jan", "feb", "mar",
                      "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"))  # fmt: skip


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of every sentence, in order, without the white space around it."""
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _ends(text, match, start):
            found += _trimmed(text, start, match.end())
            start = match.end()
    return found + _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return [(start, end)] if start < end else []


def around(text: str, parts: list[tuple[int, int]], start: int, end: int) -> tuple[str, str]:
    """The rest of the sentence on either side of `text[start:end]`; `parts` are its sentences.

    A span that reaches across sentences has the rest of the first before it, of the last after it.
    """
    starts = [first for first, _ in parts]
    first = parts[max(0, bisect_right(starts, start) - 1)][0] if parts else 0
    last = parts[max(0, bisect_right(starts, max(start, end - 1)) - 1)][1] if parts else 0
    return text[min(first, start) : start], text[end : max(last, end)]


def _ends(text: str, match: re.Match[str], start: int) -> bool:
    mark = match.group()
    if mark[0] == "\n" or mark[0] in "。！？":
        return True
    beyond = _NEXT.match(text, match.end())
    following = beyond[1] if beyond else ""
    if following.islower():
        return False
    if mark != ".":
        return True
    near = max(start, match.start() - _REACH)
    word = _WORD.search(text, near, match.start())
    before = word.group().lower() if word else ""
    if before.isdigit():
        ahead = text[near : match.start() - len(before)].rstrip()
        return bool(ahead) and not following.isdigit() and not re.search(r"\d\.\Z", ahead)
    if before in _COUNTED:
        return not following.isdigit()
    last = before.rpartition(".")[2]
    return not (before in _TITLES or (last.isascii() and last.isalpha() and len(last) == 1))
