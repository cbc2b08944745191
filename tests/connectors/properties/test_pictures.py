"""Brightness, sharpness and size, against plain versions of the same formulas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageFilter

from labelwright.connectors.properties import pictures as module
from labelwright.connectors.properties.pictures import (
    brightness,
    height,
    luma,
    sharpness,
    variance_of_laplacian,
    width,
)
from labelwright.loop.errors import DataError
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Picture


def raw(pixels: np.ndarray) -> Picture:
    shape = (*pixels.shape, 1)[:3]
    sides = dict(zip(("height", "width", "channels"), shape, strict=True))
    return Picture({"data": pixels.tobytes(), **sides}, Path())


grey = st.tuples(st.integers(1, 7), st.integers(1, 7)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 255))
)


@given(grey, st.integers(1, 20))
def test_sharpness_is_the_variance_of_the_laplacian(image: np.ndarray, strip: int) -> None:
    from scipy.ndimage import convolve

    kernel = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    plain = convolve(image.astype(float), kernel, mode="mirror")  # edges as OpenCV's default
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_STRIP", strip)
        assert variance_of_laplacian(image) == pytest.approx(plain.var(), rel=1e-12, abs=1e-12)
    assert sharpness(raw(image)) == pytest.approx(plain.var(), rel=1e-12, abs=1e-12)


@given(arrays(np.uint8, (4, 3, 3)))
def test_brightness_is_mean_luma(image: np.ndarray) -> None:
    weights = np.array([0.299, 0.587, 0.114])
    assert brightness(raw(image)) == pytest.approx((image @ weights).mean() / 255, abs=0.5 / 255)
    assert np.abs(luma(image) - image @ weights).max() <= 0.51


def test_the_ends_of_the_scales() -> None:
    assert brightness(raw(np.zeros((5, 5), np.uint8))) == 0
    assert brightness(raw(np.full((5, 5, 3), 255, np.uint8))) == 1
    assert sharpness(raw(np.full((5, 5), 77, np.uint8))) == 0
    assert sharpness(raw(np.array([[9]], np.uint8))) == 0
    board = (np.indices((8, 8)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert sharpness(raw(board)) == (4 * 255) ** 2


def test_a_picture_out_of_focus_falls_below_the_threshold_of_the_design(tmp_path: Path) -> None:
    shapes = np.zeros((240, 320, 3), np.uint8)
    shapes[40:200:20, 30:300] = 200
    shapes[:, 30:300:24] = (40, 180, 60)
    sharp = Image.fromarray(shapes)
    for name, image in (("sharp", sharp), ("soft", sharp.filter(ImageFilter.GaussianBlur(6)))):
        image.save(tmp_path / f"{name}.jpg", quality=90)
    assert sharpness(Picture("sharp.jpg", tmp_path)) > 1000
    assert sharpness(Picture("soft.jpg", tmp_path)) < 35


def test_size_is_that_of_the_upright_picture(tmp_path: Path) -> None:
    turned = Image.new("L", (30, 20))
    exif = turned.getexif()
    exif[274] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    picture = Picture("turned.jpg", tmp_path)
    assert (width(picture), height(picture)) == (20, 30)


def test_a_picture_is_decoded_once_for_all_its_properties(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labelwright.connectors import pictures

    Image.new("RGB", (4, 3), "white").save(tmp_path / "a.png")
    calls, load = [], pictures.load_image
    monkeypatch.setattr(pictures, "load_image", lambda *a: (calls.append(a), load(*a))[1])
    picture = Picture("a.png", tmp_path)
    assert [p(picture) for p in (brightness, sharpness, width, height)] == [1, 0, 4, 3]
    assert len(calls) == 1


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    for name in ("bad.png", "missing.png", "../outside.png"):
        with pytest.raises(DataError):
            brightness(Picture(name, tmp_path))


def test_they_are_plug_ins_like_anybody_s() -> None:
    installed = Installed()
    assert {"brightness", "height", "sharpness", "width"} <= set(installed.names("property"))
    assert installed.load("property", "sharpness") is sharpness
