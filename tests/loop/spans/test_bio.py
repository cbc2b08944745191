"""Marks as tags and back: what lies on the edges of tokens comes back as it was, the rest is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.spans.bio import Mark, decode, encode, forbidden, n_tags, touched
from labelwright.loop.spans.words import words

ALPHABET = st.sampled_from("ab 서울é.\u0301 ")


@st.composite
def marked(draw: st.DrawFn) -> tuple[np.ndarray, list[Mark]]:
    """Tokens, and marks on the edges of tokens that do not overlap."""
    at = words(draw(st.text(ALPHABET, max_size=25)))
    marks: list[Mark] = []
    first = 0
    while first < len(at):
        first += draw(st.integers(0, 3))
        last = first + draw(st.integers(0, 3))
        if last >= len(at):
            break
        marks.append((int(at[first, 0]), int(at[last, 1]), draw(st.integers(0, 2))))
        first = last + 1
    return at, marks


@given(marked())
def test_marks_on_the_edges_of_tokens_come_back(given_: tuple[np.ndarray, list[Mark]]) -> None:
    at, marks = given_
    found = encode(marks, at)
    assert found.widened == ()
    assert found.lost == ()
    assert decode(found.tags, at) == marks
    not_first, not_after = forbidden(3)
    tags = found.tags
    assert not len(tags) or not not_first[tags[0]]
    assert not not_after[tags[:-1], tags[1:]].any()


@given(st.lists(st.integers(0, 6), max_size=12))
def test_tags_that_may_be_come_back_and_others_are_read_all_the_same(tags: list[int]) -> None:
    at = np.array([(2 * i, 2 * i + 1) for i in range(len(tags))], dtype=np.int32).reshape(-1, 2)
    again = encode(decode(np.array(tags, dtype=np.int64), at), at).tags
    first, after = forbidden(3)
    may = not tags or not (first[tags[0]] or after[tags[:-1], tags[1:]].any())
    assert (again.tolist() == tags) == may
    assert decode(again, at) == decode(np.array(tags, dtype=np.int64), at)


def test_what_tokens_cannot_say_is_told() -> None:
    text = "Seoul  서울에서 Kakao"
    at = words(text)
    cut, space, particle = (1, 5, 0), (5, 7, 0), (7, 9, 1)
    found = encode([cut, space, particle, (7, 11, 0), (11, 17, 2)], at)
    assert found.widened == (cut, (11, 17, 2))
    assert found.lost == (space, particle)  # the longer one that begins there too is kept
    assert decode(found.tags, at) == [(0, 5, 0), (7, 11, 0), (12, 17, 2)]
    assert decode(encode([particle], at).tags, at) == [particle]


@pytest.mark.parametrize(
    ("place", "tokens"), [((0, 1), (0, 1)), ((1, 4), (0, 2)), ((2, 3), (1, 1)), ((3, 9), (1, 2))]
)
def test_touched(place: tuple[int, int], tokens: tuple[int, int]) -> None:
    assert touched(np.array([(0, 2), (3, 5)]), *place) == tokens


def test_there_are_two_tags_a_class_and_one_for_none() -> None:
    assert n_tags(6) == 13
    first, after = forbidden(1)
    assert first.tolist() == [False, False, True]
    assert after.tolist() == [[False, False, True], [False, False, False], [False, False, False]]
