"""Predictions as csv, jsonl, JSON or parquet, written while they are made."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from labelwright.exporting import ExportError, cell, replacing

if TYPE_CHECKING:
    from labelwright.model.answers import Prediction
    from labelwright.model.manifest import Manifest

FORMATS = ("csv", "jsonl", "json", "parquet")
_OF_CLASS = "probability."
"""Begins the name of a class's own column."""


def format_of(path: Path | None, asked: str | None) -> str:
    """The form that was asked for, else the one that the file's ending names, else csv."""
    if asked is not None:
        if asked not in FORMATS:
            raise ExportError(
                f"predictions are not written as {asked}", f"choose one of {', '.join(FORMATS)}"
            )
        if asked == "parquet" and path is None:
            raise ExportError("parquet is nothing to print", "name a file with --out FILE.parquet")
        return asked
    if path is None:
        return "csv"
    ending = path.suffix.casefold().removeprefix(".")
    if ending not in FORMATS:
        raise ExportError(
            f"{path.name}: its ending names no form",
            f"end it with .{', .'.join(FORMATS)}, or use --format",
        )
    return ending


def write(
    found: Iterable[list[Prediction]], manifest: Manifest, out: BinaryIO, form: str, *, every: bool
) -> None:
    """Batch after batch to `out`. every: with the probability of each class."""
    writers: dict[str, Callable[..., None]] = {
        "csv": _csv, "jsonl": _jsonl, "json": _json, "parquet": _parquet,
    }  # fmt: skip
    writers[form](found, manifest, out, every)


@contextmanager
def opened(path: Path | None, stdout: BinaryIO) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all; standard output without a path."""
    if path is None:
        yield stdout
        stdout.flush()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        yield file


def record(prediction: Prediction, manifest: Manifest, every: bool) -> dict[str, Any]:
    """A prediction as JSON has it."""
    label = prediction.label
    made: dict[str, Any] = {
        "id": prediction.item,
        "label": list(label) if isinstance(label, tuple) else label,
        "probability": prediction.probability,
    }
    if every:
        made["probabilities"] = {
            c.id: p for c, p in zip(manifest.classes, prediction.probabilities, strict=True)
        }
    return made


def _csv(found: Iterable[list[Prediction]], manifest: Manifest, out: BinaryIO, every: bool) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    names = [_OF_CLASS + c.id for c in manifest.classes] if every else []
    writer.writerow(["id", "label", "probability", *map(cell, names)])
    for batch in found:
        for each in batch:
            more = each.probabilities if every else ()
            writer.writerow([cell(each.item), cell(_joined(each)), _shown(each.probability), *more])
    text.detach()


def _joined(prediction: Prediction) -> Any:
    """Several classes in one cell, by `; `; spans as JSON."""
    label = prediction.label
    if isinstance(label, str) or any(not isinstance(part, str) for part in label):
        return label
    return "; ".join(str(part) for part in label)


def _shown(probability: float | None) -> Any:
    return "" if probability is None else probability


def _jsonl(
    found: Iterable[list[Prediction]], manifest: Manifest, out: BinaryIO, every: bool
) -> None:
    for batch in found:
        for each in batch:
            line = json.dumps(record(each, manifest, every), ensure_ascii=False)
            out.write(line.encode() + b"\n")
        out.flush()


def _json(
    found: Iterable[list[Prediction]], manifest: Manifest, out: BinaryIO, every: bool
) -> None:
    made = [record(each, manifest, every) for batch in found for each in batch]
    out.write(json.dumps(made, ensure_ascii=False, indent=2).encode() + b"\n")


def _parquet(
    found: Iterable[list[Prediction]], manifest: Manifest, out: BinaryIO, every: bool
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([
        ("id", pa.string()), ("label", _label_type(manifest)), ("probability", pa.float64()),
        *((_OF_CLASS + c.id, pa.float64()) for c in manifest.classes if every),
    ])  # fmt: skip
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in found:
            told = [record(each, manifest, every=False) for each in batch]
            for row, each in zip(told, batch, strict=True):
                row |= {
                    _OF_CLASS + c.id: p
                    for c, p in zip(manifest.classes, each.probabilities, strict=True)
                    if every
                }
            writer.write_table(pa.Table.from_pylist(told, schema=schema))


def _label_type(manifest: Manifest) -> Any:
    import pyarrow as pa

    if manifest.kind == "spans":
        parts = [("start", pa.int64()), ("end", pa.int64()), ("label", pa.string()),
                 ("text", pa.string()), ("probability", pa.float64())]  # fmt: skip
        return pa.list_(pa.struct(parts))
    return pa.string() if manifest.choose == "one" else pa.list_(pa.string())
