"""Items of a text and a picture are the same where both are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from labelwright.loop.alike import Alike
from labelwright.loop.items import CONTENT, ITEM, Inputs, Snapshot


def test_equal_words_beside_different_pictures_are_not_the_same() -> None:
    texts = ["three", "Three ", "four"]
    table = pa.table({
        ITEM: ["a", "b", "c"],
        CONTENT: [bytes([i]) * 16 for i in range(3)],
        "t": texts,
        "p": ["1.png", "2.png", "3.png"],
    })  # fmt: skip
    rows = np.arange(3)
    apart, alike = np.eye(3, dtype=np.float32), np.ones((3, 3), dtype=np.float32)
    both, text = Inputs(None, ("t",), ("p",), ()), Inputs(None, ("t",), (), ())

    def near(inputs: Inputs, features: np.ndarray) -> list[tuple[int, int]]:
        return Alike(Snapshot(table, inputs), features).near(rows, rows)

    assert near(text, apart) == [(0, 1), (1, 0)]
    assert near(both, apart) == []
    assert near(both, alike) == [(0, 1), (1, 0)]
