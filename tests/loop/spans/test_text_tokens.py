"""Tokens of texts: nothing is lost but white space, and Korean is marked without its particles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.spans.words import words


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in words(text)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("is that Justin's iPhone4?", "is|that|Justin|'|s|iPhone4|?"),
        ("@The_Score #NFL", "@|The_Score|#|NFL"),
        ("서울에서 Kakao가 1조", "서|울|에|서|Kakao|가|1|조"),
        ("東京へ行く。", "東|京|へ|行|く|。"),
        ("cafe\u0301 café", "cafe\u0301|café"),
        ("\u1109\u1165\u110b\u116e\u11af", "\u1109\u1165|\u110b\u116e\u11af"),
        ("a\u00a0b\u3000c", "a|b|c"),
        ("👩\u200d👩", "👩|\u200d|👩"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_tokens(text: str, tokens: str) -> None:
    assert parts(text) == (tokens.split("|") if tokens else [])


@given(st.text())
def test_every_character_but_white_space_is_in_one_token(text: str) -> None:
    found = words(text)
    covered = [i for start, end in found.tolist() for i in range(start, end)]
    assert covered == sorted(set(covered))
    rest = set(range(len(text))) - set(covered)
    assert all(text[i].isspace() for i in rest)
    assert (found[:, 0] < found[:, 1]).all()


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_alone_is_read_as_ascii_among_other_characters(text: str) -> None:
    assert words(text).tolist() == words(text + " é")[: len(words(text))].tolist()
