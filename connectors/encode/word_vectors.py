"""Vectors of the words in texts, from the middle of a transformer: what a tagger of spans reads.

The mean over the upper half of the layers, the last one left out: the last layer of a sentence encoder is
made for the sentence (what layers know: Tenney et al. 2019, "BERT Rediscovers the Classical NLP Pipeline").
A word's vector is the mean over its pieces. Texts longer than the model reads go through it in windows that
overlap; a word is taken from the window in whose middle it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np

_BATCH = 32
_OVERLAP = 4  # a window has 1/4 in common with the one before it


def word_vectors(
    model: Any, texts: Sequence[str], places: Sequence[np.ndarray], name: str
) -> list[np.ndarray]:
    """For each text (n_words, width) float16 by a sentence-transformers model.

    places: (n_words, 2) of each text, code points. A word that the model's tokenizer drops has zeros.
    Raises PluginError where the model is no transformer, or its tokenizer does not know where pieces lie.
    """
    import numpy as np
    import torch

    tokenizer: Any = getattr(model, "tokenizer", None)
    transformer: Any = getattr(model[0], "auto_model", None)
    if transformer is None or not getattr(tokenizer, "is_fast", False):
        raise PluginError(
            f"the model {name} has no vectors of words: it is no transformer with a fast tokenizer",
            "choose an encoder that is one, or tfidf",
        )
    longest = int(model.max_seq_length)
    layers = int(transformer.config.num_hidden_layers)
    taken = slice(layers - layers // 2, layers) if layers > 1 else slice(layers, layers + 1)
    width = int(transformer.config.hidden_size)
    found = [np.zeros((len(at), width), dtype=np.float32) for at in places]
    nearest = [np.full(len(at), np.inf) for at in places]
    order = sorted(range(len(texts)), key=lambda i: (-len(texts[i]), i))
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            pieces = tokenizer(
                [texts[i] for i in rows],
                truncation=True,
                max_length=longest,
                stride=longest // _OVERLAP,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
                padding=True,
                return_tensors="pt",
            )
            of_text = pieces["overflow_to_sample_mapping"].tolist()
            offsets = pieces["offset_mapping"].numpy()
            for first in range(0, len(of_text), _BATCH):
                part = slice(first, first + _BATCH)
                states = transformer(
                    input_ids=pieces["input_ids"][part],
                    attention_mask=pieces["attention_mask"][part],
                    output_hidden_states=True,
                ).hidden_states[taken]
                vectors = torch.stack([s.float() for s in states]).mean(dim=0).numpy()
                for window, text in enumerate(of_text[part]):
                    row = rows[text]
                    _place(
                        vectors[window],
                        offsets[first + window],
                        places[row],
                        found[row],
                        nearest[row],
                    )
    return [vectors.astype(np.float16) for vectors in found]


def _place(
    vectors: np.ndarray,
    offsets: np.ndarray,
    places: np.ndarray,
    found: np.ndarray,
    nearest: np.ndarray,
) -> None:
    """Give words the mean of their pieces in this window where its middle is nearer than that of others."""
    import numpy as np

    real = offsets[:, 1] > offsets[:, 0]
    if not real.any() or not len(places):
        return
    offsets, vectors = offsets[real], vectors[real]
    first = np.searchsorted(places[:, 1], offsets[:, 0], side="right")
    last = np.searchsorted(places[:, 0], offsets[:, 1], side="left")
    counts = np.maximum(last - first, 0)
    piece = np.repeat(np.arange(len(offsets)), counts)
    word = first[piece] + np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    sums = np.zeros_like(found)
    np.add.at(sums, word, vectors[piece])
    n = np.bincount(word, minlength=len(places))
    middle = (offsets[0, 0] + offsets[-1, 1]) / 2
    away = np.abs(places.mean(axis=1) - middle)
    better = (n > 0) & (away < nearest)
    found[better] = sums[better] / n[better, None]
    nearest[better] = away[better]
