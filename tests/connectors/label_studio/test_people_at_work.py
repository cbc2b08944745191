"""What people may do while a campaign runs: whatever it is, each answer counts once, as it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stamina

from labelwright.connectors.label_studio import source
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.loop.errors import ConnectorError
from labelwright.loop.history import Synced
from labelwright.loop.outbox import Outbox
from labelwright.loop.store import Event, Store

from .faulty import Fault
from .rounds import PEOPLE, Json, Round, StandInDesk, hurried, write_task
from .standin import OWNER, StandIn, choice

MINJUN, JIWOO = 0, 1


class Desk:
    """A first batch that was sent, and two people."""

    def __init__(self, server: StandIn, folder: Path) -> None:
        self.server = server
        self.people = StandInDesk(server)
        self.round = Round(write_task(folder), folder / "state", self.people)
        assert self.round.run() == "waiting"
        self.tasks = [t["id"] for t in self.people.tasks(self.project)]
        self.item = {s.remote: s.item for s in self.round.sent()}
        assert len(self.tasks) == 10

    @property
    def project(self) -> int:
        return self.round.number()

    def sync(self) -> Synced:
        return self.round.project().sync()

    def choose(self, task: int, who: int, *labels: str) -> int:
        """Somebody answers; the annotation's number."""
        return self.server.answer(task, OWNER + 1 + who, choice("label", *labels), 2.0)

    def skip(self, task: int, who: int) -> int:
        return self.server.answer(task, OWNER + 1 + who, [], 1.0, skipped=True)

    def told(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Answers in force: item, who, labels."""
        return sorted((e.item, e.annotator, e.labels) for e in self.events())

    def events(self) -> list[Event]:
        return self.round.events()

    def states(self) -> dict[str, str]:
        """State by item."""
        return {s.item: s.state for s in self.round.sent()}


@pytest.fixture
def desk(standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("LABEL_STUDIO_URL", standin.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", standin.token)
    hurried(monkeypatch)
    with stamina.set_testing(True, attempts=2, cap=True):
        yield Desk(standin, tmp_path)


def changes(synced: Synced) -> tuple[int, int, int]:
    return synced.answers, synced.edits, synced.deletions


# --- one item -------------------------------------------------------------------------------------


def test_an_answer_that_is_edited_and_deleted_after_it_was_fetched(desk: Desk) -> None:
    first, item = desk.tasks[0], desk.item[desk.tasks[0]]
    answer = desk.choose(first, MINJUN, "Good")
    assert changes(desk.sync()) == (1, 0, 0)
    desk.server.edit(answer, choice("label", "Bad"))
    assert changes(desk.sync()) == (0, 1, 0)
    assert desk.told() == [(item, PEOPLE[MINJUN], ("Bad",))]
    desk.server.remove(answer)
    assert changes(desk.sync()) == (0, 0, 1)
    assert desk.told() == []
    assert changes(desk.sync()) == (0, 0, 0)


def test_a_number_that_is_given_again_is_another_answer(desk: Desk) -> None:
    one, other = desk.tasks[:2]
    answer = desk.choose(one, MINJUN, "Good")
    desk.sync()
    desk.server.remove(answer)
    assert desk.choose(other, JIWOO, "Bad") == answer
    assert changes(desk.sync()) == (1, 0, 1)
    assert desk.told() == [(desk.item[other], PEOPLE[JIWOO], ("Bad",))]
    desk.server.remove(answer)
    assert desk.choose(other, JIWOO, "Bad") == answer
    assert changes(desk.sync()) == (1, 0, 1)


def test_a_skip_and_then_an_answer(desk: Desk) -> None:
    first, item = desk.tasks[0], desk.item[desk.tasks[0]]
    skipped = desk.skip(first, MINJUN)
    assert changes(desk.sync()) == (1, 0, 0)
    assert [e.skipped for e in desk.events()] == [True]
    desk.server.remove(skipped)  # what the editor does when a skip is taken back
    desk.choose(first, MINJUN, "Good")
    assert changes(desk.sync()) == (1, 0, 1)
    assert desk.told() == [(item, PEOPLE[MINJUN], ("Good",))]


def test_one_person_answers_twice_and_more_people_than_were_asked(desk: Desk) -> None:
    first, item = desk.tasks[0], desk.item[desk.tasks[0]]
    for who, label in ((MINJUN, "Good"), (MINJUN, "Bad"), (JIWOO, "Bad")):
        desk.choose(first, who, label)
    synced = desk.sync()
    assert changes(synced) == (3, 0, 0)
    assert synced.awaited is not None
    assert synced.awaited.missing == 9
    told = [(item, PEOPLE[JIWOO], ("Bad",))]
    told += [(item, PEOPLE[MINJUN], (label,)) for label in ("Bad", "Good")]
    assert desk.told() == told
    assert len({e.reference for e in desk.events()}) == 3


def test_an_answer_made_unreadable_counts_no_more_until_it_can_be_read(desk: Desk) -> None:
    first, item = desk.tasks[0], desk.item[desk.tasks[0]]
    answer = desk.choose(first, MINJUN, "Good")
    desk.sync()
    desk.server.edit(answer, choice("label", "Nonsense"))
    synced = desk.sync()
    assert changes(synced) == (0, 0, 1)
    assert "Nonsense" in " ".join(synced.told)
    desk.server.edit(answer, choice("label", "Bad"))
    synced = desk.sync()
    assert (changes(synced), synced.told) == ((1, 0, 0), ())
    assert desk.told() == [(item, PEOPLE[MINJUN], ("Bad",))]


# --- tasks that come and go -----------------------------------------------------------------------


def test_a_task_that_somebody_deletes_keeps_its_answers_and_is_not_made_again(desk: Desk) -> None:
    kept, lost = desk.tasks[0], desk.tasks[1]
    desk.choose(kept, MINJUN, "Good")
    desk.choose(lost, MINJUN, "Bad")
    desk.sync()
    before = desk.told()
    desk.server.remove_task(lost)
    synced = desk.sync()
    assert changes(synced) == (0, 0, 0)
    assert "items deleted on the server, answers kept: 1" in " ".join(synced.told)
    assert desk.told() == before
    assert desk.states()[desk.item[lost]] == "gone"
    assert desk.round.run() == "waiting"
    assert desk.round.run() == "waiting"
    assert len(desk.people.tasks(desk.project)) == 9
    assert list(desk.states().values()).count("gone") == 1


def test_a_deleted_task_that_is_sent_again_takes_no_answer_back(desk: Desk) -> None:
    lost = desk.tasks[-1]
    item = desk.item[lost]
    desk.choose(lost, MINJUN, "Good")
    desk.sync()
    desk.server.remove_task(lost)
    desk.sync()
    with Store(desk.round.state / "small") as store:
        Outbox(store).mark([s.uid for s in desk.round.sent() if s.item == item], "waiting")
    assert desk.round.run() == "waiting"
    assert desk.states()[item] == "sent"
    (again,) = (s.remote for s in desk.round.sent() if s.item == item)
    desk.choose(again or 0, JIWOO, "Bad")
    assert changes(desk.sync()) == (1, 0, 0)
    assert desk.told() == [(item, PEOPLE[JIWOO], ("Bad",)), (item, PEOPLE[MINJUN], ("Good",))]


def test_the_number_of_a_deleted_task_is_given_to_another(desk: Desk) -> None:
    last = desk.tasks[-1]
    desk.choose(last, MINJUN, "Good")
    desk.sync()
    before = desk.told()
    desk.server.remove_task(last)
    data = {"text": "by hand", "lw_note": "", "lw_hint": ""}
    assert desk.server.memory.import_tasks(OWNER, desk.project, [data]) == [last]
    desk.choose(last, JIWOO, "Bad")
    assert changes(desk.sync()) == (0, 0, 0)
    assert desk.told() == before
    assert desk.states()[desk.item[last]] == "gone"


def test_an_item_that_came_twice_and_was_answered_on_both(desk: Desk) -> None:
    memory = desk.server.memory
    first = desk.tasks[0]
    late = memory.import_tasks(OWNER, desk.project, [{"data": dict(memory.task(first)["data"])}])
    desk.choose(first, MINJUN, "Good")
    desk.choose(late[0], JIWOO, "Bad")
    synced = desk.sync()
    item = desk.item[first]
    both = [(item, PEOPLE[JIWOO], ("Bad",)), (item, PEOPLE[MINJUN], ("Good",))]
    assert changes(synced) == (2, 0, 0)
    assert "arrived twice" in " ".join(synced.told)
    assert [t["id"] for t in desk.people.tasks(desk.project)] == desk.tasks
    assert desk.told() == both
    assert changes(desk.sync()) == (0, 0, 0)
    assert desk.told() == both


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("nth", [1, 2])
def test_putting_together_is_interrupted(
    desk: Desk, nth: int, answered: bool, standin: StandIn
) -> None:
    """Another task is deleted meanwhile, so that as many are there as there should be."""
    memory = standin.memory
    first = desk.tasks[0]
    data = {"data": dict(memory.task(first)["data"])}
    (late,) = memory.import_tasks(OWNER, desk.project, [data])
    desk.choose(first, MINJUN, "Good")
    if answered:
        desk.choose(late, JIWOO, "Bad")
    standin.memory.clock = lambda: datetime.now(UTC) + timedelta(seconds=30)
    desk.choose(desk.tasks[1], MINJUN, "Good")
    step = ("PATCH", "/api/annotations/") if answered and nth == 1 else ("POST", "/api/dm/actions")
    standin.plan.add(Fault("drop_after", method=step[0], path=step[1]))
    with pytest.raises(ConnectorError):
        desk.sync()
    desk.server.remove_task(desk.tasks[-1])
    desk.sync()
    desk.sync()
    assert [t["id"] for t in desk.people.tasks(desk.project)] == desk.tasks[:-1]
    assert len(desk.told()) == 2 + answered
    assert desk.states()[desk.item[desk.tasks[-1]]] == "gone"


def test_putting_together_was_not_begun_and_the_counts_hide_it(
    desk: Desk, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = standin.memory
    memory.import_tasks(OWNER, desk.project, [{"data": dict(memory.task(desk.tasks[0])["data"])}])
    standin.memory.clock = lambda: datetime.now(UTC) + timedelta(seconds=30)
    desk.choose(desk.tasks[1], MINJUN, "Good")

    def refuse(*_: object) -> None:
        raise ConnectorError("refused", retry=True)

    with monkeypatch.context() as broken, pytest.raises(ConnectorError, match="refused"):
        broken.setattr(LabelStudio, "delete_tasks", refuse)
        desk.sync()
    desk.server.remove_task(desk.tasks[-1])
    desk.sync()
    assert [t["id"] for t in desk.people.tasks(desk.project)] == desk.tasks[:-1]


def test_the_project_is_deleted(desk: Desk) -> None:
    desk.choose(desk.tasks[0], MINJUN, "Good")
    desk.sync()
    before = desk.told()
    desk.server.memory.delete_project(desk.project)
    for command in (desk.sync, desk.round.project().run):
        with pytest.raises(ConnectorError, match="somebody deleted it") as raised:
            command()
        assert "what was collected is kept" in raised.value.remedy
    assert desk.told() == before


def test_the_project_is_deleted_before_the_second_batch(standin: StandIn, desk: Desk) -> None:
    desk.round.answer()
    standin.plan.add(Fault("drop_after", method="POST", path="/import"))
    standin.plan.add(Fault("drop_after", method="GET", path="/api/tasks/", nth=4, times=4))
    assert desk.round.run() is None
    standin.plan.clear()
    desk.server.memory.delete_project(desk.project)
    with pytest.raises(ConnectorError, match="somebody deleted it"):
        desk.round.project().run()
    assert len(desk.told()) == 10


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-7, 7])
def test_a_server_whose_clock_is_hours_off(desk: Desk, hours: int, standin: StandIn) -> None:
    off = timedelta(hours=hours)
    standin.memory.clock = lambda: datetime.now(UTC) + off
    goes_on_as_usual(desk)


@pytest.mark.parametrize("hours", [-7, 7])
def test_answers_that_are_dated_by_another_clock(
    desk: Desk, hours: int, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    off = timedelta(hours=hours)
    monkeypatch.setattr(standin, "dates", lambda: datetime.now(UTC) + off)
    goes_on_as_usual(desk)


def goes_on_as_usual(desk: Desk) -> None:
    """What people do is seen once, and nothing is ever read as new again."""
    made = [desk.choose(task, MINJUN, "Good") for task in desk.tasks[:3]]
    assert changes(desk.sync()) == (3, 0, 0)
    desk.server.edit(made[0], choice("label", "Bad"))
    assert changes(desk.sync()) == (0, 1, 0)
    desk.server.remove(made[1])
    desk.choose(desk.tasks[4], JIWOO, "Bad")
    assert changes(desk.sync()) == (1, 0, 1)
    assert changes(desk.sync()) == (0, 0, 0)


@pytest.mark.parametrize("hours", [-7, 7])
def test_a_clock_that_is_set(desk: Desk, hours: int, standin: StandIn) -> None:
    made = [desk.choose(task, MINJUN, "Good") for task in desk.tasks[:3]]
    desk.sync()
    off = timedelta(hours=hours)
    standin.memory.clock = lambda: datetime.now(UTC) + off
    standin.memory.forget_latest()
    desk.server.edit(made[0], choice("label", "Bad"))
    assert changes(desk.sync()) == (0, 1, 0)
    desk.server.edit(made[1], choice("label", "Bad"))
    assert changes(desk.sync()) == (0, 1, 0)
    standin.memory.clock = lambda: datetime.now(UTC)
    standin.memory.forget_latest()
    desk.server.remove(made[2])
    assert changes(desk.sync()) == (0, 0, 1)
    desk.server.edit(made[0], choice("label", "Good"))
    assert changes(desk.sync()) == (0, 1, 0)


def test_where_nothing_is_new_two_requests_say_so(desk: Desk, standin: StandIn) -> None:
    desk.choose(desk.tasks[0], MINJUN, "Good")
    for seconds in (0, 20, 40, 60):
        later = timedelta(seconds=seconds)
        standin.memory.clock = lambda later=later: datetime.now(UTC) + later  # type: ignore[misc]
        last = desk.sync()
    assert last.requests == 2


# --- while a list is read -------------------------------------------------------------------------


@pytest.mark.parametrize("when", [0, 1, 3, 6])
def test_people_go_on_while_the_list_is_read(
    desk: Desk, when: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of two tasks; in the middle of each list people answer, edit, delete."""
    made = [desk.choose(task, MINJUN, "Good") for task in desk.tasks]
    acts: list[Callable[[], Any]] = [
        lambda: desk.choose(desk.tasks[0], JIWOO, "Bad"),
        lambda: desk.server.edit(made[1], choice("label", "Bad")),
        lambda: desk.server.remove(made[2]),
        lambda: desk.server.remove_task(desk.tasks[0]),
        lambda: desk.choose(desk.tasks[9], JIWOO, "Bad"),
        lambda: desk.server.edit(made[8], choice("label", "Bad")),
    ]

    class Client(LabelStudio):
        def tasks(self, project: int, **how: Any) -> Iterator[Json]:
            rows = super().tasks(project, **{**how, "page_size": 2})
            for number, row in enumerate(rows):
                if number == when and acts:
                    acts.pop(0)()
                yield row

    token = desk.server.token
    monkeypatch.setattr(source, "_connect", lambda: Client(desk.server.url, token))
    while acts:
        desk.sync()
    desk.sync()
    gone = desk.item[desk.tasks[0]]
    there = sorted(
        (desk.item[t["id"]], a["who"], a["labels"])
        for t in desk.people.tasks(desk.project)
        for a in t["annotations"]
    )
    assert [told for told in desk.told() if told[0] != gone] == there
    assert (gone, PEOPLE[MINJUN], ("Good",)) in desk.told()
