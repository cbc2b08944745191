from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labelwright.connectors.pictures import load_image
from labelwright.connectors.read.bundled import bundled
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context

Read = Callable[..., Any]


def test_digits(context: Context, read_all: Read) -> None:
    from sklearn.datasets import load_digits

    source = bundled("digits", context=context)
    assert source.roles == {"id": "id", "label": "label", "image": "image"}
    rows = read_all(source).rows
    assert len({r["id"] for r in rows}) == len(rows) == 1797
    assert {r["label"] for r in rows} == set("0123456789")
    pixels = load_image(rows[100]["image"], context.data_root)
    assert pixels.shape == (8, 8, 1)
    assert (np.round(pixels[:, :, 0] * (16 / 255)) == load_digits().images[100]).all()


@pytest.mark.parametrize(
    ("name", "rows", "columns", "label"),
    [("wine", 178, 13, "class_0"), ("breast_cancer", 569, 30, "malignant")],
)
def test_tables(
    context: Context, read_all: Read, name: str, rows: int, columns: int, label: str
) -> None:
    source = bundled(name, context=context)
    reading = read_all(source)
    assert len(reading.rows) == rows
    assert len(source.roles["columns"]) == columns
    assert set(source.roles["columns"]) <= set(source.schema().names)
    assert reading.rows[0]["label"] == label
    assert source.fingerprint() == bundled(name, context=context).fingerprint()


def test_an_unknown_name(context: Context) -> None:
    with pytest.raises(DataError, match="digit ") as caught:
        bundled("digit", context=context)
    assert "did you mean `digits`?" in caught.value.remedy
