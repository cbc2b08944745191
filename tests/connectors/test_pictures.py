from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from labelwright.connectors.pictures import (
    PictureError,
    load_image,
    picture_column,
    picture_type,
    png_data,
)
from labelwright.loop.errors import DataError


@pytest.fixture
def colours() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def test_files_and_raw_pixels_are_the_same_picture(tmp_path: Path, colours: np.ndarray) -> None:
    Image.fromarray(colours).save(tmp_path / "c.png")
    assert (load_image("c.png", tmp_path) == colours).all()
    column = picture_column(colours[None])
    assert column.type == picture_type()
    assert (load_image(column[0].as_py(), tmp_path) == colours).all()
    assert (png_data("c.png", tmp_path) == png_data(column[0].as_py(), tmp_path)) is True


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("1", 1), ("L", 1), ("LA", 3), ("P", 3), ("RGB", 3), ("RGBA", 3), ("CMYK", 3), ("I;16", 1)],
)
def test_every_mode_becomes_grey_or_rgb(tmp_path: Path, mode: str, channels: int) -> None:
    Image.new(mode, (4, 3)).save(tmp_path / "p.tiff")
    pixels = load_image("p.tiff", tmp_path)
    assert pixels.shape == (3, 4, channels)
    assert pixels.dtype == np.uint8


def test_sixteen_bits_are_scaled_and_transparency_is_white(tmp_path: Path) -> None:
    wide = np.array([[0, 32896, 65535]], dtype=np.uint16)
    Image.fromarray(wide).save(tmp_path / "w.png")
    assert load_image("w.png", tmp_path)[0, :, 0].tolist() == [0, 128, 255]
    Image.new("RGBA", (1, 1), (10, 20, 30, 0)).save(tmp_path / "t.png")
    assert load_image("t.png", tmp_path)[0, 0].tolist() == [255, 255, 255]


def test_photographs_are_turned_upright(tmp_path: Path, colours: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(colours).save(tmp_path / "p.png", exif=exif)
    assert (load_image("p.png", tmp_path) == np.rot90(colours, -1)).all()


def test_png_for_reports_is_small_and_the_same_each_time(tmp_path: Path) -> None:
    Image.new("RGB", (1000, 500), "red").save(tmp_path / "big.png")
    data = png_data("big.png", tmp_path, max_side=100)
    assert Image.open(io.BytesIO(data)).size == (100, 50)
    assert data == png_data("big.png", tmp_path, max_side=100)


def test_raw_pixels_that_do_not_fit(tmp_path: Path) -> None:
    good = {"data": bytes(6), "height": 2, "width": 3, "channels": 1}
    assert load_image(good, tmp_path).shape == (2, 3, 1)
    for wrong in ({"height": 3}, {"channels": 2}, {"width": -3, "height": -2}, {"height": 0}):
        with pytest.raises(PictureError):
            load_image(good | wrong, tmp_path)


def test_paths_out_of_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    Image.new("L", (1, 1)).save(tmp_path / "x.png")
    (root / "link.png").symlink_to(tmp_path / "x.png")
    for path in ("../x.png", str(tmp_path / "x.png"), "link.png", "none.png"):
        with pytest.raises(DataError):
            load_image(path, root)


@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]), st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_a_picture_or_a_clear_error(
    tmp_path: Path, format_: str, data: st.DataObject
) -> None:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(3).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, format_)
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, min(len(raw) - 1, 300)))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    (tmp_path / "x").write_bytes(bytes(raw[: cut or len(raw)]))
    outcome: str | tuple[int, ...]
    try:
        outcome = load_image("x", tmp_path).shape
    except PictureError as error:
        outcome = error.reason
    known = ("unreadable picture", "unexpected format", "picture too large")
    assert outcome in known or (len(outcome) == 3 and outcome[2] in (1, 3))
