"""Gold and the adjudicator in Label Studio: what only one person is asked lies in a project of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import labelwright as lw
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.loop.outbox import Sent
from tests.labeller import Labeller

from .campaigns import Campaign
from .rounds import PEOPLE, StandInDesk, hurried
from .standin import StandIn, choice

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
annotators {
  from = label_studio
  overlap = 2
  suggestions = model
  adjudicator = "EMAIL"
  gold = 4 items
  adjudicate when agreement < 0.67
}
budget {
  annotations = 120
  per_round = 10 items
}
query { phase all { strategy = random } }
"""
ROWS = "id,text\n" + "".join(
    f"i{n},{'sun and warm sand' if n % 2 else 'cold rain and mud'} number {n}\n" for n in range(120)
)


def right(text: str) -> str:
    return "Good" if "sun" in text else "Bad"


def wrong(text: str) -> str:
    return "Bad" if "sun" in text else "Good"


def apart(campaign: Campaign, round_: int) -> tuple[int | None, list[Sent]]:
    """The adjudicator's project, and what of a batch lies in it."""
    return campaign.ask(
        lambda people: (
            people.expert.project_id,
            people.expert.outbox.sent(f"t-{round_}-adjudication"),
        )
    )


Answers = Callable[[int, str], None]  # task, label


def play(
    campaign: Campaign,
    data_of: Callable[[int], dict[str, Any]],
    ann: Answers,
    bo: Answers,
    expert: Answers,
    names: tuple[str, str, str],
) -> None:
    """Two rounds: gold is made, hidden, and what two people disagree on is decided by the third."""
    assert campaign.run() == "waiting"
    number, gold = apart(campaign, 0)
    assert number not in (None, campaign.number)
    assert [s.purpose for s in gold] == ["gold", "gold"]
    here = campaign.sent(0)
    assert not {s.item for s in here} & {s.item for s in gold}
    for k, sent in enumerate(here):
        text = data_of(sent.remote or 0)["text"]
        ann(sent.remote or 0, right(text))
        bo(sent.remote or 0, wrong(text) if k % 4 == 0 else right(text))
    assert campaign.run() == "waiting", "the adjudicator has made no gold yet"
    awaited = lw.Project(campaign.file).awaited()
    assert awaited is not None
    assert (awaited.missing, awaited.adjudications) == (2, 2)
    ann(gold[0].remote or 0, "Good")  # strays into it: not what was asked for
    assert campaign.run() == "waiting"
    for sent in gold:
        expert(sent.remote or 0, right(data_of(sent.remote or 0)["text"]))
    assert campaign.run() == "waiting"

    _, doubtful = apart(campaign, 1)
    asked = {s.item: s for s in doubtful if s.purpose == "adjudicate"}
    disputed = {s.item for k, s in enumerate(here) if k % 4 == 0}
    assert set(asked) == disputed
    hint = data_of(next(iter(asked.values())).remote or 0)["lw_hint"]
    assert f"{names[0]}: " in hint
    assert f"{names[1]}: " in hint
    second = campaign.sent(1)
    hidden = [s for s in second if s.purpose == "gold"]
    assert {s.item for s in hidden} <= {s.item for s in gold}
    assert hidden
    shown = {s.purpose: data_of(s.remote or 0) for s in second}
    assert {d["lw_hint"] + d["lw_note"] for d in shown.values()} == {""}
    assert shown["gold"].keys() == shown["train"].keys()
    for sent in second:
        text = data_of(sent.remote or 0)["text"]
        ann(sent.remote or 0, right(text))
        bo(sent.remote or 0, right(text))
    assert campaign.run() == "waiting"
    for sent in doubtful:  # against the majority there is none: the third decides, even wrongly
        text = data_of(sent.remote or 0)["text"]
        expert(sent.remote or 0, wrong(text) if sent.purpose == "adjudicate" else right(text))
    campaign.run()
    with lw.Project(campaign.file).looking() as bench:
        from labelwright.loop.gold import gold_answers

        parts = bench.labels(1, bench.needed(1, "collect")["watermark"])
        items, ids = bench.items(1), [c.id for c in bench.task.labels]
        labels = {
            items.id_of(int(row)): ids[label]
            for part in parts
            for row, label in zip(part.rows, part.classes, strict=True)
        }
        graded = gold_answers(bench)
        events = bench.events()
    decided = {e.item: e.labels[0] for e in events if e.purpose == "adjudicate"}
    assert set(decided) == disputed
    assert {item: labels[item] for item in disputed} == decided
    assert not labels.keys() & {s.item for s in gold}
    people = {who for who, *_ in graded}
    assert people <= {names[0], names[1]}
    assert {item for _, item, _, _ in graded} >= {s.item for s in hidden}


def test_the_adjudicators_items_lie_in_a_project_of_their_own(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", standin.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", standin.token)
    hurried(monkeypatch)
    desk = StandInDesk(standin)
    email = "editor@example.com"
    editor = standin.person(email)
    campaign = Campaign.begin(tmp_path, TASK.replace("EMAIL", email), items=ROWS)
    play(
        campaign,
        lambda task: dict(standin.memory.tasks[task]["data"]),
        lambda task, label: desk.choose(task, 0, label),
        lambda task, label: desk.choose(task, 1, label),
        lambda task, label: _answer(standin, task, editor, label),
        (*PEOPLE, email),
    )
    titles = sorted(p["title"] for p in standin.memory.projects.values())
    assert titles == ["Weather and sports", "Weather and sports: adjudication"]
    told = lw.Project(campaign.file).sync().told
    assert any("the adjudicator's items are at" in line for line in told)


def _answer(standin: StandIn, task: int, who: int, label: str) -> None:
    standin.answer(task, who, choice("label", label), lead_time=2.0)


@pytest.mark.slow
def test_and_so_on_the_real_server(begin: Callable[..., Campaign], studio: Studio) -> None:
    with (
        Labeller(studio, "ann") as ann,
        Labeller(studio, "bo") as bo,
        Labeller(studio, "editor") as editor,
        closing(LabelStudio(studio.url, studio.token)) as client,
    ):
        campaign = begin(TASK.replace("EMAIL", editor.email), items=ROWS)
        play(
            campaign,
            lambda task: dict(client.task(task)["data"]),
            lambda task, label: _choose(ann, task, label),
            lambda task, label: _choose(bo, task, label),
            lambda task, label: _choose(editor, task, label),
            (ann.email, bo.email, editor.email),
        )
        number, _ = apart(campaign, 0)
        assert client.project(number or 0)["title"] == "Weather and sports: adjudication"
        assert client.project(number or 0)["maximum_annotations"] == 1


def _choose(person: Labeller, task: int, label: str) -> None:
    person.choose(task, label)
