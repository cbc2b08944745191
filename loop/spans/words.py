"""A text's tokens: the smallest parts at whose edges a span may begin and end.

A word is a run of letters, digits and their marks; any other character that is not white space is a
token of its own. In scripts that write particles, or whole sentences, without spaces between (Hangul, Han,
kana, Thai and its neighbours) every syllable or character is a token, so that 서울에서 can be marked as 서울.
Offsets are code points.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_ASCII = re.compile(r"\w+|[^\w\s\x1c-\x1f]", re.ASCII)  # the same for ASCII alone, and fast
_RUN = r"[\p{L}\p{N}\p{M}_]+|\S"
_SINGLE = (
    r"[\p{Hangul}\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"[\x{1160}-\x{11ff}\p{M}]*"  # a jamo vowel or final belongs to the syllable before it
)


def words(text: str) -> np.ndarray:
    """(n_tokens, 2) int32: where each token begins and ends. They do not overlap, and lie in order."""
    import numpy as np

    if text.isascii():
        places = [match.span() for match in _ASCII.finditer(text)]
        return np.array(places, dtype=np.int32).reshape(-1, 2)
    run, single = _patterns()
    found: list[tuple[int, int]] = []
    for match in run.finditer(text):
        start, end = match.span()
        if text[start:end].isspace():
            continue
        if end - start == 1 or text[start:end].isascii():
            found.append((start, end))
            continue
        at = start
        for part in single.finditer(text[start:end]):
            first, last = start + part.start(), start + part.end()
            if first > at:
                found.append((at, first))
            found.append((first, last))
            at = last
        if at < end:
            found.append((at, end))
    return np.array(found, dtype=np.int32).reshape(-1, 2)


@cache
def _patterns() -> tuple[Any, Any]:
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(_RUN, options), re2.compile(_SINGLE, options)
