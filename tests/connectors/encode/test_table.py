from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from labelwright.connectors.encode.table import table
from labelwright.loop.errors import DataError, PluginError

Make = Callable[..., Any]


def fitted(make_context: Make, items: Any) -> Any:
    encoder = table(context=make_context(columns=tuple(items.table.column_names)))
    encoder.fit(items)
    return encoder


def test_numbers_are_scaled_and_missing_ones_flagged(make_context: Make, make_items: Make) -> None:
    items = make_items(a=[1.0, 2.0, 9.0, None], b=[1, 3, 5, 7])
    vectors = fitted(make_context, items).encode(items)
    filled = np.array([1, 2, 9, 2.0])
    np.testing.assert_allclose(vectors[:, 0], (filled - filled.mean()) / filled.std(), rtol=1e-6)
    assert vectors[:, 1].tolist() == [0, 0, 0, 1]
    b = np.array([1, 3, 5, 7.0])
    np.testing.assert_allclose(vectors[:, 2], (b - b.mean()) / b.std(), rtol=1e-6)
    assert vectors.shape == (4, 3)
    assert vectors.dtype == np.float32


def test_categories_with_rare_unknown_and_missing(make_context: Make, make_items: Make) -> None:
    items = make_items(c=["x", "y", "x", "y", "once", None])
    encoder = fitted(make_context, items)
    assert encoder.encode(items).tolist() == [
        [1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1],
    ]  # fmt: skip
    assert encoder.encode(make_items(c=["new", "y"])).tolist() == [[0, 0, 1, 0], [0, 1, 0, 0]]


def test_odd_numbers_stay_finite(make_context: Make, make_items: Make) -> None:
    items = make_items(
        same=[3.0] * 4,
        none=[None, float("nan"), float("inf"), None],
        far=[0.0, 0.0, 0.0, 1e300],
        flag=[True, False, None, True],
        day=[date(2026, 1, 1), None, date(2026, 1, 3), date(2026, 1, 2)],
        time=[datetime(2026, 1, 1)] * 3 + [None],
    )
    encoder = fitted(make_context, items)
    vectors = encoder.encode(items)
    assert np.isfinite(vectors).all()
    assert (vectors[:, 0] == 0).all()
    assert np.abs(encoder.encode(make_items(
        same=[1e9], none=[1.0], far=[-1e308], flag=[None], day=[None], time=[None]
    ))).max() <= 10  # fmt: skip


def test_new_items_are_scaled_as_the_pool_was(make_context: Make, make_items: Make) -> None:
    items = make_items(a=[0.0, 10.0])
    assert fitted(make_context, items).encode(make_items(a=[5.0, 15.0])).tolist() == [[0], [2]]


def test_many_categories_are_bounded(make_context: Make, make_items: Make) -> None:
    items = make_items(c=[f"c{i:03d}" for i in range(300)] * 2)
    assert fitted(make_context, items).encode(items).shape == (600, 102)


def test_a_column_that_is_neither(make_context: Make, make_items: Make) -> None:
    with pytest.raises(DataError, match="column l is list"):
        fitted(make_context, make_items(l=[["a"], ["b"]]))
    with pytest.raises(PluginError, match="needs `columns`"):
        table(context=make_context(text=("t",)))


def test_inputs_are_numbers_and_codes(make_context: Make, make_items: Make) -> None:
    items = make_items(a=[1.0, None, 3.0, 4.0], c=["x", "y", "x", "y"], n=[1, 2, 3, 4])
    encoder = fitted(make_context, items)
    assert encoder.categorical == (False, True, False)
    inputs = encoder.inputs(make_items(a=[2.5, None], c=["new", None], n=[7, None]))
    np.testing.assert_array_equal(inputs, [[2.5, 2, 7], [np.nan, np.nan, np.nan]])
    np.testing.assert_array_equal(encoder.inputs(items)[:, 1], [0, 1, 0, 1])
    assert inputs.dtype == np.float64
    rows = np.concatenate([encoder.inputs(items.take([i])) for i in range(4)])
    np.testing.assert_array_equal(rows, encoder.inputs(items))


def test_a_column_that_was_something_else_in_the_pool(make_context: Make, make_items: Make) -> None:
    encoder = fitted(make_context, make_items(a=[1.0, 2.0], c=["x", "x"]))
    for read in (encoder.encode, encoder.inputs):
        with pytest.raises(
            DataError, match="column a is string here, and held numbers in the pool"
        ):
            read(make_items(a=["1", "2"], c=["x", "x"]))
        with pytest.raises(DataError, match="column c is int64 here, and held categories in the"):
            read(make_items(a=[1.0], c=[3]))


def test_the_network_of_a_table_learns_and_knows_what_is_missing(
    make_context: Make, make_items: Make
) -> None:
    """Class: whether the number is missing, or the category is x; its items cannot be told by the mean."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    missing, category = rng.random(200) < 0.5, rng.choice(["x", "y", "z"], 200)
    a = [None if m else float(v) for m, v in zip(missing, rng.normal(50, 9, 200), strict=True)]
    encoder = fitted(make_context, make_items(a=a, c=list(category)))
    X = torch.from_numpy(encoder.inputs(make_items(a=a, c=list(category))))
    y = torch.from_numpy((missing ^ (category == "x")).astype(np.int64))
    network = encoder.network(0)
    head = torch.nn.Linear(network.dim, 2)
    optimiser = torch.optim.Adam([*network.parameters(), *head.parameters()], lr=0.01)
    for _ in range(80):
        loss = torch.nn.functional.cross_entropy(head(network(X)), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        right = (head(network.eval()(X)).argmax(dim=1) == y).float().mean()
    assert right > 0.98
    same, other = encoder.network(0), encoder.network(1)
    assert not any(name in ("centre", "scale") for name in same.state_dict())
    assert not torch.equal(same.layers[0].weight, other.layers[0].weight)
    assert torch.equal(same.layers[0].weight, encoder.network(0).layers[0].weight)
