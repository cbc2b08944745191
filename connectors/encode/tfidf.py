"""TF-IDF of words and characters, reduced by SVD: any language, no download.

Words and word pairs beside 2 to 5 characters within words (which carries languages whose words
inflect or are not set apart by spaces), each weighted by (1 + log tf) · idf, then the leading
singular vectors (latent semantic analysis, Deerwester et al. 1990) by a randomised SVD (Halko et
al. 2011).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labelwright.connectors.encode.inputs import input_columns, texts
from labelwright.loop.encoding import Kept
from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Encoder, Items, Progress

if TYPE_CHECKING:
    import numpy as np

_SAMPLE = 5_000
"""Items that the vocabulary and the directions are learned from; a larger pool is sampled."""

_WORDS, _CHARACTERS = 20_000, 40_000
"""The most frequent word and character n-grams that are kept."""

_LONGEST = 5_000
"""Characters of an item that are looked at."""

_BLOCK = 4096
_SVD_ROUNDS = 2
_EXTRA = 16


@gives()
def tfidf(dim: int = 256, *, context: Context) -> Encoder:
    """Word and character n-grams, weighted and reduced to `dim` numbers; needs no download."""
    if not 1 <= dim <= 4096:
        raise PluginError(f"tfidf: dim = {dim} is not a number of dimensions", "write 1 to 4096")
    columns = input_columns(context, "text", "tfidf")
    return Tfidf(columns, dim, context.seed, context.progress)


@dataclass(eq=False)
class Tfidf:
    """See the module. `dim_` is smaller than `dim` for pools of few items or few n-grams."""

    columns: tuple[str, ...]
    dim: int
    seed: int
    progress: Progress
    fitted: bool = field(default=True, init=False)

    @property
    def identity(self) -> str:
        """What the vectors depend on, beside the pool."""
        from sklearn import __version__

        return f"tfidf dim={self.dim} seed={self.seed} scikit-learn={__version__} of " + ",".join(
            self.columns
        )

    def fit(self, items: Items) -> None:
        """Learn vocabulary, weights and directions. Raises DataError where no item has text."""
        import numpy as np

        rows: np.ndarray = np.arange(len(items))
        if len(rows) > _SAMPLE:
            rows = np.sort(np.random.default_rng(self.seed).permutation(len(rows))[:_SAMPLE])
        sample = texts(items.take(rows), self.columns)
        if not any(text.strip() for text in sample):
            raise DataError(
                f"no item has any text in {', '.join(self.columns)}",
                "check `text` in the task's data block",
            )
        self.progress("learning the vocabulary", 0, 2)
        self._views = [v for v in _views() if _learned(v, sample)]
        if not self._views:
            raise DataError(
                f"the items' text in {', '.join(self.columns)} holds no word",
                "check `text` in the task's data block",
            )
        self.progress("learning the vocabulary", 1, 2)
        weights = self._weights(sample)
        self.dim_ = min(self.dim, *weights.shape)
        self._directions = _leading_directions(weights, self.dim_, self.seed)
        self.progress("learning the vocabulary", 2, 2)

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim_) float32 of unit length; zero for an item without a known n-gram."""
        import numpy as np

        vectors = np.zeros((len(items), self.dim_), dtype=np.float32)
        for start in range(0, len(items), _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, len(items)))
            block = self._weights(texts(items.take(rows), self.columns)) @ self._directions
            lengths = np.linalg.norm(block, axis=1, keepdims=True)
            vectors[rows] = block / np.where(lengths > 0, lengths, 1)
            self.progress("encoding", int(rows[-1]) + 1, len(items))
        return vectors

    def state(self) -> Kept:
        """Each view's n-grams (UTF-8, a line each, in the order of their columns) and idf; the directions."""
        arrays: dict[str, np.ndarray] = {"directions": self._directions}
        for view in self._views:
            name = _name(view)
            arrays[f"{name}.ngrams"] = _lines(view.get_feature_names_out())
            arrays[f"{name}.idf"] = view.idf_
        return Kept(arrays, {"views": [_name(view) for view in self._views]})

    def restore(self, kept: Kept) -> None:
        """Know what `fit` learned."""
        self._directions = kept.arrays["directions"]
        self.dim_ = int(self._directions.shape[1])
        self._views = []
        for view in _views():
            if (name := _name(view)) in kept.values["views"]:
                ngrams = kept.arrays[f"{name}.ngrams"].tobytes().decode().split("\n")
                view.set_params(vocabulary={ngram: i for i, ngram in enumerate(ngrams)})
                view.idf_ = kept.arrays[f"{name}.idf"]
                self._views.append(view)

    def _weights(self, documents: list[str]) -> Any:
        from scipy.sparse import hstack

        return hstack([view.transform(documents) for view in self._views], format="csr")


def _leading_directions(weights: Any, dim: int, seed: int) -> np.ndarray:
    """The leading right singular vectors of the sparse (n, p) `weights`: (p, dim) float32.

    Subspace iteration on the side of the items, of which there are fewer than n-grams, so that
    nothing of p rows is ever factored.
    """
    import numpy as np

    n = weights.shape[0]
    start = np.random.default_rng(seed).standard_normal((n, min(n, dim + _EXTRA)))
    basis = np.linalg.qr(start.astype(np.float32))[0]
    for _ in range(_SVD_ROUNDS):
        basis = np.linalg.qr(weights @ (weights.T @ basis))[0]
    directions = weights.T @ basis
    squares, turn = np.linalg.eigh((directions.T @ directions).astype(np.float64))
    squares, turn = squares[::-1][:dim], turn[:, ::-1][:, :dim]
    kept = squares > 1e-6 * squares[0]
    scale = np.where(kept, 1 / np.sqrt(np.where(kept, squares, 1)), 0)
    leading: np.ndarray = (directions @ (turn * scale)).astype(np.float32)
    return leading


def _views() -> list[Any]:
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    shared: dict[str, Any] = {"preprocessor": _fold, "sublinear_tf": True, "dtype": np.float32}
    word = re.compile(r"\b\w+\b").findall
    words = TfidfVectorizer(
        ngram_range=(1, 2), tokenizer=word, token_pattern=None, max_features=_WORDS, **shared
    )
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), max_features=_CHARACTERS, **shared
    )
    return [words, characters]


def _name(view: Any) -> str:
    return "words" if view.analyzer == "word" else "characters"


def _lines(ngrams: np.ndarray) -> np.ndarray:
    """(n,) uint8. No n-gram holds a line break: words have none, and both views part the text at spaces."""
    import numpy as np

    return np.frombuffer("\n".join(ngrams).encode(), dtype=np.uint8)


def _learned(view: Any, sample: list[str]) -> bool:
    """Fit on n-grams that occur twice; on all where none does. False where there is none at all."""
    for least in (2, 1):
        view.set_params(min_df=min(least, len(sample)))
        try:
            view.fit(sample)
        except ValueError:  # scikit-learn's word for an empty vocabulary
            continue
        return True
    return False


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text[:_LONGEST]).casefold()
