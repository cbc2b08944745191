"""Raw values as the language writes them: names out of any text, quoted texts, counts.

A name keeps its script: `Sci/Tech` becomes `SciTech`, `경제 뉴스` becomes `경제뉴스`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path


def valid_name(raw: str) -> str:
    """`raw` as a name of the language, in its own script: `Sci/Tech` → `SciTech`; "" if impossible.

    A whole number stays as it is; other names begin with a letter.
    """
    raw = unicodedata.normalize("NFC", raw).strip()
    if _is_name(raw):
        return raw
    raw = _BOUND.sub(lambda sign: _BOUNDS[sign[1]] + " ", raw)
    words = "".join(ch if ch != "_" and _is_name(f"N_{ch}") else " " for ch in raw).split()
    name = words[0] if len(words) == 1 else "".join(w[:1].upper() + w[1:] for w in words)
    tries = (name, name.capitalize(), f"N{name}") if name else ()
    return next((t for t in tries if _is_name(t)), "")


def column_name(raw: str) -> str:
    """A column as a task file writes it: bare where it is a name, else quoted."""
    return raw if _is_name(raw) and not raw[:1].isdigit() else quoted(raw)


def quoted(text: str) -> str:
    """`text` as a string of the language, on one line."""
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(plain, written)
    return '"' + "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text) + '"'


def grouped(number: int) -> str:
    """A count as the language writes it: `2_300`."""
    return f"{number:_}"


def one_line(text: str) -> str:
    """`text` without line ends and what cannot be printed, single spaces between its words."""
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())


def shortened(text: str, most: int) -> str:
    """`one_line` of a text, cut after `most` characters, never inside one that people see."""
    text = one_line(text)
    if len(text) <= most:
        return text
    end = most - 1
    while end > 0 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
        end -= 1
    return text[:end].rstrip() + "…"


_BOUNDS = {
    "<=": "AtMost",
    ">=": "AtLeast",
    "<": "Under",
    ">": "Over",
    "≤": "AtMost",
    "≥": "AtLeast",
}
_BOUND = re.compile(r"^(<=|>=|[<>≤≥])(?=\s*[\d$€£₩])")


@cache
def _grammar() -> tuple[re.Pattern[str], frozenset[str]]:
    """What a name looks like and the words that are none, read from the grammar itself."""
    grammar = (Path(__file__).parent / "task.lark").read_text(encoding="utf-8")
    name = re.search(r"^NAME: /(.+)/$", grammar, re.MULTILINE)
    assert name is not None, "task.lark says what a NAME is"
    return re.compile(rf"{name.group(1)}|[0-9]+"), frozenset(re.findall(r'"([a-z]+)"', grammar))


def _is_name(text: str) -> bool:
    pattern, keywords = _grammar()
    return text not in keywords and pattern.fullmatch(text) is not None
