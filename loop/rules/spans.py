"""Candidate spans: what a rule of a spans task finds in a text, and on which of it the rule fires.

Each positive test of `span` in a rule's condition (`dsl/checks_rules.py` says which those are)
proposes candidates: `matches` its leftmost matches that do not overlap, `==`, `in` and `contains` every
place where one of the quoted texts stands, folded (the longest where several begin). The whole
condition is then evaluated on every candidate, with the fields

- `span`, the candidate's own text (the test that found it holds, whatever stands around it),
- `before` and `after`, the rest of its sentence on either side (`rules/sentences.py`),
- and all other fields of the item that it lies in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelwright.dsl.checks_rules import SPAN_FIELDS, proposes, span_tests
from labelwright.dsl.task import Compare, Contains, FieldRef, Matches, Member
from labelwright.loop.conditions import ROWS, evaluate, field_refs, holds
from labelwright.loop.errors import DataError
from labelwright.loop.fields import Fields, fold, resolve
from labelwright.loop.rules.sentences import around, sentences

if TYPE_CHECKING:
    from labelwright.dsl.task import Condition, Rule, Task

_ITEMS = 2048  # items whose candidates are held at one time


@dataclass(frozen=True)
class Candidate:
    """A piece of an item's text: `text[start:end]` in characters, of the column `field`."""

    row: int
    field: str
    start: int
    end: int


def fires(task: Task, rule: Rule, table: pa.Table) -> np.ndarray:
    """(n_rows,) bool: where at least one candidate passes. See `passing` for errors."""
    fired = np.zeros(table.num_rows, dtype=bool)
    for candidate in passing(task, rule, table):
        fired[candidate.row] = True
    return fired


def passing(task: Task, rule: Rule, table: pa.Table) -> Iterator[Candidate]:
    """The candidates on which a rule's condition holds, by row, field, start and end.

    table: the task's columns of text, and those that the condition names. Raises DataError where the
    rule proposes nothing, the task names no text, or a test does not fit its column.
    """
    if rule.when is None or not proposes(rule):
        raise DataError(
            f"rule {rule.name} does not say which text it marks",
            'add a test such as `span matches /…/` or `span contains "…"`',
        )
    if not task.data.text:
        raise DataError(
            "the task does not say in which text spans are marked", "write `text = …` in `data`"
        )
    for field in of_item(rule.when):  # an unknown one is told even where nothing is found
        Fields(table.slice(0, 0)).values(field)
    finders = [_Finder(test) for test in span_tests(rule.when)]
    for start in range(0, table.num_rows, _ITEMS):
        part = table.slice(start, _ITEMS)
        found = sorted(_found(task.data.text, part, finders))
        passed = _passes(rule.when, finders, part, found, task.data.text)
        for (row, column, first, last, _), good in zip(found, passed, strict=True):
            if good:
                yield Candidate(start + row, task.data.text[column], first, last)


def of_item(condition: Condition) -> list[FieldRef]:
    """The fields that a condition of a spans task names of the item, not of a candidate."""
    return [f for f in field_refs(condition) if f.path[0] not in SPAN_FIELDS]


# --- finding ----------------------------------------------------------------------------------

_Found = tuple[int, int, int, int, int]
"""Row, position of the column, start, end, and the finders that found it, one bit each."""


class _Finder:
    """One test of `span` as a search: in a column (which items at all), and in one text."""

    def __init__(self, test: Condition) -> None:
        import re2

        self.test = test
        self.inverted = getattr(test, "negated", False) or getattr(test, "op", "==") == "!="
        options = re2.Options()
        options.log_errors = False
        if isinstance(test, Matches):
            flags = f"(?{test.flags})" if test.flags else ""
            self._pattern = re2.compile(flags + test.pattern, options)
            self._values: tuple[str, ...] = ()
        else:
            self._values = _quoted(test)
            options.max_mem = 256 * 2**20
            longest = sorted({fold(v) for v in self._values} - {""}, key=lambda v: (-len(v), v))
            self._pattern = re2.compile("|".join(map(re2.escape, longest)), options)

    def anywhere(self, column: str) -> Condition:
        """A condition on items that holds wherever a text of the column may hold a candidate."""
        field = FieldRef(path=(column,))
        if isinstance(self.test, Matches):
            return self.test.model_copy(update={"field": field})
        return Contains(field=field, values=self._values)

    def find(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of every candidate in a text, in order; none is empty, none overlap."""
        if isinstance(self.test, Matches):
            matches = (m.span() for m in self._pattern.finditer(text))
            return [(start, end) for start, end in matches if start < end]
        folded, starts, ends = folded_with_places(text)
        found: list[tuple[int, int]] = []
        for match in self._pattern.finditer(folded):
            start, end = match.span()
            if start < end and (not found or starts[start] >= found[-1][1]):
                found.append((starts[start], ends[end - 1]))
        return found


def _quoted(test: Condition) -> tuple[str, ...]:
    match test:
        case Contains():
            return test.values
        case Member():
            return tuple(str(value) for value in test.values)
        case Compare():
            return (str(test.value),)
    raise AssertionError(test)


def folded_with_places(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """`text` folded and, for each character of that, where in `text` what it comes from begins and ends.

    A letter stands together with its combining marks, and the jamo of a syllable stand together, so
    that no place lies inside one of them.
    """
    if text.isascii():
        return text.lower(), range(len(text)), range(1, len(text) + 1)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and _joins(text[end]):
            continue
        folded = fold(text[start:end])
        pieces.append(folded)
        starts += [start] * len(folded)
        ends += [end] * len(folded)
        start = end
    return "".join(pieces), starts, ends


def _joins(char: str) -> bool:
    """Whether a character belongs to the one before it: a mark, or a jamo vowel or final."""
    return "\u1160" <= char <= "\u11ff" or unicodedata.category(char)[0] == "M"


def _found(columns: Sequence[str], part: pa.Table, finders: Sequence[_Finder]) -> Iterator[_Found]:
    fields = Fields(part)
    for position, column in enumerate(columns):
        anywhere = [holds(finder.anywhere(column), fields) for finder in finders]
        rows = np.flatnonzero(np.any(anywhere, axis=0))
        texts = fields.text(FieldRef(path=(column,))).take(pa.array(rows)).to_pylist()
        for row, text in zip(rows, texts, strict=True):
            by: dict[tuple[int, int], int] = {}
            for bit, finder in enumerate(finders):
                if anywhere[bit][row]:
                    for place in finder.find(text):
                        by[place] = by.get(place, 0) | 1 << bit
            for (start, end), bits in by.items():
                yield int(row), position, start, end, bits


# --- judging ----------------------------------------------------------------------------------


def _passes(
    when: Condition,
    finders: Sequence[_Finder],
    part: pa.Table,
    found: Sequence[_Found],
    columns: Sequence[str],
) -> np.ndarray:
    """(n_found,) bool: the candidates on which the condition holds."""
    verdicts = [np.zeros(0, dtype=bool)]
    for start in range(0, len(found), ROWS):
        some = found[start : start + ROWS]
        fields = Fields(_table(when, part, some, columns))
        given: dict[int, Any] = {}
        for bit, finder in enumerate(finders):
            its_own = pa.array([bool(bits >> bit & 1) for *_, bits in some])
            plain = evaluate(finder.test, fields)
            given[id(finder.test)] = (
                pc.and_kleene(pc.invert(its_own), plain)  # `not (span not in [..])`
                if finder.inverted
                else pc.or_kleene(its_own, plain)
            )
        verdicts.append(holds(when, fields, given))
    return np.concatenate(verdicts)


def _table(
    when: Condition, part: pa.Table, found: Sequence[_Found], columns: Sequence[str]
) -> pa.Table:
    """One row a candidate: the fields of its item, and its own."""
    wanted = {f.path[0] for f in field_refs(when)} & {"before", "after"}
    own = {resolve(f.path, part.column_names) for f in of_item(when)}
    names = sorted({place[0] for place in own if place is not None})
    rows = pa.array([row for row, *_ in found], pa.int64())
    made: dict[str, Any] = {name: part[name].take(rows) for name in names}
    texts = [Fields(part).text(FieldRef(path=(column,))) for column in columns]
    cells = {key: texts[key[1]][key[0]].as_py() for key in {(r, c) for r, c, *_ in found}}
    spans, befores, afters = [], [], []
    parts = {key: sentences(text) for key, text in cells.items()} if wanted else {}
    for row, column, start, end, _ in found:
        text = cells[row, column]
        spans.append(text[start:end])
        if wanted:
            before, after = around(text, parts[row, column], start, end)
            befores.append(before)
            afters.append(after)
    made["span"] = pa.array(spans, pa.string())
    if wanted:
        made["before"] = pa.array(befores, pa.string())
        made["after"] = pa.array(afters, pa.string())
    return pa.table(made)
