from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labelwright.connectors.pictures import load_image
from labelwright.connectors.read.npz import npz
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context

Read = Callable[..., Any]


def test_pictures_and_labels_by_name(context: Context, read_all: Read) -> None:
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (300, 5, 4), dtype=np.uint8)
    colour = rng.integers(0, 256, (300, 3, 2, 3), dtype=np.uint8)
    labels = np.arange(300, dtype=np.uint8) % 7
    np.savez(context.data_root / "f.npz", train_images=grey, c=colour, train_labels=labels)
    source = npz("f.npz", image="train_images", label="train_labels", context=context)
    assert source.roles == {"image": "image", "label": "label"}
    rows = read_all(source).rows
    assert [r["label"] for r in rows] == labels.tolist()
    for i in (0, 299):
        assert (load_image(rows[i]["image"], context.data_root)[:, :, 0] == grey[i]).all()
    rows = read_all(npz("f.npz", p="c", context=context)).rows
    assert (load_image(rows[7]["p"], context.data_root) == colour[7]).all()


def test_without_names_every_array_is_a_column(context: Context, read_all: Read) -> None:
    np.savez_compressed(
        context.data_root / "f.npz",
        b=np.array([True, False]),
        i=np.array([1, 2], dtype=np.int8),
        x=np.array([0.5, np.nan], dtype=np.float32),
        t=np.array(["가", "b"]),
        u=np.array([2**64 - 1, 0], dtype=np.uint64),
    )
    rows = read_all(npz("f.npz", context=context)).rows
    assert rows[0] == {"b": True, "i": 1, "x": 0.5, "t": "가", "u": 2**64 - 1}


def test_an_array_that_is_not_there(context: Context) -> None:
    np.savez(context.data_root / "f.npz", train_images=np.zeros(2))
    with pytest.raises(DataError, match="no array `train_image`") as caught:
        npz("f.npz", image="train_image", context=context).schema()
    assert "did you mean `train_images`?" in caught.value.remedy


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.array([{}, []], dtype=object)}, "no archive of plain arrays"),
        ({"a": np.zeros((3, 4))}, "float64 of shape"),
        ({"a": np.zeros((3, 4, 4))}, "float64 of shape"),
        ({"a": np.zeros((3, 4, 4, 2), dtype=np.uint8)}, "uint8 of shape"),
        ({"a": np.zeros((3, 0, 4), dtype=np.uint8)}, "uint8 of shape"),
        ({"a": np.array(1.0)}, "of shape"),
        ({"a": np.zeros(3), "b": np.zeros(4)}, "differ in length: a 3, b 4"),
        ({"a": np.zeros(3, dtype=complex)}, "complex128"),
    ],
)
def test_arrays_that_are_no_columns(
    context: Context, arrays: dict[str, np.ndarray], message: str
) -> None:
    np.savez(context.data_root / "f.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=message):
        npz("f.npz", context=context).schema()


def test_a_file_that_is_no_archive(context: Context) -> None:
    for raw in (b"PK\x03\x04 broken", b"", b"text"):
        (context.data_root / "f.npz").write_bytes(raw)
        with pytest.raises(DataError, match="no archive"):
            npz("f.npz", context=context).schema()
    np.save(context.data_root / "g.npy", np.zeros(3))
    with pytest.raises(DataError, match="no archive"):
        npz("g.npy", context=context).schema()
