"""Encoders that learned from the pool, kept and brought back: the same vectors to the last bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from labelwright.connectors.encode.pixels import pixels
from labelwright.connectors.encode.resnet import resnet
from labelwright.connectors.encode.table import table
from labelwright.connectors.encode.tfidf import tfidf
from labelwright.connectors.pictures import picture_column
from labelwright.loop.encoding import Kept

Make = Callable[..., Any]

TEXTS = [
    "The cat sat",
    "A  dog\tran\nfast",
    "고양이가 앉았다",
    "",
    "cats and dogs",
    "the END",
    "x\x1cy é é",
]


def pictures(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 255, (n, 9, 8, 3), dtype=np.uint8)


CASES: dict[str, tuple[Callable[..., Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "tfidf": (
        lambda context: tfidf(dim=8, context=context),
        {"text": ("t",)},
        {"t": TEXTS * 3},
        {"t": ["the dog", "새 고양이", "", "unheard"]},
    ),
    "tfidf of signs": (
        lambda context: tfidf(dim=8, context=context),
        {"text": ("t",)},
        {"t": ["!!", "??", "!?"] * 2},
        {"t": ["?!", "a"]},
    ),
    "table": (
        lambda context: table(context=context),
        {"columns": ("a", "c")},
        {"a": [1.0, 2.5, None, 0.1, 7.0] * 2, "c": ["x", "y", "x", None, "é"] * 2},
        {"a": [None, 3.0, 1e300], "c": ["new", None, "y"]},
    ),
    "pixels": (
        lambda context: pixels(side=16, context=context),
        {"image": ("p",)},
        {"p": picture_column(pictures(6))},
        {"p": picture_column(pictures(3))},
    ),
    "resnet": (
        lambda context: resnet(width=8, context=context),
        {"image": ("p",)},
        {"p": picture_column(pictures(6))},
        {"p": picture_column(pictures(3))},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_new_encoder_with_the_state_encodes_alike(
    name: str, make_context: Make, make_items: Make
) -> None:
    make, data, pool, new = CASES[name]
    fitted = make(make_context(**data))
    fitted.fit(make_items(**pool))
    kept = fitted.state()
    written = save({k: np.ascontiguousarray(v) for k, v in kept.arrays.items()})
    told = json.loads(json.dumps(kept.values, allow_nan=False))
    again = make(make_context(**data))
    again.restore(Kept(load(written), told))
    for items in (make_items(**pool), make_items(**new)):
        np.testing.assert_array_equal(again.encode(items), fitted.encode(items))
    assert again.identity == fitted.identity
    if hasattr(fitted, "inputs"):
        items = make_items(**new)
        np.testing.assert_array_equal(again.inputs(items), fitted.inputs(items))
        torch = pytest.importorskip("torch")
        X = torch.from_numpy(np.ascontiguousarray(fitted.inputs(items)))
        networks = [encoder.network(5).eval() for encoder in (fitted, again)]
        vectors = [network(X).detach().numpy() for network in networks]
        np.testing.assert_array_equal(*vectors)
        assert vectors[0].shape == (3, networks[0].dim)
        assert np.isfinite(vectors[0]).all()


def test_parts_are_kept_as_one_and_taken_apart() -> None:
    text = Kept({"idf": np.arange(3)}, {"views": ["words"]})
    image = Kept(values={"shapes": [[8, 8, 1]]})
    whole = Kept.of_parts({"text": text, "image": image})
    assert list(whole.arrays) == ["text/idf"]
    again = Kept(whole.arrays, json.loads(json.dumps(whole.values)))
    assert again.part("text").values == {"views": ["words"]}
    np.testing.assert_array_equal(again.part("text").arrays["idf"], np.arange(3))
    assert again.part("image") == Kept({}, {"shapes": [[8, 8, 1]]})
