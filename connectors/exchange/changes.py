"""What people changed in files since they were last read: new answers, edits, answers taken back.

A cell that still says what it said then is left alone, whatever its words mean by now: the task's
classes may have been renamed since. A row or a file that is gone changes nothing that was told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelwright.connectors.exchange.cells import CellError, Cells
from labelwright.loop.outbox import Held


@dataclass(frozen=True)
class Found:
    """One cell as it was found: where it is, whose answer to which item it holds."""

    file: str
    row: int
    uid: str
    person: str
    value: Any

    @property
    def reference(self) -> str:
        """The answer's name, the same wherever the person writes it."""
        return f"files/{self.uid}/{self.person}"

    @property
    def raw(self) -> str:
        """What the cell says, letter by letter."""
        value = self.value.strip() if isinstance(self.value, str) else self.value
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    @property
    def place(self) -> str:
        """`news-1.csv, row 3, column label`."""
        return f"{self.file}, row {self.row}, column label"


@dataclass(frozen=True)
class Told:
    """Where an answer was read, and what stood there."""

    file: str
    raw: str


@dataclass
class Changes:
    """What to hold from now on, what stood in the cells, and what could not be used."""

    held: list[Held] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)  # by reference
    troubles: list[str] = field(default_factory=list)


def changes(
    found: Iterable[Found],
    held: Sequence[Held],
    told: Mapping[str, Told],
    cells: Cells,
    text_of: Callable[[str], str],
) -> Changes:
    """Compare what was found with what is held. held: of the same batch; told: of these, by reference."""
    made = Changes()
    before = {h.reference: h for h in held}
    by_reference: dict[str, list[Found]] = {}
    for each in found:
        by_reference.setdefault(each.reference, []).append(each)
    for reference, places in by_reference.items():
        filled = [p for p in places if not cells.is_open(p.value)]
        if filled:
            _filled(filled, before.get(reference), told.get(reference), cells, text_of, made)
        else:
            _emptied(places, before.get(reference), told.get(reference), made)
    _renamed(by_reference, before, told, made)
    return made


def _filled(
    places: Sequence[Found],
    before: Held | None,
    told: Told | None,
    cells: Cells,
    text_of: Callable[[str], str],
    made: Changes,
) -> None:
    first = places[0]
    for other in places[1:]:
        if other.raw != first.raw:
            made.troubles.append(
                f"{other.place}: {other.person} answers this item otherwise in {first.file}, "
                f"row {first.row}: neither counts until one is taken out"
            )
            return
    if before is not None and not before.deleted and told is not None and told.raw == first.raw:
        if told.file not in {p.file for p in places}:
            made.told[first.reference] = Told(first.file, first.raw)
        return
    try:
        given = cells.read(first.value, lambda: text_of(first.uid))
    except CellError as error:
        kept = "" if before is None or before.deleted else "; the answer told before stays"
        made.troubles.append(f"{first.place}: {error}{kept}")
        return
    made.held.append(
        Held(
            reference=first.reference,
            uid=first.uid,
            annotator=first.person,
            labels=given.labels,
            spans=given.spans,
            skipped=given.skipped,
        )
    )
    made.told[first.reference] = Told(first.file, first.raw)


def _emptied(
    places: Sequence[Found], before: Held | None, told: Told | None, made: Changes
) -> None:
    if before is None or before.deleted or told is None:
        return
    if told.file in {p.file for p in places}:
        made.held.append(_withdrawn(before))


def _renamed(
    found: Mapping[str, Sequence[Found]],
    before: Mapping[str, Held],
    told: Mapping[str, Told],
    made: Changes,
) -> None:
    """Take answers back whose row now names somebody else. Rows that are gone take nothing back."""
    rows: dict[tuple[str, str], set[int]] = {}
    for places in found.values():
        for place in places:
            rows.setdefault((place.file, place.uid), set()).add(place.row)
    names: dict[tuple[str, str], list[Held]] = {}
    for reference, each in before.items():
        if reference in told and not each.deleted:
            names.setdefault((told[reference].file, each.uid), []).append(each)
    lost: dict[str, int] = {}
    for (file, uid), told_here in names.items():
        missing = [h for h in told_here if h.reference not in found]
        if missing and len(rows.get((file, uid), ())) >= len(told_here):
            made.held += [_withdrawn(h) for h in missing]
        elif missing:
            lost[file] = lost.get(file, 0) + len(missing)
    made.troubles += [
        f"{file}: {n:,} answers told before stand in no row now; they are kept"
        if n > 1
        else f"{file}: an answer told before stands in no row now; it is kept"
        for file, n in lost.items()
    ]


def _withdrawn(held: Held) -> Held:
    return Held(
        held.reference,
        held.uid,
        held.annotator,
        held.labels,
        held.spans,
        held.skipped,
        deleted=True,
    )
