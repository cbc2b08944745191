"""What an annotator sees of an item: which columns, as what, in which order.

Everything that is not listed here is hidden from annotators. The data of a Label Studio task are
keyed by `Shown.key`, because Label Studio reads only ASCII names after its `$`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from labelwright.dsl.compile.errors import CompileError
from labelwright.dsl.task import Task

Kind = Literal["text", "image", "column"]

NOTE, HINT = "lw_note", "lw_hint"
"""Keys of what the page says above an item: about an answer to mend, and about classes."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_RESERVED = {"label", "columns", "shown_beside"}  # and whatever begins with lw_
_NO_NAMES = {"true", "false", "nan", "inf", "infinity"}  # Label Studio reads no text in them
_PICTURE_SOURCES = ("images", "npz")
_BUNDLED_KIND: dict[str, Kind] = {"digits": "image", "wine": "column", "breast_cancer": "column"}
_ENCODER_KIND: dict[str, Kind] = {
    "pixels": "image",
    "resnet": "image",
    "vision": "image",
    "table": "column",
}


@dataclass(frozen=True)
class Shown:
    """One part of the page: a text, a picture, or a table of `columns`; `key` names its data."""

    kind: Literal["text", "image", "table"]
    key: str
    columns: tuple[str, ...]
    heading: str


def shown(task: Task, fields: Mapping[str, Kind] | None = None) -> tuple[Shown, ...]:
    """The parts of the page in reading order: texts, pictures, the table, then what `show` adds.

    `fields` says what each column of the source holds (column -> text, image or column); it is
    needed only where the task names no columns and the source knows its own. Without it such a
    task shows the one kind of thing that its source, or else its encoder, is made for.
    """
    texts, images, columns = task.data.text, task.data.image, task.data.columns
    if not (texts or images or columns):
        given = _guess(task) if fields is None else fields
        texts = tuple(c for c, kind in given.items() if kind == "text")
        images = tuple(c for c, kind in given.items() if kind == "image")
        columns = tuple(c for c, kind in given.items() if kind == "column")
    if not (texts or images or columns):
        raise CompileError(
            "annotators would see nothing of an item: no column is named",
            "name them in the data block: text = …, image = … or columns = […]",
        )
    own = (*texts, *images)
    if twice := sorted({c for c in own if own.count(c) > 1}):
        raise CompileError(
            f"annotators would see {', '.join(twice)} twice: a column is one text or one picture",
            "name it once, in `text` or in `image`",
        )
    beside = tuple(c for c in task.data.show if c not in (*own, *columns))
    keys = _keys(own)
    parts = [Shown("text", keys[c], (c,), c) for c in texts]
    parts += [Shown("image", keys[c], (c,), c) for c in images]
    if columns:
        parts.append(Shown("table", "columns", columns, ""))
    if beside:
        parts.append(Shown("table", "shown_beside", beside, ""))
    return tuple(parts)


def _guess(task: Task) -> dict[str, Kind]:
    source = task.data.source
    kind: Kind | None = "image" if source.name in _PICTURE_SOURCES else None
    if source.name == "bundled":
        positional, named = source.python_arguments()
        kind = _BUNDLED_KIND.get(str((positional or [*named.values(), ""])[0]))
    if kind is None:
        encoder = task.train.encoder.default
        kind = _ENCODER_KIND.get(encoder.name, "text") if encoder else "text"
    return {"image": "image"} if kind == "image" else {kind: kind}


def _is_plain(column: str) -> bool:
    ours = column in _RESERVED or column.startswith("lw_")
    return not ours and column.lower() not in _NO_NAMES and _PLAIN_KEY.fullmatch(column) is not None


def _keys(columns: Iterable[str]) -> dict[str, str]:
    """A data key for each column: the column itself where Label Studio can read it."""
    columns = tuple(columns)
    keys = {c: c for c in columns if _is_plain(c)}
    taken = set(keys.values())
    for number, column in enumerate(columns, start=1):
        if column not in keys:
            key = f"field_{number}"
            while key in taken:
                key += "_"
            keys[column] = key
            taken.add(key)
    return keys
