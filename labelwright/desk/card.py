"""An item as it is shown to somebody: texts, pictures, tables, and what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from labelwright.dsl.compile.fields import Shown


@dataclass(frozen=True)
class Part:
    """A text, a picture (a path, or raw pixels), or a table of (name, value); `heading` may be empty."""

    kind: Literal["text", "image", "table"]
    heading: str = ""
    text: str = ""
    picture: str | Mapping[str, Any] | None = None
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Card:
    """All of an item that its annotators see."""

    parts: tuple[Part, ...]
    hints: tuple[str, ...] = ()
    suggestion: tuple[str, ...] = ()  # class ids
    version: str = ""  # whose suggestion

    @property
    def text(self) -> str:
        """The text that parts are marked in."""
        return next((p.text for p in self.parts if p.kind == "text"), "")


def parts_of(shown: Sequence[Shown], values: Mapping[str, Any]) -> tuple[Part, ...]:
    """The parts of a card. values: by column, as Arrow gives them."""
    several = len(shown) > 1
    found = []
    for each in shown:
        heading = each.heading if several else ""
        value = values.get(each.columns[0])
        if each.kind == "text":
            found.append(Part("text", heading, text=_plain(value)))
        elif each.kind == "image":
            found.append(Part("image", heading, picture=value))
        else:
            rows = tuple((c, _plain(values.get(c))) for c in each.columns)
            found.append(Part("table", heading, rows=rows))
    return tuple(found)


def _plain(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)
