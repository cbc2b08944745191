"""Regions of a pool, what they are called, and the plane they are laid on."""

from __future__ import annotations

from typing import Any

import numpy as np

from labelwright.loop.shift.naming import by_columns, by_words, words_of
from labelwright.loop.shift.regions import plane, regions


def _clouds(seed: int = 0, n: int = 100) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(4), n)
    middles = np.eye(4, 8) * 8
    return (middles[y] + rng.normal(size=(4 * n, 8))).astype(np.float32), y


def test_clouds_are_regions_and_no_region_is_empty() -> None:
    X, y = _clouds()
    found = regions(X, 0)
    assert np.bincount(found.of).min() > 0
    for region in range(len(found.centres)):
        assert len(np.unique(y[found.of == region])) == 1
        distance = ((X[found.of == region] - found.centres[region]) ** 2).sum(axis=1)
        nearest = ((X[found.nearest[region]] - found.centres[region]) ** 2).sum(axis=1)
        assert np.allclose(np.sort(distance)[: len(nearest)], nearest, rtol=1e-3)
    assert regions(X, 0).of.tolist() == found.of.tolist()


def test_equal_rows_are_one_region() -> None:
    found = regions(np.ones((30, 4), np.float32), 0)
    assert found.of.tolist() == [0] * 30
    assert regions(np.ones((1, 2), np.float32), 0).of.tolist() == [0]


def test_the_plane_keeps_clouds_apart_and_its_sign() -> None:
    X, _ = _clouds()
    places = plane(X)
    assert places.shape == (400, 2)
    assert np.abs(places).max() <= 1
    assert np.allclose(plane(X[::-1])[::-1], places, atol=1e-6)
    assert plane(np.ones((5, 1))).tolist() == [[0, 0]] * 5


def test_words_tell_regions_apart() -> None:
    texts = [f"the goal and the coach {i}" for i in range(30)]
    texts += [f"the shares and the profit {i}" for i in range(30)]
    found = by_words(texts, np.repeat([0, 1], 30), 2)
    assert set(found[0]) == {"goal", "coach"}
    assert set(found[1]) == {"shares", "profit"}


def test_korean_is_named_by_stems() -> None:
    assert {"경제…", "경제는"} <= words_of("경제는 좋다")
    endings = ["는", "가", "도", "를", ""]
    texts = [f"오늘 경제{endings[i % 5]} 어떤가" for i in range(30)]
    texts += [f"오늘 축구{endings[i % 5]} 어떤가" for i in range(30)]
    found = by_words(texts, np.repeat([0, 1], 30), 2)
    assert found == [("경제…",), ("축구…",)]


def test_columns_tell_regions_apart() -> None:
    columns: dict[str, list[Any]] = {
        "age": [20.0, 25, 22, 60, 65, None],
        "sex": ["F", "M", "F", "M", "M", "F"],
        "same": [1, 1, 1, 1, 1, 1],
    }
    found = by_columns(columns, np.array([0, 0, 0, 1, 1, 1]), 2)
    assert found[0][0].startswith("age low (22")
    assert found[1][0].startswith("age high (62.5")
    assert all("same" not in told for each in found for told in each)
