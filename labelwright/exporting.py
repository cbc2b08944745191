"""What leaves for other programs: the curve and the status as JSON, the labelled data as a file.

Nothing here holds wall time: the same campaign gives the same bytes.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from labelwright.loop import disk
from labelwright.loop.alarms import alarms
from labelwright.loop.errors import LabelwrightError
from labelwright.loop.history import Campaign, Estimate, Measurement, Record, RoundRecord
from labelwright.loop.shift.words import sentence
from labelwright.summary import bill, last_round, nothing_learned, outcome, verdicts

if TYPE_CHECKING:
    from labelwright.dsl.task import Task

Format = Literal["parquet", "jsonl", "csv"]
FORMATS: tuple[Format, ...] = ("parquet", "jsonl", "csv")
_DIGITS = 6  # of a figure in JSON
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ExportError(LabelwrightError):
    """A file that cannot be written, or a format that is not known."""


# --- JSON -------------------------------------------------------------------------------------


def curve_json(campaign: Campaign) -> dict[str, Any]:
    """`{"rounds": [{"round", "annotations", …}]}`, figures rounded to six digits.

    `annotations` counts those spent on training so far, `holdout_annotations` the others; rounds of
    another `definition` measured other classes.
    """
    return {
        "rounds": [_round(record) for record in campaign.rounds],
        "forecast": _record(campaign.forecast),
    }


def status_json(task: Task, campaign: Campaign) -> dict[str, Any]:
    """Verdict, bill, people and decision; figures that are not known are null."""
    last = last_round(campaign)
    spent = bill(task, campaign)
    return {
        "task": campaign.task,
        "title": campaign.title,
        "definition": campaign.definition,
        "seed": campaign.seed,
        "rehearsal": campaign.rehearsal,
        "decision": campaign.decision,
        "reason": campaign.reason,
        "outcome": outcome(task, campaign),
        "round": last.round if last else None,
        "criteria": [
            {
                "criterion": v.criterion,
                "status": v.status,
                "estimate": _figure(v.estimate),
                "bound": _figure(v.bound),
                "target": _figure(v.target),
                "labels": v.n,
                "note": v.note,
                "level": _figure(v.level),
                "more": v.more,
                "more_than": v.more_than,
            }
            for v in verdicts(task, campaign)
        ],
        "accuracy": _estimate(last.measurement.accuracy) if last else None,
        **(_averages(last.measurement) if last else {}),
        "look": _look(last.measurement) if last else None,
        "ceiling": _estimate(last.measurement.ceiling)
        if last and last.measurement.ceiling
        else None,
        "true_accuracy": _figure(last.measurement.true_accuracy) if last else None,
        "nothing_learned": nothing_learned(task, last.measurement) if last else None,
        "spent": {
            "annotations": spent.training,
            "holdout_annotations": spent.holdout,
            "gold_annotations": spent.gold,
            "audit_annotations": spent.audit,
            "adjudications": spent.adjudicated,
            "of": spent.limit,
            "money": _figure(spent.money),
            "currency": spent.currency,
            "hours": _figure(spent.hours),
        },
        "annotators": [
            {
                "annotator": a.annotator,
                "annotations": a.annotations,
                "agreement": _figure(a.agreement),
                "seconds": _figure(a.seconds),
            }
            for a in campaign.annotators
        ],
        "flagged": [
            {"item": f.item, "annotator": f.annotator, "why": list(f.why)} for f in campaign.flagged
        ],
        "awaited": campaign.awaited.model_dump() if campaign.awaited else None,
        "paused": [_record(person) for person in campaign.paused],
        "in_doubt": campaign.in_doubt,
        "anchoring": campaign.anchoring.model_dump() if campaign.anchoring else None,
        "forecast": _record(campaign.forecast),
        "worth": [_record(each) for each in campaign.worth],
        "stopping": [_record(each) for each in campaign.stopping],
        "helps": _record(campaign.helps),
        "choosing": last.choosing.model_dump(mode="json") if last and last.choosing else None,
        "warnings": [
            {"round": record.round, "warning": told}
            for record in campaign.rounds
            for told in alarms(record)
        ],
        "rules": campaign.rules.model_dump(mode="json") if campaign.rules else None,
        "shift": [
            {
                "about": each.about,
                "differs": each.differs,
                "alarm": each.alarm,
                "told": sentence(each),
            }
            for each in campaign.distribution.comparisons
        ],
        "items": {
            "all": campaign.items,
            "pool": campaign.pool,
            "holdout": campaign.holdout,
            "set_aside": dict(sorted(campaign.set_aside.items())),
        },
    }


def _round(record: RoundRecord) -> dict[str, Any]:
    now = record.measurement
    return {
        "round": record.round,
        "annotations": record.annotations,
        "holdout_annotations": record.holdout_annotations,
        "labels": record.labels,
        "accuracy": _estimate(now.accuracy),
        **_averages(now),
        "true_accuracy": _figure(now.true_accuracy),
        "gold_annotations": record.gold_annotations,
        "audit_annotations": record.audit_annotations,
        "adjudications": record.adjudications,
        "macro_f1": _estimate(now.macro_f1),
        "ece": _estimate(now.ece),
        "alpha": _estimate(now.alpha),
        "holdout_labels": now.holdout_labels,
        "definition": record.definition,
        "asked": record.asked,
        "second_opinions": record.second_opinions,
        "rechecks": record.rechecks,
        "unusable": record.unusable,
        "phase": record.phase,
        "strategy": record.strategy,
        "holdout_stage": record.holdout_stage.model_dump() if record.holdout_stage else None,
        "pseudo_labels": record.pseudo_labels,
        "gate": record.gate,
        "verdicts": [v.status for v in now.verdicts],
    }


def _averages(now: Measurement) -> dict[str, Any]:
    """Micro averages where answers are several; "accuracy" is the exact match then."""
    names = ("micro_f1", "micro_precision", "micro_recall")
    return {name: _estimate(value) for name in names if (value := getattr(now, name)) is not None}


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {
        "estimate": _figure(estimate.estimate),
        "low": _figure(estimate.low),
        "high": _figure(estimate.high),
        "low_every": _figure(estimate.low_every),
        "high_every": _figure(estimate.high_every),
    }


def _look(now: Measurement) -> dict[str, int] | None:
    """Which look at the holdout it was: `low_every` and `high_every` hold at all of them at once."""
    return None if now.look is None else {"number": now.look.number, "planned": now.look.planned}


def _record(record: Record | None) -> Any:
    """A record as JSON has it, figures rounded."""
    return None if record is None else _rounded(record.model_dump(mode="json"))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return _figure(value) if isinstance(value, float) else value


def _figure(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


# --- the labelled data ------------------------------------------------------------------------


Label = str | tuple[str, ...] | tuple[dict[str, Any], ...]
"""A class id; with `choose = many` several; of spans `{start, end, label, text}` each, in code points."""


@dataclass(frozen=True)
class LabelledRow:
    """One item with its label, and where that label comes from."""

    item: str
    label: Label
    probability: float | None  # the model's, or the share of the people; None where not known
    source: Literal["people", "existing", "pseudo"]
    annotators: tuple[str, ...]  # who judged it
    annotations: int  # how many judgements it rests on
    round: int | None  # in which it was asked; None where it was not
    definition: str  # hash of the task definition that it was given under
    split: Literal["pool", "holdout"]
    fields: Mapping[str, Any] = field(default_factory=dict)  # the item's own, by column name


PROVENANCE = (
    "item",
    "label",
    "probability",
    "source",
    "annotators",
    "annotations",
    "round",
    "definition",
    "split",
)


def export_dataset(rows: Sequence[LabelledRow], path: Path, format: str) -> None:
    """Write `rows` to `path`: provenance columns first, then the items' own fields.

    A field named like a provenance column gets `item_` before its name. In csv, annotators are
    joined by `; ` and a text that a spreadsheet would take for a formula gets an apostrophe before
    it. In csv and jsonl, bytes are base64 and in csv lists and structs are JSON. The file appears
    whole or not at all. Raises ExportError.
    """
    writers: dict[str, Callable[[Sequence[LabelledRow], dict[str, str], BinaryIO], None]] = {
        "parquet": _parquet,
        "jsonl": _jsonl,
        "csv": _csv,
    }
    writer = writers.get(format)
    if writer is None:
        raise ExportError(
            f"{path.name}: no data set is written as `{format}`",
            f"choose one of {', '.join(FORMATS)}",
        )
    with replacing(path) as file:
        writer(rows, _field_names(rows), file)


def write_table(rows: Sequence[Mapping[str, Any]], path: Path, format: str) -> None:
    """Write plain rows, all of the same fields, as parquet, jsonl or csv; as `export_dataset` does."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with replacing(path) as file:
        if format == "parquet":
            pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), file)
        elif format == "jsonl":
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n")
        else:
            text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
            writer = csv.writer(text)
            writer.writerow(rows[0] if rows else ())
            writer.writerows([cell(value) for value in row.values()] for row in rows)
            text.detach()


def format_of(path: Path) -> Format:
    """The format that a file's name asks for. Raises ExportError."""
    for known in FORMATS:
        if path.suffix.lower() == f".{known}":
            return known
    raise ExportError(
        f"{path.name}: its ending names no format", f"end it with .{', .'.join(FORMATS)}"
    )


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once it is whole and on disk, or never.

    Raises ExportError where the folder or the disk refuses.
    """
    try:
        with disk.replacing(path) as file:
            yield file
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(
            f"{path} cannot be written: {reason}", "name another place, or make room there"
        ) from error


def _field_names(rows: Sequence[LabelledRow]) -> dict[str, str]:
    """Field -> its column, in order of appearance; no column hides another."""
    fields = list(dict.fromkeys(name for row in rows for name in row.fields))
    taken = set(PROVENANCE) | set(fields)
    columns = {}
    for name in fields:
        column = name
        while column in PROVENANCE or (column != name and column in taken):
            column = f"item_{column}"
        taken.add(column)
        columns[name] = column
    return columns


def _provenance(row: LabelledRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in PROVENANCE}


def _parquet(rows: Sequence[LabelledRow], columns: dict[str, str], file: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "item": pa.string(),
        "label": _label_type(rows),
        "probability": pa.float64(),
        "source": pa.string(),
        "annotators": pa.list_(pa.string()),
        "annotations": pa.int64(),
        "round": pa.int64(),
        "definition": pa.string(),
        "split": pa.string(),
    }
    arrays = {
        name: pa.array([_listed(getattr(row, name)) for row in rows], type=kind)
        for name, kind in types.items()
    }
    for name, column in columns.items():
        values = [row.fields.get(name) for row in rows]
        try:
            arrays[column] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ExportError(
                f"field {name} mixes kinds of values: {error}", "export as jsonl instead"
            ) from error
    pq.write_table(pa.table(arrays), file, compression="zstd")


def _label_type(rows: Sequence[LabelledRow]) -> Any:
    """One class is text, several are a list; spans a list of structs, known by the first that is there."""
    import pyarrow as pa

    if all(isinstance(row.label, str) for row in rows):
        return pa.string()
    if not any(isinstance(part, dict) for row in rows for part in row.label):
        return pa.list_(pa.string())
    parts = {"start": pa.int64(), "end": pa.int64(), "label": pa.string(), "text": pa.string()}
    return pa.list_(pa.struct(parts))


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _jsonl(rows: Sequence[LabelledRow], columns: dict[str, str], file: BinaryIO) -> None:
    for row in rows:
        record = _provenance(row)
        record |= {column: row.fields.get(name) for name, column in columns.items()}
        line = json.dumps(record, ensure_ascii=False, default=_plain)
        file.write(line.encode("utf-8") + b"\n")


def _csv(rows: Sequence[LabelledRow], columns: dict[str, str], file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(cell(name) for name in (*PROVENANCE, *columns.values()))
    for row in rows:
        record = _provenance(row) | {"annotators": "; ".join(row.annotators)}
        writer.writerow(
            [cell(v) for v in record.values()] + [cell(row.fields.get(n)) for n in columns]
        )
    text.detach()


def cell(value: Any) -> Any:
    """A value as a csv cell; only texts can be formulas, a number such as -5 stays a number."""
    if isinstance(value, (dict, list, tuple)):
        value = json.dumps(value, ensure_ascii=False, default=_plain)
    elif isinstance(value, (bytes, date)):
        value = _plain(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def _plain(value: Any) -> str:
    """What JSON has no word for: bytes as base64, days and times in ISO 8601."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise ExportError(f"a value of type {type(value).__name__} has no form as text", "leave it out")
