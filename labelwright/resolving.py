"""Annotations made elsewhere, resolved: read from a file, made into labels, written to one.

`read` turns a file into votes, `resolve` votes into labels, `write` labels into a file; nothing here
knows a task. Works on columns, not on rows: a million annotations are a moderate number.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labelwright.exporting import ExportError, cell, replacing
from labelwright.loop.errors import DataError
from labelwright.loop.people.votes import Votes
from labelwright.loop.ports import Progress
from labelwright.resolving_file import Columns, column_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

METHODS = ("crowdlab", "majority", "dawid_skene", "glad", "mace")
DOUBT = 2 / 3
"""A label less probable than this goes to an expert."""

_MOST_FAULTS = 0.05  # of the rows


@dataclass(frozen=True)
class Annotations:
    """A file's annotations. faults: by kind, how many rows were set aside, and the first of them (1-based).

    replaced: earlier answers of people who answered an item again.
    """

    votes: Votes
    items: tuple[str, ...]
    people: tuple[str, ...]
    classes: tuple[str, ...]
    rows: int
    faults: dict[str, tuple[int, int]]
    replaced: int


@dataclass(frozen=True)
class Labelled:
    """What the annotations come to, item by item.

    labels (n_items,) class indices; probability (n_items,) of each; agreement (n_items,) share of its people
    who said it; doubtful (n_items,) whether an expert should decide. people: the model of people that
    `crowdlab` chose, weight: how much it listened to the texts' model; empty and 0 elsewhere.
    """

    method: str
    labels: np.ndarray
    probability: np.ndarray
    agreement: np.ndarray
    doubtful: np.ndarray
    people: str
    weight: float
    seconds: float


def read(path: Path, columns: Columns) -> Annotations:
    """The annotations of a csv or parquet file, in the order of names.

    Raises DataError naming file, row and column: it cannot be read, lacks a column, or more than 5% of its
    rows lack a cell.
    """
    table = table_of(path, columns)
    cells = {what: column_of(table, path, what, columns) for what in ("id", "annotator", "label")}
    kept, faults = _whole(cells, columns)
    lost = int((~kept).sum())
    if lost > _MOST_FAULTS * len(kept):
        which, (n, first) = max(faults.items(), key=lambda f: f[1][0])
        raise DataError(
            f"{path}, row {first}: {which}; {n:,} of {len(kept):,} rows are so",
            "fill the cells, or take these rows out: more than 5% cannot be set aside",
        )
    if not kept.any():
        raise DataError(f"{path} holds no annotation", "one annotation a row: id, annotator, label")
    (i, items), (p, people), (c, classes) = (_numbered(cells[w], kept) for w in cells)
    last = _last(i, p, len(people))
    votes = Votes(i[last], p[last], c[last], len(items), len(people), len(classes))
    return Annotations(votes, items, people, classes, len(kept), faults, int(len(i) - len(last)))


def resolve(
    found: Annotations,
    method: str,
    predicted: np.ndarray | None,
    progress: Progress,
) -> Labelled:
    """Labels by one of METHODS. predicted: (n_items, n_classes) by models that did not see the item."""
    from labelwright.loop.people import crowdlab, dawid_skene, glad, mace
    from labelwright.loop.people.answers import labels_of

    votes, began = found.votes, time.monotonic()
    people, weight = "", 0.0

    def told(what: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(what, done, total)

    if method == "crowdlab":
        made = crowdlab.weigh(votes, predicted, None, told("weighing people"))
        probs, people, weight = made.probs, made.people, made.weight
        labels = crowdlab.decide(votes, probs)
    else:
        probs = {
            "majority": lambda: votes.shares,
            "dawid_skene": lambda: dawid_skene.fit(votes).probs,
            "glad": lambda: glad.fit(votes, told("learning of people and items")).probs,
            "mace": lambda: mace.fit(votes, told("learning of people")).probs,
        }[method]()
        labels = labels_of(votes, probs)
    at = np.arange(len(labels))
    probability, agreement = probs[at, labels], votes.shares[at, labels]
    return Labelled(
        method=method,
        labels=labels,
        probability=probability,
        agreement=agreement,
        doubtful=probability < DOUBT - 1e-9,
        people=people,
        weight=weight,
        seconds=time.monotonic() - began,
    )


def result_table(found: Annotations, made: Labelled) -> pa.Table:
    """One row an item: id, label, probability, agreement, annotators, needs_adjudication."""
    import pyarrow as pa

    classes = pa.array(list(found.classes))
    return pa.table(
        {
            "id": pa.array(list(found.items)),
            "label": classes.take(pa.array(made.labels)),
            "probability": made.probability,
            "agreement": made.agreement,
            "annotators": found.votes.per_item,
            "needs_adjudication": made.doubtful,
        }
    )


def write(found: Annotations, made: Labelled, out: Path) -> None:
    """The result as csv or parquet, by the ending; whole or not at all. Formulas in a csv are quoted."""
    form = out.suffix.casefold()
    if form not in (".csv", ".parquet"):
        raise ExportError(f"{out.name}: its ending names no form", "end it with .csv or .parquet")
    if form == ".csv":
        found = replace(
            found, items=tuple(map(cell, found.items)), classes=tuple(map(cell, found.classes))
        )
    table = result_table(found, made)
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as file:
        if form == ".csv":
            import pyarrow.csv

            pyarrow.csv.write_csv(table, file)
        else:
            import pyarrow.parquet

            pyarrow.parquet.write_table(table, file)


def _whole(
    cells: dict[str, pa.ChunkedArray], columns: Columns
) -> tuple[np.ndarray, dict[str, tuple[int, int]]]:
    """(n,) whether a row lacks nothing; and what the others lack."""
    import pyarrow.compute as pc

    kept: np.ndarray | None = None
    faults = {}
    for what, column in cells.items():
        text = pc.utf8_trim_whitespace(column)
        there = np.asarray(pc.fill_null(pc.not_equal(text, ""), False).to_numpy())
        missing = np.flatnonzero(~there)
        if len(missing):
            name = getattr(columns, what)
            faults[f"its column {name} is empty"] = (len(missing), int(missing[0]) + 1)
        kept = there if kept is None else kept & there
    assert kept is not None
    return kept, faults


def _numbered(column: pa.ChunkedArray, kept: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """(n_kept,) each cell's place among the sorted names, and these."""
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = pc.utf8_trim_whitespace(column.filter(pa.array(kept))).combine_chunks()
    coded = coded.dictionary_encode()
    names = coded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    return rank[coded.indices.to_numpy()], tuple(names[i] for i in order)


def _last(items: np.ndarray, people: np.ndarray, n_people: int) -> np.ndarray:
    """Positions of the last answer of each person to each item, by item and person."""
    pair = items * n_people + people
    _, from_end = np.unique(pair[::-1], return_index=True)
    return np.asarray(len(pair) - 1 - from_end)
