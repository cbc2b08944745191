"""What a project writes for others: the report and the labelled data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from labelwright.connectors.pictures import load_image, png_data
from labelwright.exporting import Label, LabelledRow, export_dataset, format_of, replacing
from labelwright.loop.campaign import campaign, records
from labelwright.loop.errors import StoreError
from labelwright.loop.labels import Labels
from labelwright.report.page import render_report
from labelwright.report.shown import ShownItem, shown_ids

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.history import Campaign
    from labelwright.loop.items import Snapshot
    from labelwright.loop.ports import Span
    from labelwright.loop.workbench import Workbench

PIXELATED = 64  # a picture with no longer side is enlarged without smoothing


def write_report(bench: Workbench, path: Path) -> Path:
    """The campaign as one offline HTML file."""
    from labelwright import __version__

    told = campaign(bench, __version__, doubts=True, agreement=True)
    page = render_report(bench.task, told, _shown(bench, told))
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(page.encode())
    return path


def _shown(bench: Workbench, told: Campaign) -> dict[str, ShownItem]:
    pictured = {
        sample.value: ShownItem(sample.value, (), _png(bench, sample.value))
        for c in bench.task.classes
        for sample in (*c.examples, *c.counterexamples)
        if sample.kind == "image"
    }
    if not told.rounds:
        return pictured
    items = bench.items(told.rounds[-1].round)
    rows = items.rows_of(shown_ids(told))
    chosen = items.take(rows[rows >= 0])
    return pictured | {item.id: item for item in shown_items(bench, chosen)}


def divided_texts(bench: Workbench, told: Campaign) -> dict[str, str]:
    """By id, what people read of the items that divide them; of spans the text that is marked."""
    from labelwright.loop.tagging import texts_of

    if not told.rounds or told.people is None:
        return {}
    ids = list(dict.fromkeys(i.item for p in told.people.confused for i in p.items))
    items = bench.items(told.rounds[-1].round)
    rows = items.rows_of(ids)
    there = items.take(rows[rows >= 0])
    if bench.task.kind == "spans":
        return dict(zip(there.ids, texts_of(there), strict=True))
    names = (*there.inputs.text, *there.inputs.columns)
    return {
        i: " · ".join(str(row[n]) for n in names if row[n] is not None)
        for i, row in zip(there.ids, there.columns(names).to_pylist(), strict=True)
    }


def shown_items(bench: Workbench, items: Snapshot) -> list[ShownItem]:
    """Items as people see them: inputs and what is shown beside them, the first picture as PNG."""
    task = bench.task
    inputs = items.inputs
    texts = tuple(dict.fromkeys((*inputs.text, *inputs.columns, *task.data.show)))
    table = items.columns((*texts, *inputs.image[:1])).to_pylist()
    shown = []
    for identity, row in zip(items.ids, table, strict=True):
        picture, pixelated = None, False
        if inputs.image and row[inputs.image[0]] is not None:
            value = row[inputs.image[0]]
            picture = _png(bench, value)
            pixelated = max(load_image(value, bench.context.data_root).shape[:2]) <= PIXELATED
        fields = tuple((name, str(row[name])) for name in texts if row[name] is not None)
        shown.append(ShownItem(identity, fields, picture, pixelated))
    return shown


def _png(bench: Workbench, value: Any) -> bytes:
    return png_data(value, bench.context.data_root)


def write_dataset(bench: Workbench, path: Path, format: str | None) -> Path:
    """Every labelled item with where its label comes from; pseudo-labels are marked as such."""
    done = records(bench.store)
    if not done:
        raise StoreError("no round is finished yet: there is nothing to export", "run it first")
    last = done[-1].round
    rows = [
        row
        for part, labels in zip(("pool", "holdout"), _labels(bench, last), strict=True)
        for row in _people(bench, last, labels, part)  # type: ignore[arg-type]
    ]
    rows += _pseudo(bench, last)
    path.parent.mkdir(parents=True, exist_ok=True)
    export_dataset(rows, path, format or format_of(path))
    return path


def _labels(bench: Workbench, round_: int) -> tuple[Labels, Labels]:
    return bench.labels(round_, bench.needed(round_, "collect")["watermark"])


def _people(
    bench: Workbench, last: int, labels: Labels, split: Literal["pool", "holdout"]
) -> list[LabelledRow]:
    items = bench.items(last).take(labels.rows)
    asked = {c.item: c.round for c in bench.store.choices()}
    given = {e.item: e.definition for e in bench.events()}
    return [
        LabelledRow(
            item=identity,
            label=_label(bench.task, labels.answers[i], labels.spans[i]),
            probability=float(labels.agreement[i]),
            source="existing" if labels.sources[i] == "existing" else "people",
            annotators=labels.annotators[i],
            annotations=len(labels.annotators[i]),
            round=asked.get(identity),
            definition=given[identity],
            split=split,
            fields=fields,
        )
        for i, (identity, fields) in enumerate(zip(items.ids, _fields(items), strict=True))
    ]


def _label(task: Task, answer: tuple[str, ...], spans: tuple[Span, ...]) -> Label:
    if task.kind == "spans":
        return tuple(
            {"start": s.start, "end": s.end, "label": label, "text": s.text}
            for label, s in zip(answer, spans, strict=True)
        )
    return answer if task.choose == "many" else answer[0]


def _pseudo(bench: Workbench, last: int) -> list[LabelledRow]:
    rows, classes = bench.pseudo_labels(last)
    if not len(rows):
        return []
    items = bench.items(last).take(rows)
    probs = bench.final(last).predict_proba(bench.seen(last, rows))
    return [
        LabelledRow(
            item=identity,
            label=bench.task.labels[c].id,
            probability=float(probs[i, c]),
            source="pseudo",
            annotators=(),
            annotations=0,
            round=last,
            definition=bench.definition,
            split="pool",
            fields=fields,
        )
        for i, (identity, fields, c) in enumerate(
            zip(items.ids, _fields(items), classes, strict=True)
        )
    ]


def _fields(items: Snapshot) -> Sequence[dict[str, Any]]:
    names = [n for n in items.table.column_names if not n.startswith("lw_")]
    found: Sequence[dict[str, Any]] = items.columns(names).to_pylist()
    return found
