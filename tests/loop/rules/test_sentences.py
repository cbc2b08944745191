"""Where sentences end, in Korean and in English."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.loop.rules.sentences import around, sentences


@pytest.mark.parametrize(
    "whole",
    [
        "Kakao bought SM.| It paid $1.3bn!| Why?| Nobody said",
        "카카오가 SM을 샀다.| 값은 1.2조 원이다.|그러나 주가는 내렸다…| 왜?",
        "Mr. Kim met J. Kim of the U.S. army, e.g. in May.| Then he left",
        "See No. 5 and fig. 3.| He said no.| It fell in Sept. 2026.| Yes",
        "Yahoo! said so... and so on.| Then",
        "2026. 9. 1. 발표했다.| 값은 5.| 그뿐이다",
        "제목|\n본문 하나。|본문 둘！|셋",
        "1. Begin.| 2. Go on.",
        'He said "Go." |Then (it rained.) |"좋다."라고 말했다.| 끝',
        "a.b.c and www.kakao.com/x?y=1 are one",
        "",
        " \n ",
    ],
)
def test_sentences_end_where_they_end(whole: str) -> None:
    text = whole.replace("|", "")
    wanted = [part.strip() for part in whole.split("|") if part.strip()]
    assert [text[a:b] for a, b in sentences(text)] == wanted


@given(st.text(st.sampled_from('aK환. !?\n…。)"5')))
def test_sentences_hold_all_that_is_not_white_space_once(text: str) -> None:
    parts = sentences(text)
    assert "".join("".join(text[a:b].split()) for a, b in parts) == "".join(text.split())
    assert all(a < b for a, b in parts)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(parts))
    assert all(text[a:b] == text[a:b].strip() for a, b in parts)


def test_a_span_has_the_rest_of_its_sentence_on_either_side() -> None:
    text = "It was acquired by Intel last May. Nobody knew. Kakao did."
    parts = sentences(text)

    def beside(span: str) -> tuple[str, str]:
        start = text.index(span)
        return around(text, parts, start, start + len(span))

    assert beside("Intel") == ("It was acquired by ", " last May.")
    assert beside("Kakao") == ("", " did.")
    assert beside("May. Nobody") == ("It was acquired by Intel last ", " knew.")
    assert around("", [], 0, 0) == ("", "")


@pytest.mark.parametrize("text", ["!", ". ", "가.", "1. ", ")", " ", "!)", "Mr. "])
def test_time_grows_with_the_text_and_no_faster(text: str) -> None:
    began = time.process_time()
    sentences(text * 50_000)
    assert time.process_time() - began < 20  # a second; what goes by squares takes many minutes
