"""Texts with marks on a page: every character once, in pieces at whose edges marks begin and end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.history import Marked
from labelwright.report.marks import stretches


def mark(label: str, start: int, end: int) -> Marked:
    return Marked(label=label, start=start, end=end)


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 29), st.integers(1, 9))))
def test_the_pieces_are_the_text(text: str, places: list[tuple[int, int]]) -> None:
    marks = [
        mark(f"c{i}", a, min(a + n, len(text))) for i, (a, n) in enumerate(places) if a < len(text)
    ]
    found = stretches(text, marks, 100)
    assert "".join(piece.text for piece in found) == text
    at = 0
    for piece in found:
        end = at + len(piece.text)
        assert piece.labels == tuple(m.label for m in marks if m.start <= at and m.end >= end)
        at = end
    assert sorted(c for piece in found for c in piece.ends) == sorted(m.label for m in marks)


def test_a_long_text_is_cut_around_its_first_mark() -> None:
    text = "a" * 500 + "Kim" + "b" * 500
    found = stretches(text, [mark("Person", 500, 503)], 200)
    assert found[0].text == found[-1].text == "…"
    assert [(p.text, p.ends) for p in found if p.labels] == [("Kim", ("Person",))]
    assert sum(len(p.text) for p in found) == 202
    assert stretches(text, [], 200)[0].text == "a" * 200
