"""Campaigns with gold, people who are paused, and an adjudicator."""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from labelwright import Project
from labelwright.loop.adjudicating import ADJUDICATE
from labelwright.loop.engine import Moment
from labelwright.loop.errors import DataError
from labelwright.loop.forecast.telling import wrong_labels
from labelwright.loop.gold import GOLD, gold_answers, gold_set
from labelwright.loop.handing import mixed
from labelwright.loop.pausing import independent
from labelwright.loop.sending import requests
from labelwright.loop.split import HOLDOUT, POOL
from labelwright.loop.store import Choice, Event
from labelwright.report.view import spending
from labelwright.summary import bill
from labelwright.terminal import status_view

from .changing import WORDS

TASK = """
task news "News"
class Business { aliases = [money] }
class Crime { aliases = [theft, scam] }
class Sports { aliases = [sport] }
data {
  source = csv("news.csv")
  id = id
  text = body
}
holdout {
  size = 25%
  annotations = 60
}
annotators {
  from = simulate(column = label, people = 4, error = 5%, careless = 1)
  overlap = 2
  resolve = majority
  adjudicator = "ed"
  gold = 24 items
  adjudicate when agreement < 0.67
  pause when gold < 80%
}
budget {
  annotations = 700
  per_round = 40 items
}
query { phase main { strategy = random } }
"""
PAUSE = "  pause when gold < 80%\n"


def begin(folder: Path, text: str = TASK) -> Path:
    chance = random.Random(5)
    with (folder / "news.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "body", "label"))
        for number in range(500):
            label = chance.choice(list(WORDS))
            others = chance.choices([w for words in WORDS.values() for w in words], k=1)
            body = " ".join([*chance.choices(WORDS[label], k=3), *others, str(number)])
            writer.writerow((f"i{number}", body, label))
    path = folder / "news.task"
    path.write_text(text, encoding="utf-8")
    return path


def truth(folder: Path) -> dict[str, str]:
    spelt = {"money": "Business", "theft": "Crime", "scam": "Crime", "sport": "Sports"}
    with (folder / "news.csv").open(encoding="utf-8", newline="") as stream:
        return {r["id"]: spelt.get(r["label"], r["label"]) for r in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A campaign that is over."""
    project = Project(begin(tmp_path_factory.mktemp("gold")))
    project.run()
    return project


def choices(project: Project) -> list[Choice]:
    with project.looking() as bench:
        return bench.store.choices()


def events(project: Project) -> list[Event]:
    with project.looking() as bench:
        return bench.events()


def labels(project: Project) -> dict[str, str]:
    """By item, what it is labelled with in the end."""
    with project.looking() as bench:
        last = len(bench.store.outcomes("collect")) - 1
        items, names = bench.items(last), [c.id for c in bench.task.labels]
        parts = bench.labels(last, bench.needed(last, "collect")["watermark"])
        return {
            items.id_of(int(row)): names[label]
            for part in parts
            for row, label in zip(part.rows, part.classes, strict=True)
        }


# --- gold -----------------------------------------------------------------------------------------


def test_gold_is_made_by_the_adjudicator_over_all_classes_and_never_trains(ran: Project) -> None:
    with ran.looking() as bench:
        known = gold_set(bench)
        split = bench.split(0)
        rows = bench.items(0).rows_of(list(known))
    by_expert = {e.item for e in events(ran) if e.purpose == GOLD and e.annotator == "ed"}
    assert set(known) == by_expert
    assert len(known) >= 24
    assert {int(split[row]) for row in rows} == {POOL}
    per_class = Counter(g.truth for g in known.values() if g.active)
    assert set(per_class) == {"Business", "Crime", "Sports"}
    assert max(per_class.values()) <= 2 * min(per_class.values())
    assert not labels(ran).keys() & known.keys()
    for choice in choices(ran):
        assert (choice.purpose == GOLD) == (choice.item in known)


def test_nobody_is_asked_about_gold_that_they_have_seen(ran: Project) -> None:
    asked = Counter((e.item, e.annotator) for e in events(ran) if e.purpose == GOLD)
    assert set(asked.values()) == {1}
    hidden = [e for e in events(ran) if e.purpose == GOLD and e.annotator != "ed"]
    with ran.looking() as bench:
        graded = gold_answers(bench)
    assert {(item, who) for who, item, _, _ in graded} == {(e.item, e.annotator) for e in hidden}
    per_item = Counter(item for _, item, _, _ in graded)
    assert max(per_item.values()) - min(per_item.values()) <= 2, "spread over the set"


def test_gold_stands_among_the_others_and_looks_like_them(ran: Project) -> None:
    with ran.looking() as bench:
        asked = requests(bench, 2)
        seed = bench.context.seed
    assert {r.purpose for r in asked} >= {"train", GOLD}
    order = [r.purpose for r in mixed(asked, seed)]
    first, last = order.index(GOLD), len(order) - 1 - order[::-1].index(GOLD)
    assert "train" in order[first:last]
    hidden = [r for r in asked if r.purpose == GOLD and not r.only_by]
    assert hidden
    assert all((r.suggestion, r.hints, r.not_by) == (None, (), ()) for r in hidden)
    assert all("ed" in r.not_to for r in hidden)


def test_the_budget_is_never_exceeded_and_every_judgement_is_counted(ran: Project) -> None:
    asked = 0
    by_round: dict[int, int] = defaultdict(int)
    for choice in choices(ran):
        by_round[choice.round] += choice.people
    for round_ in sorted(by_round):
        asked += by_round[round_]
        assert asked <= 700
    record = ran.campaign().rounds[-1]
    told = (
        record.annotations,
        record.holdout_annotations,
        record.gold_annotations,
        record.adjudications,
    )
    assert sum(told) == len(events(ran)) <= 700
    assert all(told)


# --- pausing --------------------------------------------------------------------------------------


def test_the_careless_person_is_paused_and_what_they_said_is_asked_again(ran: Project) -> None:
    campaign = ran.campaign()
    (out,) = campaign.paused
    accuracy = {
        who: sum(said == known for w, _, said, known in graded if w == who)
        for graded in [_graded(ran)]
        for who in {w for w, *_ in graded}
    }
    assert out.annotator == min(accuracy, key=lambda who: accuracy[who])
    since = min(c.round for c in choices(ran) if f"{out.annotator} is paused" in c.reason)
    assert not [e for e in events(ran) if e.annotator == out.annotator and e.round >= since]
    again = [c for c in choices(ran) if "is paused" in c.reason]
    assert {c.purpose for c in again} == {"train", "holdout"}
    assert f"{out.annotator}: right on {out.right} of {out.answers} gold items" in status_view(
        ran.task, campaign
    )


def test_agreement_and_what_follows_from_it_leave_paused_people_out(ran: Project) -> None:
    campaign = ran.campaign()
    (out,) = campaign.paused
    measured = campaign.rounds[-1].measurement
    with ran.looking() as bench:
        watermark = bench.needed(campaign.rounds[-1].round, "collect")["watermark"]
        told, counting = bench.events(watermark), independent(bench, watermark)
        wrong = wrong_labels(bench, campaign.rounds[-1])
    assert out.annotator in {e.annotator for e in told}
    assert {e.annotator for e in counting} == {e.annotator for e in told} - {out.annotator}
    # Three who err in 5% agree in nine of ten; a fourth who does not look would bring alpha below 0.7.
    assert measured.alpha.estimate is not None
    assert measured.alpha.estimate > 0.75
    assert measured.ceiling is not None
    assert measured.ceiling.estimate is not None
    assert measured.ceiling.estimate > 0.9
    assert wrong is not None
    assert wrong < 0.1
    people = ran.people()[0].people
    assert people is not None
    assert people.fleiss.estimate is not None
    assert people.fleiss.estimate > 0.75
    assert out.annotator in {name for k in people.kappas for name in (k.one, k.other)}


def test_the_budget_bar_has_a_part_for_every_purpose(ran: Project) -> None:
    campaign = ran.campaign()
    spent = bill(ran.task, campaign)
    parts = {p.kind: p.annotations for p in spending(ran.task, campaign, spent)}
    assert parts["gold"] == spent.gold > 0
    assert parts["adjudicated"] == spent.adjudicated > 0
    assert sum(parts.values()) == spent.limit


def _graded(project: Project) -> tuple[tuple[str, str, object, object], ...]:
    with project.looking() as bench:
        return gold_answers(bench)


def test_labels_are_better_for_it(ran: Project, tmp_path: Path) -> None:
    without = Project(
        begin(tmp_path, TASK.replace(PAUSE, "").replace("agreement < 0.67", "agreement < 0.01"))
    )
    without.run()
    known = truth(tmp_path)

    def right(project: Project) -> float:
        told = labels(project)
        return sum(known[item] == label for item, label in told.items()) / len(told)

    assert right(ran) > right(without) + 0.03


def test_without_the_clause_the_person_is_back_and_so_is_all_that_they_said(
    ran: Project, tmp_path: Path
) -> None:
    before = len(events(ran))
    path = tmp_path / "news.task"
    (tmp_path / "news.csv").write_bytes((ran.data_root / "news.csv").read_bytes())
    path.write_text(TASK.replace(PAUSE, ""), encoding="utf-8")
    again = Project(path, state=ran.state.parent)
    campaign = again.campaign()
    assert campaign.paused == ()
    assert len(events(again)) == before


# --- adjudicating ---------------------------------------------------------------------------------


def test_what_is_in_doubt_is_decided_by_the_adjudicator_alone(ran: Project) -> None:
    decided = [e for e in events(ran) if e.purpose == ADJUDICATE]
    assert {e.annotator for e in decided} == {"ed"}
    assert max(Counter(e.item for e in decided).values()) == 1
    last = labels(ran)
    assert all(last[e.item] == e.labels[0] for e in decided)
    with ran.looking() as bench:
        rows = bench.items(0).rows_of([e.item for e in decided])
        parts = {int(bench.split(0)[row]) for row in rows}
    assert parts == {POOL, HOLDOUT}
    given: dict[str, set[str]] = defaultdict(set)
    for event in events(ran):
        if event.purpose != ADJUDICATE:
            given[event.item] |= set(event.labels)
    assert all(len(given[e.item]) > 1 for e in decided), "only what people disagreed on"


def test_the_adjudicator_sees_what_the_others_said_and_nobody_else_does(ran: Project) -> None:
    from labelwright.loop.adjudicating import said_by_others

    with ran.looking() as bench:
        choice = next(c for c in bench.store.choices() if c.purpose == ADJUDICATE)
        (row,) = bench.items(choice.round).rows_of([choice.item])
        told = said_by_others(bench, choice.round, [int(row)])[int(row)]
        own = [
            f"{e.annotator}: {e.labels[0]}"
            for e in bench.events(bench.watermark(choice.round))
            if e.item == choice.item
        ]
    assert list(told) == sorted(own)
    assert len(told) == 2


# --- from a file ----------------------------------------------------------------------------------


def _of_file(folder: Path, rows: list[tuple[str, str]]) -> Project:
    text = TASK.replace("gold = 24 items", 'gold = file("gold.csv")')
    path = begin(folder, text.replace("annotations = 700", "annotations = 200"))
    with (folder / "gold.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("id", "label"), *rows])
    return Project(path)


def test_gold_of_a_file_is_hidden_from_the_first_round_and_never_of_the_holdout(
    tmp_path: Path,
) -> None:
    begin(tmp_path)
    known = truth(tmp_path)
    project = _of_file(tmp_path, [(f"i{k}", known[f"i{k}"]) for k in range(60)])
    project.run()
    with project.looking() as bench:
        gold, split = gold_set(bench), bench.split(0)
        rows = bench.items(0).rows_of(list(gold))
    assert 30 <= len(gold) < 60
    assert {int(split[row]) for row in rows} == {POOL}
    asked = [c for c in choices(project) if c.purpose == GOLD]
    assert min(c.round for c in asked) == 0
    assert {e.annotator for e in events(project) if e.purpose == GOLD} <= {
        f"person_{k}" for k in range(1, 5)
    }
    assert not labels(project).keys() & gold.keys()


def test_a_file_that_names_what_is_no_class_is_refused(tmp_path: Path) -> None:
    project = _of_file(tmp_path, [("i1", "Weather")])
    with pytest.raises(DataError, match=r"gold\.csv says Weather of item i1, which is no class"):
        project.run()


# --- killed, and run again ------------------------------------------------------------------------


class KilledError(Exception):
    pass


def _dying(moment: int) -> Callable[[Moment], None]:
    passed = iter(range(10_000))

    def observe(_: Moment) -> None:
        if next(passed) == moment:
            raise KilledError

    return observe


SLOWLY = [pytest.param(moment, marks=pytest.mark.slow) for moment in range(1, 90, 11)]


@pytest.mark.parametrize("moment", [30, *SLOWLY])
def test_stopped_anywhere_it_ends_as_if_undisturbed(
    ran: Project, tmp_path: Path, moment: int
) -> None:
    path = begin(tmp_path)
    with pytest.raises(KilledError):
        Project(path).run(_dying(moment))
    project = Project(path)
    project.run()
    assert choices(project) == choices(ran)
    assert [(e.item, e.annotator, e.labels) for e in events(project)] == [
        (e.item, e.annotator, e.labels) for e in events(ran)
    ]
