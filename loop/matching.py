"""Which class a value in the data means: by id, name, title or alias, case and NFC folded."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
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
