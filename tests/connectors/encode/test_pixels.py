from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labelwright.connectors.encode.pixels import pixels
from labelwright.connectors.pictures import picture_column
from labelwright.loop.errors import DataError, PluginError

Make = Callable[..., Any]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def encoded(make_context: Make, items: Any, **options: Any) -> np.ndarray:
    encoder = pixels(context=make_context(image=("image",)), **options)
    encoder.fit(items)
    vectors = encoder.encode(items)
    assert vectors.dtype == np.float32
    return np.asarray(vectors)


def test_small_pictures_of_one_size_are_taken_as_they_are(
    make_context: Make, make_items: Make
) -> None:
    grey = noise(3000, 8, 6)
    vectors = encoded(make_context, make_items(image=picture_column(grey)))
    np.testing.assert_allclose(vectors, grey.reshape(3000, -1) / 255, rtol=1e-6)


def test_slices_and_paths_give_the_same(make_context: Make, make_items: Make) -> None:
    context = make_context(image=("image",))
    grey = noise(5, 7, 7)
    for i, picture in enumerate(grey):
        Image.fromarray(picture).save(context.data_root / f"{i}.png")
    raw = make_items(image=picture_column(grey))
    paths = make_items(image=[f"{i}.png" for i in range(5)])
    np.testing.assert_array_equal(encoded(make_context, raw), encoded(make_context, paths))
    np.testing.assert_array_equal(
        encoded(make_context, raw.take([3, 1])), encoded(make_context, raw)[[3, 1]]
    )


def test_different_sizes_and_colours_become_alike(make_context: Make, make_items: Make) -> None:
    root: Path = make_context().data_root
    Image.new("L", (10, 20), 51).save(root / "grey.png")
    Image.new("RGB", (30, 5), (255, 0, 51)).save(root / "colour.png")
    vectors = encoded(make_context, make_items(image=["grey.png", "colour.png"]), side=4)
    assert vectors.shape == (2, 4 * 4 * 3)
    np.testing.assert_allclose(vectors[0], 0.2)
    np.testing.assert_allclose(vectors[1].reshape(-1, 3), [[1, 0, 0.2]] * 16, rtol=1e-6)


def test_large_pictures_are_made_small(make_context: Make, make_items: Make) -> None:
    vectors = encoded(make_context, make_items(image=picture_column(noise(2, 50, 60, 3))), side=16)
    assert vectors.shape == (2, 16 * 16 * 3)


def test_later_pictures_of_another_size_fit_in(make_context: Make, make_items: Make) -> None:
    encoder = pixels(context=make_context(image=("image",)))
    encoder.fit(make_items(image=picture_column(noise(3, 8, 8))))
    assert encoder.encode(make_items(image=picture_column(noise(2, 9, 12, 3)))).shape == (2, 64)


def test_the_item_that_cannot_be_read_is_named(make_context: Make, make_items: Make) -> None:
    context = make_context(image=("image",))
    Image.new("L", (4, 4)).save(context.data_root / "ok.png")
    (context.data_root / "bad.png").write_bytes(b"junk")
    for bad in ("bad.png", "none.png", None):
        with pytest.raises(DataError, match="item i1"):
            encoded(make_context, make_items(image=["ok.png", bad]))


def test_bad_arguments_and_tasks(make_context: Make) -> None:
    with pytest.raises(PluginError, match="side = 0"):
        pixels(side=0, context=make_context(image=("image",)))
    with pytest.raises(PluginError, match="needs `image`"):
        pixels(context=make_context(text=("t",)))
