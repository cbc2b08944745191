"""A round on a real server, past a network that misbehaves at every write and at samples of the reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import stamina

from labelwright.connectors.label_studio.client import LabelStudio
from tests.labeller import Labeller
from tests.studio_server import Studio

from .faulty import Fault
from .proxy import Proxy
from .rounds import Json, Round, hurried, write_task
from .test_losing_nothing import KINDS, Kind

TIMEOUT = 4.0  # seconds: the server itself takes up to one
READS = 16  # about; of a campaign that nothing disturbs


class RealDesk:
    """A real server, and two people in sessions of their own."""

    def __init__(self, studio: Studio, people: list[Labeller]) -> None:
        self.url, self.token = studio.url, studio.token
        self.people = people
        self.client = LabelStudio(studio.url, studio.token)

    def settle(self) -> None:
        """What is late is late in the proxy."""

    def tasks(self, project: int) -> list[Json]:
        who = self.client.people()
        return [
            {
                "id": task["id"],
                "data": task["data"],
                "annotations": [
                    {"id": a["id"], "who": who[a["completed_by"]], "labels": _labels(a)}
                    for a in task["annotations"]
                ],
            }
            for task in self.client.tasks(project, fields_all=True)
        ]

    def projects(self, mark: str) -> list[int]:
        return [p["id"] for p in self.client.projects() if mark in p["description"]]

    def choose(self, task: int, who: int, label: str) -> None:
        self.people[who].choose(task, label, seconds=2.0)


def _labels(annotation: Json) -> tuple[str, ...]:
    return tuple(v for part in annotation["result"] for v in part["value"]["choices"])


@pytest.fixture(scope="module")
def desk(studio: Studio) -> Iterator[RealDesk]:
    with ExitStack() as stack:
        people = [stack.enter_context(Labeller(studio, name)) for name in ("minjun", "jiwoo")]
        desk = RealDesk(studio, people)
        yield desk
        desk.client.close()


Begin = Callable[..., Round]


@pytest.fixture
def begin(
    desk: RealDesk, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Begin]:
    """A campaign of its own; its project goes afterwards."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    begun: list[Round] = []

    def new(url: str = studio.url) -> Round:
        monkeypatch.setenv("LABEL_STUDIO_URL", url)
        hurried(monkeypatch, timeout=TIMEOUT)
        begun.append(Round(write_task(tmp_path), tmp_path / "state", desk))
        return begun[-1]

    with stamina.set_testing(True, attempts=4, cap=True):
        yield new
    for round_ in begun:
        desk.client.delete_project(round_.number())


@pytest.fixture(scope="module")
def undisturbed(desk: RealDesk, tmp_path_factory: pytest.TempPathFactory) -> Json:
    with pytest.MonkeyPatch.context() as monkeypatch, Proxy(desk.url) as proxy:
        monkeypatch.setenv("LABEL_STUDIO_URL", proxy.url)
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", desk.token)
        hurried(monkeypatch)
        folder = tmp_path_factory.mktemp("undisturbed")
        round_ = Round(write_task(folder), folder / "state", desk)
        round_.finish()
        assert not round_.errors
        round_.check()
        assert proxy.plan.count("POST") == 3
        desk.client.delete_project(round_.number())
        return round_.story()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_write_meets_each_fault(
    kind: Kind, begin: Begin, desk: RealDesk, undisturbed: Json
) -> None:
    seconds = {"busy": 0.0, "late": 0.5, "slow": 60.0}.get(kind, 1.0)

    def harmed(path: str) -> Fault:
        return Fault(kind, method="POST", path=path, seconds=seconds, location="http://127.0.0.1:9")

    with Proxy(desk.url) as proxy:
        round_ = begin(proxy.url)
        proxy.plan.add(harmed("/api/projects/$"), harmed("/import$"))
        while round_.run() != "waiting":
            assert len(round_.errors) < 9
        round_.answer()
        proxy.plan.clear()
        proxy.plan.add(harmed("/import$"))
        round_.finish()
        proxy.settle()
        assert round_.sync()
    round_.check()
    assert round_.story() == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("first", range(3))
def test_samples_of_the_reads(first: int, begin: Begin, desk: RealDesk, undisturbed: Json) -> None:
    with Proxy(desk.url) as proxy:
        round_ = begin(proxy.url)
        for nth in range(1 + first, READS + 1, 3):
            kind = KINDS[(nth + 5 * first) % len(KINDS)]
            proxy.plan.add(
                Fault(kind, nth=nth, method="GET", seconds=0.0, location="http://127.0.0.1:9")
            )
        round_.finish()
        proxy.settle()
        assert round_.sync()
    round_.check()
    assert round_.story() == undisturbed


def test_people_at_work(begin: Begin, desk: RealDesk) -> None:
    """What the stand-in is believed to do too."""
    round_ = begin()
    assert round_.run() == "waiting"
    minjun, jiwoo = desk.people
    project = round_.number()
    tasks = desk.tasks(project)
    one, two, three = (t["id"] for t in tasks[:3])
    (late,) = desk.client.import_tasks(project, [{"data": tasks[0]["data"]}])
    minjun.choose(one, "Good")
    jiwoo.choose(late, "Bad")
    edited, removed = minjun.choose(two, "Good"), minjun.choose(three, "Good")
    assert round_.sync()
    assert len(round_.events()) == 4
    round_.check()
    minjun.edit(edited, "Bad")
    minjun.remove(removed)
    jiwoo.choose(three, "Bad")
    assert round_.sync()
    round_.check()
    last = tasks[-1]["id"]
    minjun.choose(last, "Good")
    assert round_.sync()
    desk.client.delete_tasks(project, [last])
    assert round_.sync()
    assert [s.state for s in round_.sent() if s.remote == last] == ["gone"]
    assert len(round_.events()) == 5
    assert round_.run() == "waiting"
    assert last not in {t["id"] for t in desk.tasks(project)}
