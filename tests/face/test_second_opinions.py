"""Campaigns that ask somebody else about items that have an answer already."""

from __future__ import annotations

import csv
import json
import random
from collections import defaultdict
from pathlib import Path

import pytest

from labelwright import Project
from labelwright.loop.budget import spent
from labelwright.loop.history import Campaign
from labelwright.loop.outbox import Outbox, Sent
from labelwright.loop.store import Choice, Event
from labelwright.terminal import awaited_line, status_view

from .changing import SPLIT, VOTE, WORDS

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
  size = 20%
  annotations = 20
}
annotators { from = simulate(column = label, people = 4, error = 30%) }
budget {
  annotations = 140
  per_round = 20 items
}
query {
  second_opinions = auto
  phase cold until labels >= 20 { strategy = k_means }
  phase main { strategy = margin }
}
rules {
  phishing: vote Crime when body contains "phishing"
}
accept { accuracy >= 99.9% }
"""


def begin(folder: Path) -> Path:
    chance = random.Random(5)
    with (folder / "news.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "body", "label"))
        for number in range(240):
            label = chance.choice(list(WORDS))
            others = chance.choices([w for words in WORDS.values() for w in words], k=1)
            body = " ".join([*chance.choices(WORDS[label], k=3), *others])
            writer.writerow((f"i{number}", body, label))
    path = folder / "news.task"
    path.write_text(TASK, encoding="utf-8")
    return path


@pytest.fixture
def task(tmp_path: Path) -> Path:
    return begin(tmp_path)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A campaign that is over."""
    project = Project(begin(tmp_path_factory.mktemp("ran")))
    assert project.run().ending == "failed"
    return project


def write(task: Path, *edits: tuple[str, str], text: str = TASK) -> Project:
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    task.write_text(text, encoding="utf-8")
    return Project(task)


def choices(project: Project) -> list[Choice]:
    with project.looking() as bench:
        return bench.store.choices()


def events(project: Project) -> list[Event]:
    with project.looking() as bench:
        return bench.events()


def further(project: Project) -> list[Choice]:
    return [c for c in choices(project) if " opinion: " in c.reason]


def counts(campaign: Campaign) -> tuple[int, int]:
    rounds = campaign.rounds
    return sum(r.second_opinions for r in rounds), sum(r.rechecks for r in rounds)


# --- rehearsals -----------------------------------------------------------------------------------


def test_items_are_asked_again_of_other_people(ran: Project) -> None:
    project = ran
    asked = further(project)
    assert len(asked) > 20
    second, rechecks = counts(project.campaign())
    assert (second + rechecks, bool(second), bool(rechecks)) == (len(asked), True, True)
    assert {(c.people, c.purpose, c.probability) for c in asked} == {(1, "train", 1.0)}
    people: dict[str, list[str]] = defaultdict(list)
    for event in events(project):
        people[event.item].append(event.annotator)
    assert all(len(who) == len(set(who)) <= 4 for who in people.values())
    assert max(len(who) for who in people.values()) > 2, "a third opinion where two differ"
    used = spent(events(project))
    assert (used.training, used.holdout) == (120, 20), "each annotation is counted once"
    assert all(r.asked == 20 for r in project.campaign().rounds)
    first = {c.item: c.round for c in reversed(choices(project))}
    assert all(first[c.item] < c.round for c in asked)


def test_reasons_say_who_said_what_and_what_the_model_says(ran: Project) -> None:
    told = {(e.item, e.annotator): e.labels[0] for e in events(ran)}
    for choice in further(ran):
        what, _, rest = choice.reason.partition(" opinion: ")
        assert what in ("second", "third", "fourth")
        said = rest.partition(", the model says ")[0].split(", ")
        for each in said:
            who, _, label = each.partition(" said ")
            assert told[choice.item, who] == label
        assert len(said) == {"second": 1, "third": 2, "fourth": 3}[what]


def test_the_label_is_that_of_all_answers(ran: Project) -> None:
    project = ran
    path = project.export(project.state / "out.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    labels = {row["item"]: row["label"] for row in rows if row["source"] == "people"}
    given: dict[str, list[str]] = defaultdict(list)
    for event in events(project):
        given[event.item].extend(event.labels)
    split = {i: said for i, said in given.items() if len(said) == 3 and len(set(said)) == 2}
    assert split
    assert all(labels[i] == max(said, key=said.count) for i, said in split.items())


def test_none_is_the_default_and_changes_nothing(task: Path) -> None:
    project = write(task, ("  second_opinions = auto\n", ""))
    project.run()
    campaign = project.campaign()
    assert counts(campaign) == (0, 0)
    assert further(project) == []
    assert "opinion" not in status_view(project.task, campaign)


def test_at_most_a_share_of_each_round(task: Path) -> None:
    project = write(task, ("= auto", "= at_most(25%)"))
    project.run()
    for record in project.campaign().rounds:
        assert record.second_opinions + record.rechecks <= 5
        assert record.asked == 20
    assert sum(counts(project.campaign())) > 10


def test_a_run_again_from_the_same_seed_asks_the_same(ran: Project, task: Path) -> None:
    other = Project(task)
    other.run()
    assert choices(ran) == choices(other)
    assert other.run().ending == "failed"
    assert choices(ran) == choices(other)


def test_one_person_alone_is_never_asked_twice_and_the_round_says_so(task: Path) -> None:
    project = write(task, ("people = 4", "people = 1"))
    project.run()
    assert further(project) == []
    notes = [r.choosing.notes for r in project.campaign().rounds if r.choosing]
    assert (
        "no second opinions: only person_1 answers, and they are asked of somebody else"
        in notes[-1]
    )


def test_overlap_costs_no_more_than_it_did(task: Path) -> None:
    project = write(
        task,
        ("error = 30%)", "error = 30%)\n overlap = 2"),
        ("annotations = 140", "annotations = 160"),
    )
    project.run()
    assert further(project)
    people: dict[str, list[str]] = defaultdict(list)
    for event in events(project):
        people[event.item].append(event.annotator)
    assert all(len(who) == len(set(who)) >= 2 for who in people.values())
    assert all(c.people == (1 if " opinion: " in c.reason else 2) for c in choices(project))
    assert spent(events(project)).annotations <= 160


def test_status_and_report_say_how_many(ran: Project) -> None:
    project = ran
    campaign = project.campaign()
    second, rechecks = counts(campaign)
    new = sum(r.asked for r in campaign.rounds) - second - rechecks
    told = f"questions: {new} about new items, {second} second opinions, {rechecks} re-checks"
    assert told in " ".join(status_view(project.task, campaign).split())
    page = project.report().read_text(encoding="utf-8")
    assert f"{second} second opinions" in page
    assert f"{rechecks} re-checks" in page


def test_a_change_asks_again_what_a_further_opinion_left_without_an_answer(task: Path) -> None:
    """Answers of a class that was split are behind, the first one and the further ones alike."""
    project = write(task, ("annotations = 140", "annotations = 100"))
    project.run()
    asked = {c.item for c in further(project)}
    changed = write(task, SPLIT, VOTE, ("annotations = 140", "annotations = 160"))
    plan = changed.plan()
    said: dict[str, set[str]] = defaultdict(set)
    for event in events(project):
        said[event.item].update(event.labels)
    gone = {item for item, labels in said.items() if labels == {"Crime"}}
    assert {q.item for q in plan.queue} == gone
    assert gone & asked
    changed.apply(plan)
    assert changed.run().ending == "failed"
    again = {c.item for c in choices(changed) if c.reason.startswith("asked again")}
    assert gone <= again


# --- people ---------------------------------------------------------------------------------------

BY_PEOPLE = TASK.replace("simulate(column = label, people = 4, error = 30%)", "terminal")
TRUTH = {"money": "Business", "theft": "Crime", "scam": "Crime", "sport": "Sports"}


def truths(task: Path) -> dict[str, str]:
    with (task.parent / "news.csv").open(encoding="utf-8") as stream:
        return {row["id"]: TRUTH[row["label"]] for row in csv.DictReader(stream)}


def answer(project: Project, person: str, *, wrong: int = 0, skip: bool = False) -> list[Sent]:
    """The person answers in the terminal all that is open to them, every `wrong`-th item wrongly."""
    from labelwright.desk.draft import Answered, Desk
    from labelwright.desk.session import Session

    truth = truths(project.state.parent.parent / "news.task")
    with project.looking() as bench:
        session = Session(Desk(bench.task), Outbox(bench.store), person)
        seen = []
        while session.current is not None:
            label = truth[session.current.item]
            if wrong and int(session.current.item[1:]) % wrong == 0:
                label = "Sports" if label != "Sports" else "Crime"
            seen.append(session.current)
            session._give(Answered(() if skip else (label,)), skipped=skip)
        return seen


def test_somebody_else_sits_down_at_the_terminal(task: Path) -> None:
    project = write(task, text=BY_PEOPLE)
    for _ in range(3):  # kim works alone: nobody else is known
        assert project.run().ending == "waiting"
        assert answer(project, "kim", wrong=4)
        assert further(project) == []
    assert project.run().ending == "waiting"
    batch = answer(project, "lee")  # and now somebody else is
    assert project.run().ending == "waiting"
    asked = further(project)
    assert asked
    with project.looking() as bench:
        handed = [s for s in Outbox(bench.store).sent() if s.not_by]
    assert {s.item for s in handed} == {c.item for c in asked}
    assert {s.not_by for s in handed} <= {("kim",), ("lee",)}
    for_lee = {s.item for s in handed if s.not_by == ("kim",)}
    assert for_lee
    seen = {s.item for s in answer(project, "kim", wrong=4)}
    assert not seen & for_lee
    awaited = project.awaited()
    assert awaited is not None
    assert (awaited.missing, awaited.seconds) == (len(for_lee), len(for_lee))
    assert "further opinion" in awaited_line(awaited)
    assert project.run().ending == "waiting", "kim has nothing left, and the campaign waits for lee"
    assert {s.item for s in answer(project, "lee")} == for_lee
    assert len(batch) == 20
    project.run()
    assert len(project.campaign().rounds) == 5


def test_a_change_asks_again_what_somebody_skipped_who_was_asked_for_a_further_opinion(
    task: Path,
) -> None:
    project = write(task, text=BY_PEOPLE)
    for person in ("kim", "kim", "kim", "lee"):
        assert project.run().ending == "waiting"
        answer(project, person, wrong=4)
    assert project.run().ending == "waiting"
    answer(project, "kim", wrong=4)
    skipped = {s.item for s in answer(project, "lee", skip=True)}
    said = {e.item: e.labels for e in events(project) if e.labels}
    gone = {item for item in skipped if said[item] == ("Crime",)}
    assert gone
    queue = {q.item for q in write(task, SPLIT, VOTE, text=BY_PEOPLE).plan().queue}
    assert gone <= queue
    assert not queue & (skipped - gone)


def test_a_batch_whose_other_person_left_goes_on_when_the_task_says_none(task: Path) -> None:
    project = write(task, text=BY_PEOPLE)
    for person in ("kim", "kim", "kim", "lee", "kim"):
        assert project.run().ending == "waiting"
        answer(project, person, wrong=4)
    assert project.run().ending == "waiting"
    before = len(project.campaign().rounds)
    project = write(task, ("second_opinions = auto", "second_opinions = none"), text=BY_PEOPLE)
    project.run()
    assert len(project.campaign().rounds) == before + 1
    awaited = project.awaited()
    assert awaited is None or awaited.seconds == 0


def test_files_take_a_further_opinion_from_somebody_else_alone(task: Path) -> None:
    text = BY_PEOPLE.replace("from = terminal", 'from = files("batches", format = "csv")')
    project = write(task, text=text)
    truth, folder = truths(task), task.parent / "batches"

    def fill(round_: int, who: str, *, only_new: bool = False, others: bool = False) -> int:
        path = folder / f"news-{round_}.csv"
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        filled = 0
        for row in rows:
            barred = bool(row.get("not_by"))
            if row["label"] or (barred and only_new) or (others and not barred):
                continue
            right = truth[row["item"]]
            wrong = "Sports" if right != "Sports" else "Crime"
            row["label"] = wrong if who == "kim" and int(row["item"][1:]) % 4 == 0 else right
            row["annotator"] = who
            filled += 1
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return filled

    for round_, who in enumerate(("kim", "", "kim", "lee")):
        assert project.run().ending == "waiting"
        fill(round_, who)
    assert project.run().ending == "waiting"
    with project.looking() as bench:
        handed = {s.item: s.not_by for s in Outbox(bench.store).sent() if s.not_by}
    assert handed
    assert "somebody" not in {who for others in handed.values() for who in others}
    fill(4, "kim")
    assert project.run().ending == "waiting"
    mine = [item for item, others in handed.items() if "kim" in others]
    told = [line for line in project.sync().told if "a second opinion is asked" in line]
    assert len(told) == len(mine) > 0
    assert "kim gave the first: it is for somebody else" in told[0]
    path = folder / "news-4.csv"
    path.write_text(path.read_text("utf-8-sig").replace(",kim,", ",lee,"), encoding="utf-8-sig")
    project.run()
    assert len(project.campaign().rounds) == 5
