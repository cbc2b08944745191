from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.words import cell_width, clean, clusters, fit, pad, shorten, wrap

FAMILY = "👨\u200d👩\u200d👧"
JAMO = unicodedata.normalize("NFD", "한국")
TEXTS = st.text(
    st.sampled_from(
        [*"ab 한글가나 é\u0301\u0327", "\u1112", "\u1161", "\u11ab", "\u200d", "👩", "🇰", "🇷"]
    )
)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("abc", 3),
        ("한국어", 6),
        ("e\u0301", 1),
        (JAMO, 4),
        (FAMILY, 2),
        ("🇰🇷", 2),
        ("ｆｕｌｌ", 8),
        ("", 0),
    ],
)
def test_width_in_cells(text: str, width: int) -> None:
    assert cell_width(text) == width


@given(st.text(st.sampled_from("abc 한글、。ＡＢ")))
def test_width_agrees_with_rich(text: str) -> None:
    from rich.cells import cell_len

    assert cell_width(text) == cell_len(text)


@pytest.mark.parametrize(
    "text", ["e\u0301", FAMILY, "🇰🇷", unicodedata.normalize("NFD", "값"), "👍🏽"]
)
def test_one_character_is_one_cluster(text: str) -> None:
    assert list(clusters(text)) == [text]


def test_two_flags_are_two_characters() -> None:
    assert list(clusters("🇰🇷🇩🇪")) == ["🇰🇷", "🇩🇪"]


@given(TEXTS)
def test_clusters_lose_nothing(text: str) -> None:
    assert "".join(clusters(text)) == text


@given(TEXTS, st.integers(1, 12))
def test_fit_takes_exactly_its_width_and_cuts_between_characters(text: str, width: int) -> None:
    fitted = fit(text, width)
    assert cell_width(fitted) == width
    if cell_width(text) > width:
        kept = fitted.rstrip(" ").removesuffix("…")
        whole = list(clusters(text))
        assert list(clusters(kept)) == whole[: len(list(clusters(kept)))]


@given(TEXTS, st.integers(2, 30))
def test_shorten_cuts_between_characters(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(list(clusters(short))) <= limit
    if short != text:
        kept = list(clusters(short.removesuffix("…")))
        assert kept == list(clusters(text))[: len(kept)]


def test_shorten_prefers_a_space() -> None:
    assert shorten("one two three four", 12) == "one two…"


@given(TEXTS, st.integers(2, 12))
def test_wrap_keeps_every_word_within_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_pad_to_the_right() -> None:
    assert pad("한", 4) == "한  "
    assert pad("한", 4, right=True) == "  한"


def test_clean_takes_out_what_steers() -> None:
    assert clean("a\x1b[31mb\u202ec\nd\x00\ud800") == "a[31mbc d\ufffd"
    assert clean("a\r\nb", keep_lines=True) == "a\nb"
    assert clean(FAMILY) == FAMILY
