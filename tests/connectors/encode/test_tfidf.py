from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labelwright.connectors.encode.tfidf import _leading_directions, tfidf
from labelwright.loop.errors import DataError, PluginError

Make = Callable[..., Any]

KOREAN = [
    "환율이 크게 올랐다",
    "환율 상승에 수출이 늘었다",
    "축구 경기에서 이겼다",
    "축구를 보러 갔다",
] * 3
ENGLISH = [
    "interest rates rose sharply",
    "rising interest rates hurt exports",
    "our team won its match",
    "a match that every team won",
]


def test_texts_alike_are_near_in_any_language(make_context: Make, make_items: Make) -> None:
    encoder = tfidf(context=make_context(text=("t",)))
    items = make_items(t=KOREAN + ENGLISH * 3)
    encoder.fit(items)
    vectors = encoder.encode(items)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    near = vectors @ vectors.T
    assert near[0, 1] > 4 * near[0, 2]
    assert near[2, 3] > 4 * near[1, 3]
    assert near[12, 13] > 2 * near[12, 14]
    assert abs(near[0, 12]) < 0.05


def test_columns_are_joined_case_and_unicode_form_do_not_matter(
    make_context: Make, make_items: Make
) -> None:
    encoder = tfidf(context=make_context(text=("a", "b")))
    encoder.fit(make_items(a=KOREAN, b=["Café"] * 12))
    one = encoder.encode(make_items(a=["환율 상승", None], b=[None, "CAFÉ"]))
    two = encoder.encode(make_items(a=[None, "cafe\u0301"], b=["환율 상승", None]))
    np.testing.assert_array_equal(one, two)


def test_what_was_never_seen_is_zero(make_context: Make, make_items: Make) -> None:
    encoder = tfidf(context=make_context(text=("t",)))
    encoder.fit(make_items(t=ENGLISH))
    vectors = encoder.encode(make_items(t=["Ω≈ç", "", None]))
    assert (vectors == 0).all()


@pytest.mark.parametrize("pool", [["a"], ["a", "b"], ["one two"], ["x"] * 5, ["", "word", ""]])
def test_the_smallest_pools(make_context: Make, make_items: Make, pool: list[str]) -> None:
    encoder = tfidf(context=make_context(text=("t",)))
    items = make_items(t=pool)
    encoder.fit(items)
    vectors = encoder.encode(items)
    assert vectors.shape[0] == len(pool)
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("pool", [["", None], ["  ", ""], ["!!", "?"]])
def test_a_pool_without_words(make_context: Make, make_items: Make, pool: list[Any]) -> None:
    encoder = tfidf(context=make_context(text=("t",)))
    items = make_items(t=pool)
    if pool[0] == "!!":  # characters count even where there is no word
        encoder.fit(items)
        assert np.isfinite(encoder.encode(items)).all()
        return
    with pytest.raises(DataError, match="in t"):
        encoder.fit(items)


def test_a_large_pool_is_sampled_by_the_seed(
    make_context: Make, make_items: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelwright.connectors.encode.tfidf._SAMPLE", 50)
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(200)]
    items = make_items(t=[" ".join(rng.choice(words, 8)) for _ in range(300)])

    def vectors(seed: int) -> np.ndarray:
        encoder = tfidf(dim=8, context=make_context(text=("t",), seed=seed))
        encoder.fit(items)
        return np.asarray(encoder.encode(items))

    np.testing.assert_array_equal(vectors(1), vectors(1))
    assert not np.array_equal(vectors(1), vectors(2))
    assert vectors(1).shape == (300, 8)


def test_bad_arguments_and_tasks(make_context: Make) -> None:
    with pytest.raises(PluginError, match="dim = 0"):
        tfidf(dim=0, context=make_context(text=("t",)))
    with pytest.raises(PluginError, match="needs `text`"):
        tfidf(context=make_context(image=("i",)))


def test_the_directions_are_the_leading_singular_vectors() -> None:
    from scipy.sparse import csr_array, random_array

    rng = np.random.default_rng(0)
    noise = random_array((60, 200), density=0.2, rng=rng).toarray() * 0.05
    factors = (
        rng.standard_normal((60, 5)) @ np.diag([9, 7, 5, 3, 2]) @ rng.standard_normal((5, 200))
    )
    weights = csr_array((factors + noise).astype(np.float32))
    found = _leading_directions(weights, 5, seed=0)
    exact = np.linalg.svd(weights.toarray())[2][:5]
    np.testing.assert_allclose(np.abs(np.sum(exact * found.T, axis=1)), 1, atol=1e-4)
    np.testing.assert_allclose(found.T @ found, np.eye(5), atol=1e-4)
