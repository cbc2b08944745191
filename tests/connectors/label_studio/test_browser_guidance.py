"""What people are told in a real browser: suggestions of the model, and answers to mend."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labelwright.loop.handing import suggestion_of
from labelwright.loop.outbox import Sent
from tests.annotator import Annotator
from tests.studio_server import Studio

from .campaigns import Campaign

Begin = Callable[..., Campaign]

# --- suggestions --------------------------------------------------------------------------------

NEWS = """
task t "뉴스 주제"
class Sports "스포츠"
class Economy "경제"
data {
  source = csv("news.csv")
  id     = id
  text   = title
}
holdout {
  size        = 10%
  annotations = 2
}
annotators {
  from        = label_studio(hidden = 40%)
  suggestions = model
}
budget {
  annotations = 60
  per_round   = 6 items
}
accept { recall of each class >= 100% }
"""
SENTENCES = ("축구 대표팀이 {n}번째 경기에서 이겼다", "환율이 {n}원 올라 주가가 떨어졌다")
NEWS_FILE = "id,title\n" + "\n".join(f"n{n},{SENTENCES[n % 2].format(n=n)}" for n in range(60))
TITLES = {"Sports": "스포츠", "Economy": "경제"}
OTHER = {"스포츠": "경제", "경제": "스포츠"}
IDS = {title: id_ for id_, title in TITLES.items()}


def right(person: Annotator) -> str:
    return "스포츠" if "축구" in person.text else "경제"


def suggested(sent: Sent) -> list[str]:
    """Titles that are ticked when somebody comes to the item."""
    found = suggestion_of(sent)
    return [TITLES[label] for label in found.labels] if found and sent.shown else []


@pytest.mark.slow
def test_an_answer_begins_with_what_the_newest_model_suggests(
    begin: Begin, jiwoo: Annotator
) -> None:
    news = begin(NEWS, news=NEWS_FILE)
    assert news.run() == "waiting"
    jiwoo.enter(news.number)
    for sent in news.sent(0):
        assert jiwoo.chosen == []  # there is no model yet
        # What measures is answered wrongly, so that no model ever passes.
        title = right(jiwoo) if sent.purpose == "train" else OTHER[right(jiwoo)]
        jiwoo.choose(title)
        jiwoo.submit()

    for round_ in (1, 2):
        assert news.run() == "waiting"
        batch = news.sent(round_)
        versions = {found.version for sent in batch if (found := suggestion_of(sent))}
        assert versions == {f"t round {round_ - 1}"}
        assert {sent.shown for sent in batch} == {True, False}
        answers = answer_to_suggestions(jiwoo, news, batch)
        assert news.run() == "waiting"
        assert {e.item: e.labels for e in news.events(round_)} == answers
        origins = {h.uid: h.origin for h in news.held()}
        assert {origins[sent.uid] != "manual" for sent in batch if sent.shown} == {True}
        assert {origins[sent.uid] for sent in batch if not sent.shown} == {"manual"}


def answer_to_suggestions(
    person: Annotator, news: Campaign, batch: list[Sent]
) -> dict[str, tuple[str, ...]]:
    """Agree with all but the first suggestion; what was answered, by item."""
    person.sent.clear()
    person.enter(news.number)
    disagreed = False
    answers, origins = {}, []
    for sent in batch:
        assert person.number == sent.remote, "served in another order than sent"
        assert person.chosen == suggested(sent)
        if not sent.shown:
            person.choose(right(person))
            origins.append("manual")
        elif disagreed:
            origins.append("prediction")
        else:
            person.choose(OTHER[person.chosen[0]])
            origins.append("prediction-changed")
            disagreed = True
        answers[sent.item] = tuple(IDS[title] for title in person.chosen)
        person.submit()
    assert person.is_done
    assert [body["result"][0]["origin"] for body in person.sent] == origins
    begun = [body["parent_prediction"] is not None for body in person.sent]
    assert begun == [sent.shown for sent in batch]
    return answers


@pytest.mark.slow
def test_strange_predictions_change_neither_the_order_nor_the_answers(
    begin: Begin, jiwoo: Annotator, studio: Studio
) -> None:
    news = begin(NEWS.replace("suggestions = model", "suggestions = none"), news=NEWS_FILE)
    assert news.run() == "waiting"
    batch = news.sent(0)
    part = {"from_name": "label", "to_name": "title", "type": "choices"}
    result = [{**part, "value": {"choices": ["Economy"]}}]
    with studio.client() as owner:
        for sent in batch:  # as if the last were the most doubtful
            body = {"task": sent.remote, "result": result, "model_version": "x"}
            owner.post("/api/predictions/", json=body | {"score": 1 - sent.rank / 10})
        settings = {"model_version": "x"}
        owner.patch(f"/api/projects/{news.number}/", json=settings).raise_for_status()
    jiwoo.enter(news.number)
    for sent in batch:
        assert jiwoo.number == sent.remote
        assert jiwoo.chosen == []
        jiwoo.choose("스포츠")
        jiwoo.submit()
    assert news.run() == "waiting"
    assert [e.labels for e in news.events()] == [("Sports",)] * len(batch)


# --- answers to mend ----------------------------------------------------------------------------

FIELDS = """
task t "작물 상태" { choose = many }
class Healthy "건강함"
class Fungal "곰팡이"
class Insect "벌레"
constraints { Healthy excludes Fungal }
data {
  source = csv("fields.csv")
  id     = id
  text   = text
}
holdout {
  size        = 10%
  annotations = 1
}
annotators { from = label_studio }
budget {
  annotations = 12
  per_round   = 2 items
}
query { phase main { strategy = random } }
"""
EXCLUDES = "함께 고를 수 없음: “건강함” ↔ “곰팡이”"
FIELDS_FILE = "id,text\n" + "\n".join(f"f{n},{n}번 밭의 잎에 흰 가루가 있다" for n in range(20))


@pytest.mark.slow
def test_an_answer_that_breaks_a_constraint_is_asked_to_be_mended(
    begin: Begin, jiwoo: Annotator
) -> None:
    fields = begin(FIELDS, fields=FIELDS_FILE)
    assert fields.run() == "waiting"
    first, *others = fields.sent(0)
    jiwoo.enter(fields.number)
    assert EXCLUDES in jiwoo.guide
    assert jiwoo.said == []
    jiwoo.choose("건강함")
    jiwoo.choose("곰팡이")
    jiwoo.submit()
    for _ in others:
        jiwoo.choose("벌레")
        jiwoo.submit()
    assert fields.run() == "waiting"

    jiwoo.enter(fields.number)  # the next batch says what is to be mended, and where
    (note,) = jiwoo.said
    wrong = f"{jiwoo.email}: 이 답은 집계되지 않습니다 ({EXCLUDES}). 고쳐 주세요."
    assert note == f"작업 {first.remote}도 다시 보아 주세요. {wrong}"

    jiwoo.open(fields.number, first.remote or 0)
    assert jiwoo.said == [wrong]
    jiwoo.choose("건강함")
    assert jiwoo.chosen == ["곰팡이"]
    jiwoo.update()
    assert fields.run() == "waiting"
    assert {e.item: e.labels for e in fields.events()}[first.item] == ("Fungal",)

    jiwoo.open(fields.number, first.remote or 0)
    assert jiwoo.said == []
    jiwoo.enter(fields.number)
    assert jiwoo.number == fields.sent(1)[0].remote
    assert jiwoo.said == []
