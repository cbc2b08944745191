"""Text as people see it: how wide it stands on a terminal, and where it may be cut.

Widths are in terminal cells (한 is two, a combining mark none). Nothing is ever cut inside a
character: cuts fall between grapheme clusters, approximated from Unicode's general categories,
Hangul jamo, emoji sequences and flags (UAX #29 without its tables).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

ELLIPSIS = "…"
_JOINER = "\u200d"
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str, *, keep_lines: bool = False) -> str:
    """`text` without what steers a terminal or reorders a line; a lone surrogate becomes U+FFFD.

    Newlines and tabs become spaces unless `keep_lines`.
    """
    kept = []
    for char in text.replace("\r\n", "\n"):
        category = unicodedata.category(char)
        if char in "\n\t":
            kept.append(char if keep_lines else " ")
        elif category == "Cs":
            kept.append("\ufffd")
        elif category != "Cc" and char not in _DIRECTION:
            kept.append(char)
    return "".join(kept)


def clusters(text: str) -> Iterator[str]:
    """The characters of `text` as a reader counts them."""
    cluster = ""
    for char in text:
        if cluster and not _extends(cluster, char):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def cell_width(text: str) -> int:
    """Terminal cells that `text` takes."""
    return sum(_cluster_width(c) for c in clusters(text))


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` filled up with spaces to `width` cells; `right` puts it at the right."""
    gap = " " * max(0, width - cell_width(text))
    return gap + text if right else text + gap


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis between characters."""
    if cell_width(text) <= width:
        return pad(text, width)
    kept, used = "", 0
    for cluster in clusters(text):
        step = _cluster_width(cluster)
        if used + step > width - 1:
            break
        kept, used = kept + cluster, used + step
    return pad(kept + ELLIPSIS, width) if width > 0 else ""


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters of `text`; cut at a space where one is near, then `…`."""
    parts = list(clusters(text))
    if len(parts) <= limit:
        return text
    parts = parts[: limit - 1]
    nearest = max(0, len(parts) - 24)
    for end in range(len(parts) - 1, nearest, -1):
        if parts[end].isspace():
            parts = parts[:end]
            break
    return "".join(parts).rstrip() + ELLIPSIS


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces and, where needed, in a word."""
    lines = [""]
    for word in text.split():
        glue = " " if lines[-1] else ""
        if cell_width(lines[-1] + glue + word) <= width:
            lines[-1] += glue + word
            continue
        if lines[-1]:
            lines.append("")
        for cluster in clusters(word):
            if lines[-1] and cell_width(lines[-1] + cluster) > width:
                lines.append("")
            lines[-1] += cluster
    return lines


def _extends(cluster: str, char: str) -> bool:
    """Whether `char` belongs to the character that `cluster` began."""
    last = cluster[-1]
    if unicodedata.category(char) in ("Mn", "Me", "Mc") or char == _JOINER:
        return True
    if last == _JOINER:
        return unicodedata.category(cluster[0]) == unicodedata.category(char) == "So"
    if "\U0001f3fb" <= char <= "\U0001f3ff":  # skin tones
        return True
    if _is_flag(char):
        return _is_flag(last) and len(cluster) % 2 == 1
    if "\u1160" <= char <= "\u11a7":  # jamo vowel
        return "\u1100" <= last <= "\u11a7"
    if "\u11a8" <= char <= "\u11ff":  # jamo final consonant
        return "\u1160" <= last <= "\u11ff" or "\uac00" <= last <= "\ud7a3"
    return False


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _cluster_width(cluster: str) -> int:
    first = cluster[0]
    if unicodedata.category(first) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    wide = unicodedata.east_asian_width(first) in "WF" or (len(cluster) == 2 and _is_flag(first))
    return 2 if wide or "\ufe0f" in cluster else 1


def flag_line(annotator: str, item: str, why: Sequence[str]) -> str:
    """`annotator 3 · item 17 · names Healthy and Fungal, which exclude each other`."""
    who = "existing label" if annotator == "existing" else f"annotator {annotator}"
    return f"{who} · item {item} · {'; '.join(why)}"
