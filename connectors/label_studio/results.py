"""Label Studio's results and our labels: the same answer in two notations.

A result is a list of dictionaries, one for the choice made or one for each mark in a text, as the
editor stores them (tried with 1.23.2): `choices` and `labels` hold class ids, because the page gives
each class its id as `alias`, and `taxonomy` holds paths of ids. Places in a text are counted in code
points there too. Nothing the server holds makes this raise: what cannot be read is said in words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labelwright.connectors.label_studio.page import Page
from labelwright.dsl.compile.labelconfig import CONTROL
from labelwright.dsl.compile.options import SEPARATOR
from labelwright.loop.matching import fold
from labelwright.loop.ports import Span

Result = list[dict[str, Any]]
"""What Label Studio calls `result`, in annotations and in predictions."""

Origin = Literal["manual", "prediction", "prediction-changed"]


@dataclass(frozen=True)
class Decoded:
    """An answer: class ids in file order; for marks, as many spans, both ordered by place.

    remarks: a sentence for each result that belongs to no answer of ours and was left out.
    """

    labels: tuple[str, ...]
    spans: tuple[Span, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Strange:
    """A result that is no answer to the task's question; `why` is half a sentence for people."""

    why: str


class _Odd(Exception):  # noqa: N818 - caught in `decode`, never seen outside
    """What is wrong, in words."""


# --- reading ----------------------------------------------------------------------------------


def decode(page: Page, result: object, text: str = "") -> Decoded | Strange:
    """The answer that a result holds; `text` is the item's, in which spans are marked.

    A class is found by its id, or by a title where the page had no alias. Strange, never a guess: a
    class that is none of the task's, a mark that does not fit the text, no or several classes where
    one is asked, and a result with nothing but answers to other questions.
    """
    try:
        own, remarks = _sorted_out(page, result)
        if page.key == "labels":
            marks = _marks(page, own, text)
            labels, spans = tuple(m[1] for m in marks), tuple(m[0] for m in marks)
        else:
            labels, spans = _chosen(page, own), ()
    except _Odd as odd:
        return Strange(str(odd))
    if not own and remarks:
        return Strange(f"it says nothing of {CONTROL}, only: {'; '.join(remarks)}")
    if not labels and not page.empty:
        return Strange("no class is chosen")
    if page.one and not spans and len(labels) > 1:
        return Strange(f"several classes are chosen where one is asked: {', '.join(labels)}")
    return Decoded(labels, spans, remarks)


def _sorted_out(page: Page, result: object) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The parts of a result that answer our question, with their values; a remark on each other."""
    if not isinstance(result, list):
        raise _Odd(f"its result is no list: {_brief(result)}")
    own: list[dict[str, Any]] = []
    remarks: list[str] = []
    for part in result:
        if not isinstance(part, dict):
            raise _Odd(f"part of its result is no object: {_brief(part)}")
        if (name := part.get("from_name")) != CONTROL:
            what = f"{part.get('type')} of {name}" if name else f"{part.get('type')}"
            remarks.append(f"{what} is no part of the task's page")
            continue
        value = part.get("value")
        if not isinstance(value, dict) or not isinstance(value.get(page.key), list):
            raise _Odd(f"{CONTROL} holds {part.get('type')} where {page.key} is asked")
        if page.key == "labels" and part.get("to_name") != page.to:
            raise _Odd(f"a mark is in {part.get('to_name')}, and the task's text is {page.to}")
        own.append(value)
    return own, tuple(remarks)


def _chosen(page: Page, values: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    return page.in_order(_class(page, named) for value in values for named in value[page.key])


def _marks(page: Page, values: Iterable[dict[str, Any]], text: str) -> list[tuple[Span, str]]:
    rank = {c: n for n, c in enumerate(page.paths)}
    found: dict[tuple[int, int, str], Span] = {}
    for value in values:
        span = _span(value, text)
        labels = [_class(page, named) for named in value[page.key]]
        if not labels:
            raise _Odd(f"the mark {_brief(span.text)} has no class")
        if page.one and len(set(labels)) > 1:
            raise _Odd(f"the mark {_brief(span.text)} has several classes where one is asked")
        for label in labels:
            found[span.start, span.end, label] = span
    ordered = sorted(found, key=lambda m: (m[0], m[1], rank[m[2]]))
    return [(found[mark], mark[2]) for mark in ordered]


def _class(page: Page, named: object) -> str:
    """The class that a stored value names: an id or title, or a path of them."""
    given = named if isinstance(named, list) else [named]
    path = [step for step in given if isinstance(step, str)]
    if not path or len(path) < len(given):
        raise _Odd(f"{_brief(named)} names no class")
    last = path[-1]
    found = last if last in page.paths else None
    found = found or page.spellings.get(fold(SEPARATOR.join(path)))
    found = found or page.spellings.get(fold(last)) or page.matcher.match(last)
    if found is None:
        raise _Odd(f"the task has no class {_brief(last)}")
    if found not in page.choices:
        raise _Odd(f"{found} is a heading, not a class to choose")
    return found


def _span(value: Mapping[str, Any], text: str) -> Span:
    """The marked part of `text`, checked against what the result says is marked.

    Offsets are code points; where only a reading in UTF-16 units fits, as older versions stored them,
    it is that one.
    """
    start, end, said = value.get("start"), value.get("end"), value.get("text")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
        raise _Odd(f"a mark goes from {_brief(start)} to {_brief(end)}, which is no part of a text")
    readings = [(start, end)]
    if isinstance(said, str) and (units := _from_units(text, start, end)):
        readings.append(units)
    for first, last in readings:
        part = text[first:last]
        if last <= len(text) and (not isinstance(said, str) or _seen(part) == _seen(said)):
            return Span(start=first, end=last, text=part)
    there = _brief(text[start:end]) if end <= len(text) else f"the text has {len(text)} characters"
    raise _Odd(f"a mark from {start} to {end} says {_brief(said)}, and there is: {there}")


def _from_units(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Places in UTF-16 units as places in code points; None where one cuts a character."""
    units = text.encode("utf-16-le", "surrogatepass")
    try:
        before = units[: 2 * start].decode("utf-16-le")
        inside = units[2 * start : 2 * end].decode("utf-16-le")
    except UnicodeDecodeError:
        return None
    return len(before), len(before) + len(inside)


def _seen(text: str) -> str:
    r"""A text as a browser shows it: the editor writes a line break as \n, and blanks run together."""
    return " ".join(text.replace("\\n", "\n").replace("\0", "\ufffd").split())


# --- writing ----------------------------------------------------------------------------------


def encode(
    page: Page,
    labels: Sequence[str],
    spans: Sequence[Span] = (),
    *,
    origin: Origin = "prediction",
) -> Result:
    """The result that the editor would store for these class ids (and spans, one a label).

    Ids of its parts follow from their content, so that the same answer is the same result. Raises
    KeyError for what is no class of the task.
    """
    if page.key == "labels":
        return [_part(page, origin, value) for value in _regions(page, labels, spans)]
    chosen = page.in_order(labels)
    if not chosen:
        return []
    stored = [list(page.paths[c]) for c in chosen] if page.key == "taxonomy" else list(chosen)
    return [_part(page, origin, {page.key: stored})]


def _regions(page: Page, labels: Sequence[str], spans: Sequence[Span]) -> Iterator[dict[str, Any]]:
    """One mark has all the classes of its place where a mark may have several."""
    rank = {c: n for n, c in enumerate(page.paths)}
    marks = sorted(
        set(zip(spans, labels, strict=True)), key=lambda m: (m[0].start, m[0].end, rank[m[1]])
    )
    regions: list[tuple[Span, list[str]]] = []
    for span, label in marks:
        if not page.one and regions and regions[-1][0] == span:
            regions[-1][1].append(label)
        else:
            regions.append((span, [label]))
    for span, own in regions:
        said = span.text.replace("\r", "\n").replace("\n", "\\n")
        yield {"start": span.start, "end": span.end, "text": said, page.key: own}


def _part(page: Page, origin: Origin, value: dict[str, Any]) -> dict[str, Any]:
    content = json.dumps([CONTROL, value], ensure_ascii=False, sort_keys=True)
    return {
        "id": hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest(),
        "from_name": CONTROL,
        "to_name": page.to,
        "type": page.key,
        "origin": origin,
        "value": value,
    }


def rewrite(result: Result, mapping: Mapping[str, str]) -> Result:
    """A result with class ids replaced, as `mapping` says; everything else in it as it was.

    Two classes that became one are named once. A path follows its last class, whose id spells it.
    """
    return [_rewritten(part, mapping) for part in result]


def _rewritten(part: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    value = part.get("value")
    if part.get("from_name") != CONTROL or not isinstance(value, dict):
        return part
    new = dict(value)
    for key in ("choices", "labels", "taxonomy"):
        if isinstance(value.get(key), list):
            replaced = [_replaced(named, mapping) for named in value[key]]
            new[key] = value[key] if replaced == value[key] else _once(replaced)
    return {**part, "value": new}


def _replaced(named: Any, mapping: Mapping[str, str]) -> Any:
    if not isinstance(named, list):
        return mapping.get(named, named) if isinstance(named, str) else named
    last = named[-1] if named else None
    if not isinstance(last, str) or not any(isinstance(s, str) and s in mapping for s in named):
        return named
    names = mapping.get(last, last).split(".")
    return [".".join(names[: n + 1]) for n in range(len(names))]


def _once(values: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _brief(value: object) -> str:
    said = json.dumps(value, ensure_ascii=False, default=repr)
    return said if len(said) <= 60 else said[:59] + "…"
