"""The values of a label column: which there are, how often, and which class each is.

With classes given, a value is one of theirs or a fault; without, every value is a class, and values
that differ only by case or white space are one.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labelwright.dsl.scaffold_classes import ProposedClass, in_order, named_classes
from labelwright.guess import is_missing
from labelwright.importing.found import MOST_CLASSES
from labelwright.loop.errors import DataError

_SHOWN = 10  # values in a message


@dataclass
class Counted:
    """What was seen so far. `classes` are those given; without any, they are found."""

    path: Path
    label: str
    given: tuple[ProposedClass, ...] = ()
    spellings: list[Counter[str]] = field(default_factory=list)  # one a class
    samples: list[list[str]] = field(default_factory=list)
    rows: int = 0
    missing: int = 0
    empty: int = 0  # rows whose list of labels is empty
    strange: Counter[str] = field(default_factory=Counter)  # values that no given class has

    def __post_init__(self) -> None:
        self._index: dict[str, int] = {}
        for index, named in enumerate(named_classes(self.given)):
            words = (named.id, named.name, named.proposed.shown, *named.proposed.spellings)
            for word in words:
                self._index.setdefault(_fold(word), index)
            self._add_class()

    def add(self, value: Any) -> list[int]:
        """Count a row; returns the classes that its label names."""
        self.rows += 1
        values = self._values(value)
        if values is None:
            self.missing += 1
            return []
        self.empty += not values
        return [index for v in values if (index := self._class_of(v)) is not None]

    def classes_of(self, value: Any) -> list[int]:
        """The classes that a label names, without counting it."""
        found = (self._index.get(_fold(v)) for v in self._values(value) or ())
        return [index for index in found if index is not None]

    def classes(self) -> tuple[tuple[ProposedClass, ...], list[int]]:
        """The classes, and for each in `in_order` its index here.

        Those given stay as they stand, with their counts; those found stand by falling count, equal
        ones in the order of first sight.
        """
        if self.given:
            place = iter(range(len(self.spellings)))

            def counted(each: ProposedClass) -> ProposedClass:
                seen = self.spellings[next(place)].total()
                children = tuple(counted(child) for child in each.children)
                return replace(each, count=seen, children=children)

            return tuple(counted(each) for each in self.given), list(range(len(self.spellings)))
        order = sorted(range(len(self.spellings)), key=lambda i: -self.spellings[i].total())
        proposed = [
            ProposedClass(
                spellings=tuple(value for value, _ in self.spellings[i].most_common()),
                count=self.spellings[i].total(),
                samples=tuple(s for s in self.samples[i] if s),
            )
            for i in order
        ]
        return tuple(proposed), order

    def too_many(self) -> bool:
        """Whether there are more values than a task may have classes."""
        return len(self.spellings) > MOST_CLASSES

    def refuse_strange(self) -> None:
        """Raise DataError where values belong to no class that was given."""
        if not self.strange:
            return
        shown = ", ".join(f"{v!r} ({n:,})" for v, n in self.strange.most_common(_SHOWN))
        more = len(self.strange) - _SHOWN
        names = ", ".join(c.shown for c in in_order(self.given)[:_SHOWN])
        raise DataError(
            f"{self.path}: {self.label} holds values that no class has: {shown}"
            + (f" and {more} more" if more > 0 else ""),
            f"the classes are {names}{', …' if len(in_order(self.given)) > _SHOWN else ''}; "
            "name another column with --label, or add what is missing to the list of classes",
        )

    def _class_of(self, value: str) -> int | None:
        key = _fold(value)
        if key not in self._index:
            if self.given:
                self.strange[value] += 1
                return None
            self._index[key] = self._add_class()
        self.spellings[self._index[key]][value] += 1
        return self._index[key]

    def _add_class(self) -> int:
        self.spellings.append(Counter())
        self.samples.append([])
        return len(self.spellings) - 1

    def _values(self, value: Any) -> list[str] | None:
        """A cell's labels as texts; None where it holds none."""
        if isinstance(value, list):
            if any(isinstance(v, (list, dict, bytes)) for v in value):
                raise self._no_label("lists of something else than labels")
            return [str(v) for v in value if not is_missing(v)]
        if isinstance(value, (dict, bytes)):
            raise self._no_label(f"a {type(value).__name__}")
        return None if is_missing(value) else [str(value)]

    def _no_label(self, what: str) -> DataError:
        return DataError(
            f"{self.path}: {self.label} holds {what}, no labels",
            "classes are proposed from a column with one label, or a list of labels, in each row",
        )


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()
