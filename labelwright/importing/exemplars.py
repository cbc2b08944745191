"""Items that show what a class is: typical ones of it, and ones of other classes that look like it.

Items are compared by TF-IDF over words and character n-grams, so that any script works. A typical
item is much nearer to the mean of its own class than to any other. A confusable one is of another
class and close to this one, but nearer to its own: one that is not may well be labelled wrongly.
Nothing is made up: whatever is shown stands in the data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.dsl.naming import one_line

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

SHORTEST, LONGEST = 8, 160  # characters that read well as an example
_ALIKE = 0.5  # cosine above which a second example would show nothing new
_WORDS, _PIECES = 15_000, 25_000  # the most frequent ones that are kept
_CHARACTERS = 1_000  # of a text that are looked at


@dataclass(frozen=True)
class Shown:
    """For each class rows of typical items, and of confusable ones with the class they are of."""

    examples: tuple[tuple[int, ...], ...]
    counterexamples: tuple[tuple[tuple[int, int], ...], ...]


def vectors(texts: Sequence[str]) -> csr_matrix:
    """(n_texts, n_grams) float32, rows of unit length, or zero for a text without a word."""
    import numpy as np
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    seen = [unicodedata.normalize("NFC", t[:_CHARACTERS]).casefold() for t in texts]
    shared: dict[str, Any] = {"sublinear_tf": True, "dtype": np.float32, "lowercase": False}
    word = re.compile(r"\b\w+\b").findall
    views = [
        TfidfVectorizer(tokenizer=word, token_pattern=None, max_features=_WORDS, **shared),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=_PIECES, **shared),
    ]
    found = []
    for view in views:
        try:
            found.append(view.fit_transform(seen) * np.float32(np.sqrt(0.5)))
        except ValueError:  # scikit-learn's word for texts without any word
            continue
    return csr_matrix(hstack(found)) if found else csr_matrix((len(seen), 1), dtype=np.float32)


def exemplars(
    embeddings: csr_matrix,
    targets: np.ndarray,
    texts: Sequence[str],
    n_classes: int,
    *,
    examples: int = 3,
    counterexamples: int = 2,
) -> Shown:
    """Rows to show, at most so many a class; none twice, and no text twice.

    `embeddings` (n, dim) as `vectors` makes them, `targets` (n,) the class of each row, -1 for none.
    Rows of `SHORTEST` to `LONGEST` characters come first. Ties are broken by row.
    """
    import numpy as np

    near = np.asarray(embeddings @ _means(embeddings, targets, n_classes).T)  # (n, n_classes)
    rows = np.flatnonzero(targets >= 0)
    own = np.full(len(targets), -np.inf, dtype=np.float32)
    own[rows] = near[rows, targets[rows]]
    rivals = near.copy()
    rivals[rows, targets[rows]] = -np.inf
    rival = rivals.argmax(axis=1) if n_classes > 1 else np.zeros(len(targets), dtype=np.int64)
    lead = own - (rivals[np.arange(len(rivals)), rival] if n_classes > 1 else 0)
    readable = np.array([SHORTEST <= len(one_line(t)) <= LONGEST for t in texts], dtype=bool)
    said: set[str] = set()
    typical: list[tuple[int, ...]] = []
    for k in range(n_classes):
        of_class = rows[targets[rows] == k]
        order = of_class[np.lexsort((of_class, -lead[of_class], ~readable[of_class]))]
        typical.append(_different(order, embeddings, texts, said, examples))
    confusable: list[tuple[tuple[int, int], ...]] = []
    for k in range(n_classes):
        # A row that is nearer to this class than to its own may be labelled wrongly: leave it out.
        close = rows[(targets[rows] != k) & (rival[rows] == k) & (lead[rows] >= 0)]
        order = close[np.lexsort((close, -near[close, k], ~readable[close]))]
        chosen = _different(order, embeddings, texts, said, counterexamples)
        confusable.append(tuple((row, int(targets[row])) for row in chosen))
    return Shown(tuple(typical), tuple(confusable))


def _means(embeddings: csr_matrix, targets: np.ndarray, n_classes: int) -> np.ndarray:
    """(n_classes, dim) the classes' mean directions; zero for a class without rows."""
    import numpy as np
    from scipy.sparse import csr_matrix

    known = np.flatnonzero(targets >= 0)
    ones = np.ones(len(known), dtype=np.float32)
    belongs = csr_matrix((ones, (targets[known], known)), (n_classes, len(targets)))
    means = np.asarray((belongs @ embeddings).todense())
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    found: np.ndarray = means / np.where(lengths > 0, lengths, 1)
    return found


def _different(
    order: np.ndarray, embeddings: csr_matrix, texts: Sequence[str], said: set[str], most: int
) -> tuple[int, ...]:
    """The first rows of `order` that are unlike one another, and whose text was not shown yet."""
    chosen: list[int] = []
    for row in order[:200].tolist():
        key = one_line(texts[row]).casefold()
        if not key or key in said:
            continue
        if chosen and float((embeddings[chosen] @ embeddings[row].T).max()) > _ALIKE:
            continue
        chosen.append(row)
        said.add(key)
        if len(chosen) == most:
            break
    return tuple(chosen)
