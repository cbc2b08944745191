"""What is known beside the text of a task file: handed to `read`, never fetched by it.

The lints that speak of data (L4xx), and the check of column names, speak only of what stands here;
an empty value means that it is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from labelwright.dsl.frozen import Frozen

ColumnType = Literal["text", "number", "date", "switch", "picture", "other"]

_NOTHING: Mapping[str, int] = MappingProxyType({})


class Column(Frozen):
    """A column of the data source."""

    name: str
    type: ColumnType


class Surroundings(Frozen):
    """The data, the rules on them, and the definition that was last applied."""

    columns: tuple[Column, ...] = ()
    items: int | None = None  # how many there are
    holdout: int | None = None  # how many of them measure
    fires: Mapping[str, int] = _NOTHING  # rule -> items on which it speaks
    clashes: tuple[tuple[str, str, int], ...] = ()  # two rules, items on which they contradict
    per_class: Mapping[str, int] = _NOTHING  # class id -> existing labels
    labelled: int | None = None  # items that have an existing label
    leaks: int | None = None  # holdout items with a near duplicate in the pool
    applied: frozenset[str] | None = None  # class ids of the definition last applied
