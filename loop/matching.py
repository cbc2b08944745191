"""Which class a value in the data means: by id, name, title or alias, case and NFC folded."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelwright.dsl.task import Class, Task


class ClassMatcher:
    """Finds the class that a value of a data column stands for.

    An id wins over a name, a name over a title, a title over an alias. A word that means two
    classes equally (`Other` in `Billing.Other` and `Travel.Other`) means none.
    """

    def __init__(self, task: Task) -> None:
        self._classes: dict[str, str | None] = {}
        for spellings in (
            lambda c: (c.id,),
            lambda c: (c.name,),
            lambda c: (c.title,),
            lambda c: c.aliases,
        ):
            for word, owners in _owners(task.classes, spellings).items():
                self._classes.setdefault(word, owners.pop() if len(owners) == 1 else None)

    def match(self, value: Any) -> str | None:
        """The id of the class, or None. Whole numbers match whether stored as 3, 3.0 or `3`."""
        return None if is_missing(value) else self._classes.get(fold(_text(value)))


def each_of(value: Any, delimiter: str = "") -> list[Any] | None:
    """The values of a cell that may hold several: a list, a list in JSON, or a text cut at `delimiter`.

    A single value is a list of one, and None is for a cell that holds nothing; an empty list is one.
    """
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [each for each in value if not is_missing(each)]
    if is_missing(value):
        return None
    if isinstance(value, str) and value.strip().startswith("[") and value.strip().endswith("]"):
        try:
            read = json.loads(value)
        except ValueError:
            read = [value]
        return [each for each in read if not is_missing(each)]
    if delimiter and isinstance(value, str):
        return [part for part in value.split(delimiter) if part.strip()]
    return [value]


def is_missing(value: Any) -> bool:
    """Whether a cell holds no value: null, NaN, or nothing but white space."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def fold(text: str) -> str:
    """`text` as it is compared: outer white space off, NFC, case folded."""
    folded = unicodedata.normalize("NFC", text.strip()).casefold()
    return unicodedata.normalize("NFC", folded)


def _text(value: Any) -> str:
    value = getattr(value, "item", lambda: value)()  # NumPy's scalars
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _owners(classes: Iterable[Class], spellings: Any) -> dict[str, set[str]]:
    owners: dict[str, set[str]] = {}
    for each in classes:
        for word in spellings(each):
            owners.setdefault(fold(word), set()).add(each.id)
    return owners
