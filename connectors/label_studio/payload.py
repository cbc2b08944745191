"""Items as the data of Label Studio tasks: what annotators' browsers get to see, and nothing else.

Keys are those of the page's parts (`Shown.key`), beside our own: `lw_uid` and `lw_batch`, by which
the outbox finds a task again, and `lw_note` and `lw_hint`, which the page shows above the item. What
an item is for, and what is known of its class, never leaves. Texts keep their length in code points,
so that marks in them are marks in the item's own text.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.results import encode
from labelwright.connectors.paths import data_path
from labelwright.connectors.pictures import load_image, opened
from labelwright.dsl.compile.fields import HINT, NOTE, Kind, Shown
from labelwright.loop.ports import Items, Span, Suggestion

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.loop.items import Inputs

UID, BATCH = "lw_uid", "lw_batch"

MISSING = "—"
"""What a table shows where a value is missing; a missing text is empty."""

_ROWS = 10  # of a table: Label Studio shows no more at once

_SHOWABLE = {
    "JPEG": ("jpg", "image/jpeg"),
    "MPO": ("jpg", "image/jpeg"),  # what some phones write: a JPEG with a second one behind it
    "PNG": ("png", "image/png"),
    "GIF": ("gif", "image/gif"),
    "WEBP": ("webp", "image/webp"),
}
_VISIBLE = 256  # pixels: raw pictures of less are enlarged to about so many


@dataclass(frozen=True)
class Card:
    """What goes to people with one item, beside the item: note and hints may be empty."""

    uid: str
    batch: str
    note: str = ""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A picture for a browser. `name` follows from the content: the same picture, the same name."""

    name: str
    content: bytes
    type: str  # its MIME type


def kinds(inputs: Inputs) -> dict[str, Kind]:
    """What each input column holds, for `shown` and `label_config` of a task that names none."""
    found: dict[str, Kind] = dict.fromkeys(inputs.text, "text")
    found |= dict.fromkeys(inputs.image, "image")
    return found | dict.fromkeys(inputs.columns, "column")


def columns(parts: Sequence[Shown]) -> tuple[str, ...]:
    """All columns that the page shows, once each."""
    return tuple(dict.fromkeys(c for part in parts for c in part.columns))


def task_data(
    parts: Sequence[Shown],
    items: Items,
    cards: Sequence[Card],
    addresses: Mapping[tuple[str, str], str] | None = None,
) -> list[dict[str, Any]]:
    """The `data` of a Label Studio task for each item, in order; `cards` has one an item.

    addresses: where browsers find each picture, by item id and column.
    """
    table = items.columns(columns(parts))
    shown = [(part, _values(part, table, items.ids, addresses or {})) for part in parts]
    return [
        {part.key: values[row] for part, values in shown} | _own(card)
        for row, card in enumerate(cards)
    ]


def pictures(
    parts: Sequence[Shown], items: Items, root: Path
) -> Iterator[tuple[str, str, Picture]]:
    """(item id, column, picture) of every picture on the page; one in memory at a time.

    root: the data root, which no path leads out of. Raises DataError naming the picture.
    """
    for part in parts:
        if part.kind == "image":
            (column,) = part.columns
            for item, value in zip(items.ids, items.columns(part.columns)[column], strict=True):
                if value.as_py() not in (None, ""):
                    yield item, column, picture(value.as_py(), root)


def picture(value: str | Mapping[str, Any], root: Path) -> Picture:
    """One picture: its file as it is where browsers can show it, else as PNG. Raises DataError.

    Raw pixels smaller than people can see are enlarged, each pixel a square.
    """
    if isinstance(value, str):
        path = data_path(value, root)
        with opened(path, value) as image:
            kind = _SHOWABLE.get(image.format or "")
        if kind:
            return _named(path.read_bytes(), *kind)
    return _named(_png(value, root), "png", "image/png")


def prediction(page: Page, suggestion: Suggestion, spans: Sequence[Span] = ()) -> dict[str, Any]:
    """A suggestion as a Label Studio prediction; `spans` are its marks, one a label."""
    return {
        "model_version": suggestion.version,
        "score": suggestion.score,
        "result": encode(page, suggestion.labels, spans),
    }


# --- values -----------------------------------------------------------------------------------


def _values(
    part: Shown,
    table: pa.Table,
    ids: Sequence[str],
    addresses: Mapping[tuple[str, str], str],
) -> list[Any]:
    if part.kind == "table":
        cells = [[as_shown(cell) or MISSING for cell in _texts(table[c])] for c in part.columns]
        return [_rows(part.columns, row) for row in zip(*cells, strict=True)]
    (column,) = part.columns
    if part.kind == "image":
        return [addresses.get((item, column), "") for item in ids]
    return [as_shown(text) for text in _texts(table[column])]


def _rows(columns: Sequence[str], cells: Sequence[str]) -> list[dict[str, str]]:
    """Names and values as the page's Table shows them: in this order, ten rows high at most.

    It would sort one object by its names, and put what is beyond ten rows on further pages. Names of
    equal length keep their order in every database.
    """
    pairs = list(zip(columns, cells, strict=True))
    height = min(_ROWS, len(pairs))
    rows: list[dict[str, str]] = [{} for _ in range(height)]
    for number, (name, cell) in enumerate(pairs):
        beside = 2 * (number // height)
        rows[number % height] |= {f"c{beside:03}": name, f"c{beside + 1:03}": cell}
    return rows


def as_shown(text: str) -> str:
    """A text as it is sent, character for character as long.

    Label Studio shows CR LF as two line breaks, and PostgreSQL takes no NUL.
    """
    return text.replace("\r\n", " \n").replace("\0", "\ufffd")


def _texts(column: pa.ChunkedArray) -> list[str]:
    """Each value as people read it; empty where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_temporal(kind):  # Arrow would write all digits of a second
        return ["" if value is None else str(value) for value in column.to_pylist()]
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column)
    if pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or _is_text(kind):
        return [text or "" for text in column.cast(pa.string()).to_pylist()]
    return [_json(value) for value in column.to_pylist()]


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=lambda _: "…")


def _own(card: Card) -> dict[str, str]:
    hint = "\n".join(card.hints)
    return {UID: card.uid, BATCH: card.batch, NOTE: as_shown(card.note), HINT: as_shown(hint)}


def _png(value: str | Mapping[str, Any], root: Path) -> bytes:
    from PIL import Image

    pixels = load_image(value, root)
    if not isinstance(value, str):
        times = max(1, _VISIBLE // max(pixels.shape[:2]))
        pixels = pixels.repeat(times, axis=0).repeat(times, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _named(content: bytes, ending: str, kind: str) -> Picture:
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    return Picture(f"{digest}.{ending}", content, kind)
