"""Marked parts of a text as people write them down, and which of them may stand together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from labelwright.loop.matching import ClassMatcher
from labelwright.loop.ports import Span

Nesting = Literal["flat", "nested", "overlapping"]
Mark = tuple[Span, str]
"""A part of a text, and the id of its class."""


class MarkError(ValueError):
    """What is wrong with a mark, as a sentence without its end."""


def placed(marks: Sequence[Mark], nesting: Nesting) -> tuple[Mark, ...]:
    """The marks in order, each once. Raises MarkError where two cross as the task does not allow."""
    ordered = sorted(set(marks), key=lambda m: (m[0].start, -m[0].end, m[1]))
    if nesting != "overlapping":
        for number, (first, _) in enumerate(ordered):
            for second, _ in ordered[number + 1 :]:
                if second.start >= first.end:
                    break
                if nesting == "flat" or second.end > first.end:
                    what = "overlap" if nesting == "flat" else "cross"
                    raise MarkError(f"“{first.text}” and “{second.text}” {what}")
    return tuple(ordered)


def read_marks(written: Sequence[Any], text: str, matcher: ClassMatcher) -> list[Mark]:
    """Marks out of `{"start", "end", "label"}` or `["words", "label"]`, mixed as one likes.

    Words that stand in the text several times are meant one after the other, and all must be given.
    Raises MarkError.
    """
    words = Counter(w[0] for w in written if _is_pair(w))
    places: dict[str, Iterator[int]] = {}
    for word, count in words.items():
        found = list(occurrences(text, word))
        if len(found) != count:
            times = f"{len(found)} times" if len(found) > 1 else "once" if found else "nowhere"
            raise MarkError(
                f"“{word}” stands {times} in the text and is marked {count} times: "
                "say where with start and end"
            )
        places[word] = iter(found)
    return [_mark(w, text, places, matcher) for w in written]


def occurrences(text: str, word: str) -> Iterator[int]:
    """Where `word` begins in `text`, without overlap."""
    start = text.find(word) if word else -1
    while start >= 0:
        yield start
        start = text.find(word, start + len(word))


def _is_pair(written: Any) -> bool:
    return (
        isinstance(written, list) and len(written) == 2 and all(isinstance(w, str) for w in written)
    )


def _mark(written: Any, text: str, places: dict[str, Iterator[int]], matcher: ClassMatcher) -> Mark:
    if _is_pair(written):
        word, label = written
        start = next(places[word])
        span = Span(start, start + len(word), word)
    elif isinstance(written, dict):
        span, label = _span(written, text), written.get("label")
    else:
        raise MarkError(
            f"{written!r} is neither {{start, end, label}} nor [words, label]",
        )
    found = matcher.match(label)
    if found is None:
        raise MarkError(f"{label!r} is no class")
    return span, found


def _span(written: dict[str, Any], text: str) -> Span:
    start, end = written.get("start"), written.get("end")
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in (start, end))
    if not whole or not 0 <= start < end <= len(text):  # type: ignore[operator]
        raise MarkError(f"{start} to {end} is no part of a text of {len(text)} characters")
    found = text[start:end]
    if written.get("text", found) != found:
        raise MarkError(f"{start} to {end} is “{found}”, not “{written['text']}”")
    return Span(start, end, found)  # type: ignore[arg-type]
