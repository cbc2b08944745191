"""Static token embeddings: a text as the mean of its tokens' vectors, which no network has to compute.

The vectors are distilled from a sentence encoder once (see `token_table.py`); encoding then is tokenising
and one product of sparse counts with them, a hundred times as fast as the encoder itself. Word order is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.encode.inputs import input_columns, texts
from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Encoder, Items, Progress

if TYPE_CHECKING:
    import numpy as np

    from labelwright.connectors.encode.sentence_transformers import SentenceEncoder
    from labelwright.connectors.encode.token_table import TokenTable

_CHARACTERS = 20_000
"""Of each text."""

_BLOCK = 4_096


@gives()
def static(teacher: str = "minilm", dim: int = 256, *, context: Context) -> Encoder:
    """Means of token vectors distilled from a sentence encoder: minilm, a folder, a name on the hub."""
    if not 1 <= dim <= 4096:
        raise PluginError(f"static: dim = {dim} is not a number of dimensions", "write 1 to 4096")
    columns = input_columns(context, "text", "static")
    return Static(columns, _teacher(teacher, context), dim, context.cache, context.progress)


def _teacher(name: str, context: Context) -> SentenceEncoder:
    from labelwright.connectors.encode.minilm import minilm
    from labelwright.connectors.encode.pretrained import pretrained

    made: Any = minilm(context=context) if name == "minilm" else pretrained(name, context=context)
    return made  # type: ignore[no-any-return]


@dataclass(eq=False)
class Static:
    """See the module. The teacher is loaded only while it is distilled."""

    columns: tuple[str, ...]
    teacher: SentenceEncoder
    dim: int
    cache: Path
    progress: Progress
    fitted: bool = field(default=False, init=False)

    @property
    def identity(self) -> str:
        """Teacher with the hash of its files, size, weighting, columns."""
        from labelwright.connectors.encode.token_table import RARITY

        made = f"static dim={self.dim} rarity={RARITY} by {self.teacher.model_identity}"
        return f"{made} of " + ",".join(self.columns)

    def fit(self, items: Items) -> None:
        """Nothing: the vectors of tokens do not depend on the pool."""

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32 of unit length; zero for a text without a known token."""
        return self.encode_texts(texts(items, self.columns))

    def encode_texts(self, documents: Sequence[str]) -> np.ndarray:
        """(n_texts, dim) float32: the same for texts that are no items."""
        import numpy as np

        table = self._table.vectors
        vectors = np.zeros((len(documents), table.shape[1]), dtype=np.float32)
        for start in range(0, len(documents), _BLOCK):
            part = [text[:_CHARACTERS] for text in documents[start : start + _BLOCK]]
            read = [
                each.ids
                for each in self._tokenizer.encode_batch_fast(part, add_special_tokens=False)
            ]
            vectors[start : start + len(part)] = means(read, table)
        return vectors

    @cached_property
    def _table(self) -> TokenTable:
        from labelwright.connectors.encode.token_table import TokenTable

        return TokenTable.of(self.teacher, self.dim, self.cache, self.progress)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        made = Tokenizer.from_str(self._table.tokenizer)
        made.no_truncation()
        made.no_padding()
        return made


def means(ids: Sequence[Sequence[int]], table: np.ndarray) -> np.ndarray:
    """(n_texts, dim) the sum of the table's rows of each text, brought to unit length; zero for none."""
    import numpy as np
    from scipy.sparse import csr_array

    ends = np.cumsum([0, *map(len, ids)])
    flat = np.fromiter((i for each in ids for i in each), dtype=np.int32, count=int(ends[-1]))
    counts = csr_array(
        (np.ones(len(flat), dtype=np.float32), flat, ends), shape=(len(ids), len(table))
    )
    sums = counts @ table
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(lengths > 0, lengths, 1), dtype=np.float32)
