from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from labelwright.connectors.encode.resnet import resnet
from labelwright.connectors.pictures import picture_column
from labelwright.loop.errors import DataError, PluginError

Make = Callable[..., Any]


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def fitted(make_context: Make, items: Any, **options: Any) -> Any:
    columns = tuple(name for name in ("image", "second") if name in items.table.column_names)
    encoder: Any = resnet(context=make_context(image=columns), **options)
    encoder.fit(items)
    return encoder


@pytest.mark.parametrize(
    ("width", "depth", "parameters"), [(8, 8, 19_384), (16, 8, 76_912), (16, 14, 174_128)]
)
def test_the_network_has_the_layers_it_is_said_to_have(
    make_context: Make, make_items: Make, width: int, depth: int, parameters: int
) -> None:
    items = make_items(image=picture_column(noise(6, 28, 28)))
    encoder = fitted(make_context, items, width=width, depth=depth)
    network = encoder.network(0)
    convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    three = [c for c in convolutions if c.kernel_size == (3, 3)]
    assert len(three) == depth - 1  # and the head that stands on it
    assert sum(p.numel() for p in network.parameters()) == parameters
    vectors = network(torch.from_numpy(encoder.inputs(items)))
    assert vectors.shape == (6, network.dim)
    assert network.dim == 4 * width
    assert vectors.dtype == torch.float32
    assert network.maps(torch.from_numpy(encoder.inputs(items))).shape == (6, 4 * width, 4, 4)


def test_weights_follow_from_the_seed_and_from_nothing_else(
    make_context: Make, make_items: Make
) -> None:
    items = make_items(image=picture_column(noise(4, 12, 12, 3)))
    encoder = fitted(make_context, items, width=8)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = encoder.network(1).state_dict()
    assert torch.equal(torch.rand(1), expected), "drawing weights moved the caller's random numbers"
    again, other = encoder.network(1).state_dict(), encoder.network(2).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stem.weight"], other["stem.weight"])


def test_a_vector_depends_on_its_own_item_alone_and_on_contrast_not_on_light(
    make_context: Make, make_items: Make
) -> None:
    pictures = noise(9, 16, 16) // 2
    items = make_items(image=picture_column(pictures))
    encoder = fitted(make_context, items, width=8)
    network = encoder.network(0).eval()
    batch = torch.from_numpy(encoder.inputs(items))
    with torch.no_grad():
        whole, alone = network(batch), network(batch[3:4])
        np.testing.assert_allclose(whole[3:4], alone, atol=1e-5)
        np.testing.assert_array_equal(network(batch.float()), whole)
    lighter = make_items(image=picture_column(pictures + 100))
    elsewhere = fitted(make_context, lighter, width=8)
    with torch.no_grad():
        same = elsewhere.network(0)(torch.from_numpy(elsewhere.inputs(lighter)))
    np.testing.assert_allclose(same, whole, atol=1e-4)


def test_vectors_without_training_are_the_pixels(make_context: Make, make_items: Make) -> None:
    pictures = noise(5, 6, 7, 3)
    encoder = fitted(make_context, items := make_items(image=picture_column(pictures)))
    assert encoder.fitted
    np.testing.assert_allclose(encoder.encode(items), pictures.reshape(5, -1) / 255, rtol=1e-6)


def test_pictures_of_an_item_are_read_together(make_context: Make, make_items: Make) -> None:
    left, right = noise(3, 10, 10, 3), noise(3, 8, 20, seed=1)
    items = make_items(image=picture_column(left), second=picture_column(right))
    encoder = fitted(make_context, items, width=8, side=24)
    read = encoder.inputs(items)
    assert read.shape == (3, 24, 24, 6)
    np.testing.assert_array_equal(read[..., 3], read[..., 5])  # grey among colours
    assert encoder.network(0)(torch.from_numpy(read)).shape == (3, 32)


def test_what_was_fitted_can_be_kept(make_context: Make, make_items: Make) -> None:
    items = make_items(image=picture_column(noise(4, 40, 30)))
    first = fitted(make_context, items, width=8)
    second: Any = resnet(width=8, context=make_context(image=("image",)))
    second.restore(first.state())
    later = make_items(image=picture_column(noise(2, 9, 9, 3, seed=3)))
    np.testing.assert_array_equal(first.inputs(later), second.inputs(later))
    batch = torch.from_numpy(first.inputs(later))
    assert torch.equal(first.network(0)(batch), second.network(0)(batch))
    assert first.identity == second.identity


def test_the_item_that_cannot_be_read_is_named(make_context: Make, make_items: Make) -> None:
    context = make_context(image=("image",))
    Image.new("L", (4, 4)).save(context.data_root / "ok.png")
    encoder: Any = resnet(context=context)
    with pytest.raises(DataError, match="item i1"):
        encoder.fit(make_items(image=["ok.png", "none.png"]))
    encoder.fit(make_items(image=["ok.png"]))
    with pytest.raises(DataError, match="item i1"):
        encoder.inputs(make_items(image=["ok.png", None]))


@pytest.mark.parametrize(
    "wrong", [{"width": 12}, {"width": 0}, {"depth": 10}, {"depth": 2}, {"side": 4}]
)
def test_a_network_that_cannot_be_is_refused(make_context: Make, wrong: dict[str, int]) -> None:
    with pytest.raises(PluginError, match=next(iter(wrong))):
        resnet(context=make_context(image=("image",)), **wrong)


def test_pictures_must_be_named(make_context: Make) -> None:
    with pytest.raises(PluginError, match="image"):
        resnet(context=make_context(text=("text",)))
