"""Rounds that people answer in a real browser: what they see, and that exactly their answers arrive."""

from __future__ import annotations

from collections.abc import Callable

from labelwright.loop.ports import Span
from tests.annotator import Annotator

from .campaigns import Campaign

Begin = Callable[..., Campaign]

# --- text ---------------------------------------------------------------------------------------

NEWS = """
task t "뉴스 주제" {
  guide = "기사 제목을 읽고 *가장 중심이 되는* 주제를 고르세요."
}
class Sports "스포츠" {
  describe = "경기와 선수, 대회 소식"
  examples = ["축구 대표팀이 연장 끝에 승리했다"]
}
class Economy "경제" { hotkey = "e" }
class Politics "정치"
data {
  source = csv("news.csv")
  id     = id
  text   = title
}
holdout {
  size        = 20%
  annotations = 4
}
annotators {
  from    = label_studio
  overlap = 2
}
budget {
  annotations = 60
  per_round   = 5 items
}
accept { accuracy >= 90% }
"""
SENTENCES = ("축구 대표팀이 {n}번째 경기에서 이겼다", "환율이 {n}원 올라 주가가 떨어졌다")
TITLES = [SENTENCES[n % 2].format(n=n) for n in range(40)]
NEWS_FILE = "id,title\n" + "\n".join(f"n{n},{title}" for n, title in enumerate(TITLES))
TOPICS = (("스포츠", "1", "Sports"), ("경제", "e", "Economy"), ("정치", "2", "Politics"))


def topic(item: str) -> tuple[str, str, str]:
    """Title, key and id of an item's class: nothing that could be learned, so that rounds go on."""
    return TOPICS[int(item[1:]) % 3]


def test_two_people_answer_a_batch_of_korean_text(
    begin: Begin, jiwoo: Annotator, minjun: Annotator
) -> None:
    news = begin(NEWS, news=NEWS_FILE)
    assert news.run() == "waiting"
    batch = news.sent(0)
    assert len(batch) == 7
    item_of = {TITLES[int(s.item[1:])]: s.item for s in batch}
    given: dict[tuple[str, str], tuple[str, ...]] = {}

    jiwoo.enter(news.number)  # by click, and one answer mended
    assert "기사 제목을 읽고 가장 중심이 되는 주제를 고르세요." in jiwoo.guide
    for sent in batch:
        assert item_of[jiwoo.text] == sent.item, "served in another order than sent"
        title, _, name = topic(sent.item)
        jiwoo.choose(title)
        assert jiwoo.chosen == [title]
        jiwoo.submit()
        given[sent.item, jiwoo.email] = (name,)
        if sent.rank == 5:
            mend(jiwoo, batch[4].item, item_of)
            given[batch[4].item, jiwoo.email] = (mended(batch[4].item)[2],)
    assert jiwoo.is_done

    minjun.enter(news.number)  # by keys, and one skipped
    for turn in range(len(batch)):
        item = item_of[minjun.text]
        _, key, name = topic(item)
        if turn == 4:
            minjun.skip()
        else:
            minjun.press(key)
            minjun.submit_by_key()
        given[item, minjun.email] = () if turn == 4 else (name,)
    assert minjun.is_done

    assert news.run() == "waiting"
    events = news.events()
    assert {(e.item, e.annotator): e.labels for e in events} == given
    assert len(events) == len(given) == 14
    assert [(e.annotator, e.labels) for e in events if e.skipped] == [(minjun.email, ())]
    assert all(e.seconds is not None and 0 < e.seconds < 60 for e in events)
    purposes = {s.item: s.purpose for s in batch}
    assert all(e.purpose == purposes[e.item] for e in events)
    assert {"holdout", "train"} == set(purposes.values())

    jiwoo.enter(news.number)
    assert jiwoo.text == TITLES[int(news.sent(1)[0].item[1:])]


def mend(person: Annotator, item: str, item_of: dict[str, str]) -> None:
    """Go back over the answer before to this item, and change it."""
    person.go_back(2)
    assert item_of[person.text] == item
    assert person.chosen == [topic(item)[0]]
    person.choose(mended(item)[0])
    person.update()
    person.go_on(2)


def mended(item: str) -> tuple[str, str, str]:
    return TOPICS[(int(item[1:]) + 1) % 3]


# --- pictures -----------------------------------------------------------------------------------

DIGITS = """
task t "Handwritten digits"
class 0 "zero"
class 1 "one"
class 7 "seven"
data { source = bundled(digits) }
holdout {
  size        = 20%
  annotations = 1
}
annotators { from = label_studio }
budget {
  annotations = 20
  per_round   = 2 items
}
train { encoder = pixels }
"""


def test_pictures_are_seen_and_answered_by_key(begin: Begin, jiwoo: Annotator) -> None:
    digits = begin(DIGITS)
    assert digits.run() == "waiting"
    batch = digits.sent(0)
    jiwoo.enter(digits.number)
    keys = ("7", "0", "1")
    for sent, key in zip(batch, keys, strict=True):
        assert jiwoo.sees_pictures()
        assert jiwoo.number == sent.remote
        jiwoo.press(key)
        jiwoo.submit_by_key()
    assert jiwoo.is_done
    assert digits.run() == "waiting"
    assert {e.item: e.labels for e in digits.events()} == {
        s.item: (key,) for s, key in zip(batch, keys, strict=True)
    }
    assert len(digits.sent(1)) == 2


# --- spans --------------------------------------------------------------------------------------

PLACES = """
task t "사람과 곳" { kind = spans }
class Person "사람"
class Place "곳"
data {
  source = csv("notes.csv")
  id     = id
  text   = note
}
holdout {
  size        = 20%
  annotations = 1
}
annotators { from = label_studio }
budget {
  annotations = 8
  per_round   = 1 items
}
query { phase main { strategy = k_means } }
"""
NOTES = [f"😀 {n}일에 지우는 부산에 갔다. 👩‍🔬 민준도 서울 을 떠났다." for n in range(12)]


def test_spans_are_marked_after_an_emoji(begin: Begin, jiwoo: Annotator) -> None:
    places = begin(PLACES, notes="id,note\n" + "\n".join(f"{n},{t}" for n, t in enumerate(NOTES)))
    assert places.run() == "waiting"
    first, second = places.sent(0)
    jiwoo.enter(places.number)
    text = jiwoo.text
    assert text == NOTES[int(first.item)]
    jiwoo.press("1")
    jiwoo.drag("지우")
    jiwoo.press("2")
    jiwoo.double_click("서울")
    assert jiwoo.marks == ["지우", "서울"]
    jiwoo.submit()
    jiwoo.submit()  # nothing to mark in the second
    assert jiwoo.is_done

    assert places.run() == "waiting"
    answers = {e.item: e for e in places.events()}
    here, there = text.index("지우"), text.index("서울")
    assert answers[first.item].labels == ("Person", "Place")
    assert answers[first.item].spans == (
        Span(start=here, end=here + 2, text="지우"),
        Span(start=there, end=there + 2, text="서울"),
    )
    assert (answers[second.item].labels, answers[second.item].skipped) == ((), False)
    assert len(places.sent(1)) == 1
