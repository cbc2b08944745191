"""A labelled data set as `audit` reads it: its items, its column of labels, what people answered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import DataError
from labelwright.loop.ports import Progress

if TYPE_CHECKING:
    from labelwright.dsl.task import Call, Task
    from labelwright.loop.items import Snapshot
    from labelwright.loop.ports import Context

MOST_CLASSES = 1_000
_LABELS = ("label", "class", "target", "category", "y")
_FORMS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl",
          ".npz": "npz"}  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What the user said. Empty: to be found out."""

    path: Path
    label: str | None = None
    text: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    id: str | None = None
    encoder: str | None = None
    seed: int = 0


def dataset_context(wish: Wish, progress: Progress) -> tuple[Context, str]:
    """A task that says what an item is, and the column of labels."""
    from labelwright.connectors.read.columns import require
    from labelwright.dsl.task import Data
    from labelwright.guess import guess_id, guess_inputs, twins
    from labelwright.loop.items import open_source
    from labelwright.loop.ports import Context
    from labelwright.project import cache_folder

    source_call, root = _source(wish.path)
    context = Context(
        task=_bare(Data(source=source_call, id=wish.id, text=wish.text)),
        data_root=root, cache=cache_folder(), seed=wish.seed, progress=progress,
    )  # fmt: skip
    source = open_source(context)
    names = tuple(source.schema().names)
    named = [c for c in (wish.id, wish.label, *wish.text, *wish.image, *wish.columns) if c]
    require(named, source.schema(), wish.path.name)
    label = wish.label or _label(source.roles.get("label"), names, wish.path)
    text, image, columns, id_ = wish.text, wish.image, wish.columns, wish.id
    head: list[dict[str, Any]] = []
    for batch in source.batches(names, lambda fault: None):
        head += batch.slice(0, 500 - len(head)).to_pylist()
        if len(head) >= 500:
            break
    if not head:
        raise DataError(f"{wish.path}: there are no rows", "name a file that holds items")
    if not (text or image or columns):
        if "image" in source.roles:
            image = (str(source.roles["image"]),)
        else:
            same = twins(head, names, label)
            text, image, columns = guess_inputs(head, names, {label, id_, *same})
    role = source.roles.get("id")
    id_ = id_ or (role if isinstance(role, str) else None)
    id_ = id_ or guess_id(head, names, {label, *text, *image})
    columns = tuple(c for c in columns if c not in (id_, label))
    if label in (*text, *image, *columns):
        raise DataError(
            f"{wish.path.name}: {label} is the label, and an input too",
            "name other columns with --text, --image or --columns",
        )
    data = Data(source=source_call, id=id_, text=text, image=image, columns=columns)
    return Context(
        task=_bare(data), data_root=root, cache=context.cache, seed=wish.seed, progress=progress
    ), label


def _source(path: Path) -> tuple[Call, Path]:
    from labelwright.dsl.task import Argument, Call

    if not path.exists():
        raise DataError(f"{path} is not there", "name a data file, or a folder of pictures")
    whole = path.resolve()
    if whole.is_dir():
        if (whole / "index.csv").is_file():
            return Call(name="csv", args=(Argument(value="index.csv"),)), whole
        return Call(name="images", args=(Argument(value=whole.name),)), whole.parent
    form = _FORMS.get(whole.suffix.casefold())
    if form is None:
        raise DataError(
            f"{path}: labels are audited in csv, parquet, jsonl and npz files, and in folders of pictures",
            "name such a file or folder",
        )
    return Call(name=form, args=(Argument(value=whole.name),)), whole.parent


def _bare(data: Any) -> Task:
    """What reading and encoding look at in a task."""
    from labelwright.dsl.task import (
        Annotators,
        Budget,
        Call,
        Class,
        Encoders,
        Holdout,
        Query,
        Task,
        Train,
    )  # fmt: skip

    return Task(
        name="audit", title="audit", classes=(Class(id="any", title="any"),), data=data,
        holdout=Holdout(size=0.2, annotations=1),
        annotators=Annotators(source=Call(name="label_studio")),
        budget=Budget(annotations=1), query=Query(phases=()),
        train=Train(encoder=Encoders(), finetune=Call(name="head")),
    )  # fmt: skip


def _label(role: object, names: Sequence[str], path: Path) -> str:
    if isinstance(role, str) and role in names:
        return role
    folded = {name.casefold(): name for name in names}
    for word in _LABELS:
        if word in folded:
            return folded[word]
    raise DataError(
        f"{path.name} has no column called label",
        f"say which holds the labels, with --label; its columns are {', '.join(names)}",
    )


def items_of(context: Context) -> tuple[Snapshot, int]:
    """All items, in memory, and how many rows were set aside."""
    import tempfile

    from labelwright.loop.items import Snapshot, ingest, open_source

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.arrow"
        inputs, faults = ingest(context, open_source(context), path)
        return Snapshot.in_memory(path, inputs), len(faults)


def labels_of(context: Context, label: str) -> dict[str, str | None]:
    """By item, its label as text; None where it has none."""
    from labelwright.loop.items import read_column
    from labelwright.loop.matching import is_missing

    found: dict[str, str | None] = {}
    for identity, value in read_column(context, label).items():
        if isinstance(value, (list, tuple, dict, bytes)):
            raise DataError(
                f"{label} holds {type(value).__name__}s: labels of one class an item are audited",
                "name a column with one class in a cell; for several an item use a task with constraints",
            )
        found[identity] = None if is_missing(value) else _as_text(value)
    return found


def _as_text(value: object) -> str:
    if isinstance(value, float) and value == int(value) and math.isfinite(value):
        return str(int(value))
    return str(value).strip()


def classes_of(
    values: Sequence[str | None], label: str, path: Path
) -> tuple[tuple[str, ...], list[str]]:
    """The classes in order, and each item's. Raises DataError where it is plainly no column of classes."""
    told = [value for value in values if value is not None]
    if not told:
        raise DataError(f"{path.name}: {label} is empty in every row", "name another column")
    names = tuple(sorted(set(told)))
    if len(names) > MOST_CLASSES or (len(told) >= 20 and len(names) > 0.5 * len(told)):
        raise DataError(
            f"{path.name}: {label} looks like free text or an id: "
            f"{len(names):,} different values in {len(told):,} rows",
            "name the column that holds the class of each item",
        )
    return names, told


def read_answers(path: Path) -> dict[str, str]:
    """The labels in a file with columns id and label, by id. Raises DataError where there are none."""
    from labelwright.dsl.task import Data
    from labelwright.loop.items import open_source
    from labelwright.loop.matching import is_missing
    from labelwright.loop.ports import Context
    from labelwright.project import cache_folder

    call, root = _source(path)
    source = open_source(
        Context(task=_bare(Data(source=call)), data_root=root, cache=cache_folder())
    )
    missing = {"id", "label"} - set(source.schema().names)
    if missing:
        raise DataError(
            f"{path} has no column {' and no column '.join(sorted(missing))}",
            "write each item's id and the label that a person gave it; leave the others empty",
        )
    found: dict[str, str] = {}
    for batch in source.batches(("id", "label"), lambda fault: None):
        for row in batch.to_pylist():
            if not is_missing(row["label"]) and not is_missing(row["id"]):
                found[str(row["id"])] = _as_text(row["label"])
    if not found:
        raise DataError(f"{path} holds no label", "fill in the column label, and try again")
    return found
