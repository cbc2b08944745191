from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.learn.folds import stratified


@given(st.lists(st.integers(0, 5), min_size=2, max_size=80), st.integers(2, 6), st.integers(0, 99))
def test_folds_are_even_in_size_and_in_every_class(
    labels: list[int], n_folds: int, seed: int
) -> None:
    y = np.array(labels)
    folds = stratified(y, n_folds, seed)
    for part in (folds, *(folds[y == c] for c in set(labels))):
        sizes = np.bincount(part, minlength=n_folds)
        assert sizes.max() - sizes.min() <= 1
    assert np.array_equal(folds, stratified(y, n_folds, seed))
