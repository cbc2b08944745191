from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labelwright.connectors.encode.joined import Joined, joined
from labelwright.connectors.encode_cache import encode_cached
from labelwright.connectors.pictures import picture_column
from labelwright.dsl.task import Argument, Call
from labelwright.loop.errors import PluginError
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import no_progress

Make = Callable[..., Any]
PICTURES = np.random.default_rng(0).integers(0, 256, (12, 4, 4), dtype=np.uint8)
WORDS = [f"{a} {b}" for a in ("red", "green", "blue") for b in ("cat", "dog", "fish", "bird")]


def made(make_context: Make) -> Joined:
    context = make_context(text=("t",), image=("p",), columns=("n",))
    parts = {
        "text": Call(name="tfidf"),
        "image": Call(name="pixels"),
        "columns": Call(name="table"),
    }
    call = Call(name="joined", args=tuple(Argument(name=k, value=v) for k, v in parts.items()))
    encoder: Joined = Installed().invoke("encode", call, context=context)
    return encoder


def items_of(make_items: Make) -> Any:
    return make_items(t=WORDS, p=picture_column(PICTURES), n=[float(i**2) for i in range(12)])


def test_every_part_is_centred_and_weighs_the_same(make_context: Make, make_items: Make) -> None:
    encoder, items = made(make_context), items_of(make_items)
    encoder.fit(items)
    vectors = encoder.encode(items)
    assert vectors.dtype == np.float32
    widths = []
    for kind in ("text", "image", "columns"):
        part = vectors[:, encoder.place(kind)].astype(np.float64)
        widths.append(part.shape[1])
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=1e-6)
        assert sum(x * x for row in part for x in row) / len(part) == pytest.approx(1, abs=1e-5)
    assert widths[1:] == [16, 1]
    assert sum(widths) == vectors.shape[1]
    with pytest.raises(KeyError):
        encoder.place("sound")


def test_what_was_learned_is_kept(make_context: Make, make_items: Make) -> None:
    encoder, again, items = made(make_context), made(make_context), items_of(make_items)
    encoder.fit(items.take(range(8)))
    again.restore(encoder.state())
    np.testing.assert_array_equal(again.encode(items), encoder.encode(items))
    assert again.identity == encoder.identity
    assert all(
        kind in encoder.identity for kind in ("text: tfidf", "image: pixels", "columns: table")
    )


class Counting:
    """An encoder that learns nothing, and counts what it is asked for."""

    identity, fitted = "counting", False

    def __init__(self) -> None:
        self.asked = 0

    def fit(self, items: Any) -> None: ...

    def encode(self, items: Any) -> np.ndarray:
        self.asked += len(items)
        return np.array([[len(t), 1.0] for t in items.columns(["t"])["t"].to_pylist()], np.float32)


def test_parts_that_learn_nothing_are_cached(make_context: Make, make_items: Make) -> None:
    context, items = make_context(text=("t",)), items_of(make_items)
    part = Counting()
    encoder = Joined({"text": part}, context)
    encoder.fit(items)
    found = encode_cached(encoder, items, context.cache, no_progress)
    assert part.asked == len(items)
    np.testing.assert_array_equal(encoder.encode(items), found)


def test_it_needs_an_encoder(make_context: Make) -> None:
    with pytest.raises(PluginError, match="needs encoders"):
        joined(context=make_context(text=("t",)), plugins=Installed())
