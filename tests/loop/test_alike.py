"""What is the same to whoever looks at it, and what merely resembles."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from labelwright.loop.alike import Alike, plain, same_words
from labelwright.loop.items import CONTENT, ITEM, ORDER, Inputs, Snapshot, content_hash

PRIZE = (
    "URGENT! Your mobile number has won a 2000 pound prize. Call {} from a land line, 12hrs only"
)


def snapshot(
    texts: list[str], kind: str = "text", groups: list[str | None] | None = None
) -> Snapshot:
    hashes = [content_hash({"x": text}) for text in texts]
    table = pa.table(
        {
            ITEM: [f"i{n}" for n in range(len(texts))],
            CONTENT: pa.array(hashes, pa.binary(16)),
            ORDER: pa.array(range(len(texts)), pa.uint64()),
            "x": texts,
            "g": pa.array(groups or [None] * len(texts), pa.string()),
        }
    )
    roles = {k: ("x",) if k == kind else () for k in ("text", "image", "columns")}
    return Snapshot(table, Inputs(None, **roles))


def near(texts: list[str], vectors: np.ndarray, kind: str = "text") -> set[tuple[int, int]]:
    rows = np.arange(len(texts))
    return {(i, j) for i, j in Alike(snapshot(texts, kind), vectors).near(rows, rows) if i < j}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("FREE  entry", "free entry", True),
        (PRIZE.format("09058094455"), PRIZE.format("09058094454"), True),
        ("뺨", "탑", False),
        ("때때로", "때로", False),
        ("진짜?", "진짜", False),
        ("Why do I see an extra £1 charge?", "Why do I see an extra €1 charge?", False),
        ("I like it", "I do not like it", False),
        ("\u1112\u1161\u11ab", "한", True),  # one syllable, put together in two ways
        ("", "a", False),
    ],
)
def test_words(one: str, other: str, same: bool) -> None:
    assert same_words(plain(one), plain(other)) == same


def test_texts_are_the_same_where_vectors_and_words_both_say_so() -> None:
    texts = [PRIZE.format("1"), PRIZE.format("2"), "뺨", "탑", "Ok lar", "ok  LAR"]
    vectors = np.eye(6, dtype=np.float32)
    vectors[1] = vectors[0]  # same words, same vector
    vectors[3] = vectors[2]  # one vector, for the encoder knows neither word
    assert near(texts, vectors) == {(0, 1), (4, 5)}
    assert near(texts, np.eye(6, dtype=np.float32)) == {(4, 5)}


def test_pictures_are_the_same_where_vectors_coincide() -> None:
    vectors = np.array([[1, 0], [1, 0.01], [1, 0.1], [0, 0], [0, 0]], np.float32)
    assert near(["a", "b", "c", "d", "e"], vectors, "image") == {(0, 1)}


def test_rows_of_a_table_are_the_same_only_where_they_are_equal() -> None:
    assert near(["a", "a", "b"], np.ones((3, 2), np.float32), "columns") == set()


def test_copies_are_found_among_many() -> None:
    texts = [PRIZE.format(n) for n in range(9)] + [f"message {n}" for n in range(9)]
    vectors = np.concatenate([np.ones((9, 4)), np.eye(9, 4) + 0.5]).astype(np.float32)
    alike = Alike(snapshot(texts), vectors)
    found = alike.copies(np.array([3]), np.arange(5, 18))
    assert (found + 5).tolist() == [5, 6, 7, 8]


def test_content_and_group() -> None:
    alike = Alike(snapshot(["a", "b", "a"], groups=[None, None, "x"]), np.eye(3), "g")
    assert alike.content[0] == alike.content[2] != alike.content[1]
    assert alike.groups is not None
    assert len(set(alike.groups.tolist())) == 3  # an item without a group is one of its own
