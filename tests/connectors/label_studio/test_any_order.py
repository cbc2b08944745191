"""People answer, edit, skip and delete in any order, and somebody fetches at any time: the store then says
exactly what they said, whatever went wrong on the way. The model is a dictionary that people write into.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stamina
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from labelwright.loop.outbox import Outbox
from labelwright.loop.store import Store

from .faulty import Fault
from .rounds import PEOPLE, Json, Round, StandInDesk, hurried, write_task
from .standin import OWNER, StandIn, choice

LABELS = ("Good", "Bad", "Nonsense")
WHO = st.integers(0, len(PEOPLE) - 1)
PLACE = st.integers(0, 99)  # which of those there are: taken modulo their number


@dataclass(frozen=True)
class Said:
    """An answer as somebody gave it; no label for a skip."""

    item: str
    who: str
    label: str | None
    uid: str


class AnyOrder(RuleBasedStateMachine):
    """Starts from a campaign whose first batch was sent (`began`)."""

    began: Began

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.server = self.began.server
        self.round = self.began.restored(folder / "state")
        self.memory = self.server.memory
        self.item = {s.uid: s.item for s in self.round.sent()}
        self.data = {t["data"]["lw_uid"]: t["data"] for t in self.memory.tasks.values()}
        self.said: dict[tuple[int, str], Said] = {}  # by the annotation's number and time
        self.kept: dict[tuple[int, str], Said] = {}  # fetched, on tasks that are gone
        self.fetched: dict[tuple[int, str], Said] = {}
        self.offset = timedelta()

    def teardown(self) -> None:
        self.fetch()
        self.stack.close()

    # --- people -----------------------------------------------------------------------------------

    @precondition(lambda self: self.memory.tasks)
    @rule(place=PLACE, who=WHO, label=st.sampled_from((*LABELS, None)))
    def answer(self, place: int, who: int, label: str | None) -> None:
        task = list(self.memory.tasks.values())[place % len(self.memory.tasks)]
        result = choice("label", label) if label else []
        number = self.server.answer(task["id"], OWNER + 1 + who, result, 2.0, skipped=label is None)
        uid = task["data"]["lw_uid"]
        said = Said(self.item[uid], PEOPLE[who], label, uid)
        self.said[number, self.memory.annotations[number]["created_at"]] = said

    @precondition(lambda self: self.memory.annotations)
    @rule(place=PLACE, label=st.sampled_from((*LABELS, None)))
    def edit(self, place: int, label: str | None) -> None:
        annotation = self.any_annotation(place)
        body = {"result": choice("label", label) if label else [], "was_cancelled": label is None}
        self.memory.edit_annotation(OWNER, annotation["id"], body)
        key = annotation["id"], annotation["created_at"]
        self.said[key] = replace(self.said[key], label=label)

    @precondition(lambda self: self.memory.annotations)
    @rule(place=PLACE)
    def remove(self, place: int) -> None:
        annotation = self.any_annotation(place)
        del self.said[annotation["id"], annotation["created_at"]]
        self.server.remove(annotation["id"])

    @precondition(lambda self: len(self.memory.tasks) > 3)
    @rule(place=PLACE)
    def remove_task(self, place: int) -> None:
        task = list(self.memory.tasks.values())[place % len(self.memory.tasks)]
        for annotation in self.memory.annotations_of(task["id"]):
            del self.said[annotation["id"], annotation["created_at"]]
        self.server.remove_task(task["id"])

    def any_annotation(self, place: int) -> Json:
        return list(self.memory.annotations.values())[place % len(self.memory.annotations)]

    # --- the world --------------------------------------------------------------------------------

    @rule(place=PLACE)
    def a_late_import(self, place: int) -> None:
        """An item arrives once more, perhaps one whose task somebody deleted."""
        data = list(self.data.values())[place % len(self.data)]
        self.memory.import_tasks(OWNER, self.round.number(), [{"data": dict(data)}])

    @rule()
    def send_again(self) -> None:
        """What an applied plan does with items that somebody deleted."""
        with Store(self.round.state / "small") as store:
            outbox = Outbox(store)
            gone = [s.uid for s in outbox.sent() if s.state == "gone"]
            outbox.mark(gone, "waiting")

    @rule(seconds=st.sampled_from((3, 20, 4000, -4000)))
    def time_passes(self, seconds: int) -> None:
        """Or the server's clock is set."""
        self.offset += timedelta(seconds=seconds)
        offset = self.offset
        self.memory.clock = lambda: datetime.now(UTC) + offset
        if seconds < 0:
            self.memory.forget_latest()

    @rule(nth=st.integers(1, 6))
    def fetch_in_vain(self, nth: int) -> None:
        self.server.plan.add(Fault("drop_after", nth=nth, times=4))
        self.round.sync()
        self.server.plan.clear()
        self.fetch()

    @rule()
    def fetch(self) -> None:
        there = {t["data"]["lw_uid"] for t in self.memory.tasks.values()}
        self.kept |= {key: one for key, one in self.fetched.items() if one.uid not in there}
        assert self.round.sync()
        self.fetched = dict(self.said)
        self.compare()

    def compare(self) -> None:
        said = {**self.kept, **self.said}
        readable = [s for s in said.values() if s.label != "Nonsense"]
        events = self.round.events()
        stored = [(e.item, e.annotator, e.labels[0] if e.labels else None) for e in events]
        assert sorted(stored, key=str) == sorted(
            ((s.item, s.who, s.label) for s in readable), key=str
        )
        uids = [t["data"]["lw_uid"] for t in self.memory.tasks.values()]
        assert len(uids) == len(set(uids))
        states = {s.uid: s.state for s in self.round.sent()}
        assert {uid for uid, state in states.items() if state == "sent"} == set(uids)
        assert len(self.memory.annotations) == len(self.said)


class Began:
    """A campaign whose first batch was sent, to be begun from again and again."""

    def __init__(self, server: StandIn, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.task = write_task(folder)
        self.desk = StandInDesk(server)
        assert Round(self.task, folder / "state", self.desk).run() == "waiting"
        self._held = {name: copy.deepcopy(vars(server.memory)[name]) for name in self._NAMES}

    _NAMES = ("projects", "tasks", "annotations")

    def restored(self, state: Path) -> Round:
        """As it was, in a folder of its own."""
        shutil.copytree(self.folder / "state", state)
        vars(self.server.memory).update(copy.deepcopy(self._held))
        self.server.memory.clock = lambda: datetime.now(UTC)
        self.server.memory.forget_latest()
        self.server.plan.clear()
        return Round(self.task, state, self.desk)


@pytest.fixture(scope="module")
def began(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Began]:
    with (
        StandIn() as server,
        pytest.MonkeyPatch.context() as monkeypatch,
        stamina.set_testing(True, attempts=2, cap=True),
    ):
        monkeypatch.setenv("LABEL_STUDIO_URL", server.url)
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token)
        hurried(monkeypatch)
        yield Began(server, tmp_path_factory.mktemp("began"))


def run(began: Began, examples: int, steps: int) -> None:
    machine = type("Machine", (AnyOrder,), {"began": began})
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
        derandomize=examples < 10,
        database=None,
    )
    run_state_machine_as_test(machine, settings=how)


def test_the_store_says_what_people_say(began: Began) -> None:
    run(began, examples=3, steps=18)


@pytest.mark.slow
def test_the_store_says_what_people_say_at_length(began: Began) -> None:
    run(began, examples=40, steps=30)
