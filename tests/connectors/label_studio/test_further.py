"""Further opinions in Label Studio, which shows every task to everybody."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import labelwright as lw
from labelwright.connectors.label_studio.client import LabelStudio
from tests.labeller import Labeller

from .campaigns import Campaign
from .rounds import PEOPLE, StandInDesk, hurried
from .standin import OWNER, StandIn

if TYPE_CHECKING:
    from tests.studio_server import Studio

TASK = """
task t "Weather and sports"
class Good
class Bad
data {
  source = csv("items.csv")
  id = id
  text = text
}
holdout {
  size = 20%
  annotations = 4
}
annotators { from = label_studio }
budget {
  annotations = 100
  per_round = 24 items
}
query {
  second_opinions = auto
  phase all { strategy = random }
}
"""


def right(text: str) -> str:
    return "Good" if "sun" in text else "Bad"


def wrong(text: str) -> str:
    return "Bad" if "sun" in text else "Good"


ROWS = "id,text\n" + "".join(
    f"i{n},{'sun and warm sand' if n % 2 else 'cold rain and mud'} number {n}\n" for n in range(120)
)


def test_what_the_same_person_answers_again_is_offered_to_others(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", standin.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", standin.token)
    hurried(monkeypatch)
    desk = StandInDesk(standin)
    campaign = Campaign.begin(tmp_path, TASK, items=ROWS)
    assert campaign.run() == "waiting"
    for number, sent in enumerate(campaign.sent(0)):
        who = number % 2
        text = standin.memory.tasks[sent.remote or 0]["data"]["text"]
        label = wrong(text) if number % 6 == 0 else right(text)
        desk.choose(sent.remote or 0, who, label)
    assert campaign.run() == "waiting"
    told = next(s for s in campaign.sent(1) if s.not_by == (PEOPLE[0],))
    task = standin.memory.tasks[told.remote or 0]
    assert task["overlap"] == 1
    desk.choose(task["id"], 1, "Good")
    lw.Project(campaign.file).sync()
    assert task["overlap"] == 1, "somebody else answered"
    other = next(s for s in campaign.sent(1) if s.not_by == (PEOPLE[0],) and s.uid != told.uid)
    task = standin.memory.tasks[other.remote or 0]
    standin.answer(task["id"], OWNER + 1, [], 1.0, skipped=True)
    lw.Project(campaign.file).sync()
    assert task["overlap"] == 1, "a skipped task goes to others by itself"
    desk.choose(task["id"], 0, "Good")
    for _ in range(2):
        lw.Project(campaign.file).sync()
        assert task["overlap"] == 2
    requests = lw.Project(campaign.file).sync().requests
    assert requests is not None
    assert requests <= 3, "it is not offered again and again"


@pytest.mark.slow
def test_a_further_opinion_is_somebody_elses(
    begin: Callable[..., Campaign], studio: Studio
) -> None:
    campaign = begin(TASK, items=ROWS)
    assert campaign.run() == "waiting"
    with (
        Labeller(studio, "ann") as ann,
        Labeller(studio, "bo") as bo,
        closing(LabelStudio(studio.url, studio.token)) as client,
    ):
        for number, sent in enumerate(campaign.sent(0)):
            text = client.task(sent.remote or 0)["data"]["text"]
            person = bo if number % 4 == 3 else ann
            label = wrong(text) if number % 6 == 0 and person is ann else right(text)
            person.choose(sent.remote or 0, label)
        assert campaign.run() == "waiting"
        further = [s for s in campaign.sent(1) if s.not_by]
        anns = [s for s in further if s.not_by == (ann.email,)]
        assert len(anns) > 1
        told, skipped = anns[0], anns[1]
        assert told.remote is not None
        assert skipped.remote is not None
        hint = client.task(told.remote)["data"]["lw_hint"]
        assert hint.startswith("Another person’s opinion is wanted here")
        assert ann.email in hint
        before = {s.item: s.remote for s in campaign.sent(0)}
        assert before[told.item] != told.remote, "a task of its own"
        # All but one are answered; on that one the same person speaks again.
        for sent in campaign.sent(1):
            text = client.task(sent.remote or 0)["data"]["text"]
            if sent is told or sent.uid == told.uid:
                ann.choose(sent.remote or 0, wrong(text))
            elif sent.uid == skipped.uid:
                ann.skip(sent.remote or 0)
                bo.choose(sent.remote or 0, right(text))
            else:
                (ann if sent.not_by == (bo.email,) else bo).choose(sent.remote or 0, right(text))
        assert campaign.run() == "waiting", "nobody else has spoken"
        awaited = lw.Project(campaign.file).awaited()
        assert awaited is not None
        assert (awaited.missing, awaited.seconds) == (1, 1)
        assert ann.next(campaign.number) is None
        offered = bo.next(campaign.number)
        assert offered is not None
        assert offered["id"] == told.remote
        bo.choose(offered["id"], right(offered["data"]["text"]))
        campaign.run()
        events = campaign.events(1)
        assert [e.annotator for e in events if e.item == told.item] == [ann.email, bo.email]
        record = lw.Project(campaign.file).campaign().rounds[1]
        assert record.second_opinions + record.rechecks == len(further)
        with lw.Project(campaign.file).looking() as bench:
            training, _ = bench.labels(1, bench.needed(1, "collect")["watermark"])
            items = bench.items(1)
            people = {
                items.id_of(row): who
                for row, who in zip(training.rows, training.annotators, strict=True)
            }
        assert people[told.item] == (ann.email, bo.email), "whoever spoke twice counts once"
