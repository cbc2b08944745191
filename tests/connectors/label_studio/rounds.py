"""A campaign small enough to be run hundreds of times: two rounds that two people answer, and what must
be true of it in the end, whatever happened on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from labelwright import Project
from labelwright.connectors.label_studio import site as site_module
from labelwright.connectors.label_studio import source as source_module
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.credentials import credentials
from labelwright.exporting import curve_json
from labelwright.loop.errors import ConnectorError
from labelwright.loop.outbox import Outbox, Sent
from labelwright.loop.store import Event, Store

from .standin import StandIn, choice

Json = dict[str, Any]
TASK = """
task small "Two small rounds"
class Good
class Bad
data {
  source = csv("items.csv")
  id = id
  text = text
}
holdout {
  size = 25%
  annotations = 4
}
annotators { from = label_studio }
budget {
  annotations = 16
  per_round = 6 items
}
query {
  phase cold until labels >= 6 { strategy = random }
  phase main { strategy = margin }
}
"""
ITEMS = 32
PEOPLE = ("minjun@example.com", "jiwoo@example.com")
_AGAIN = 16  # times that somebody runs the same command before giving up


def write_task(folder: Path) -> Path:
    """The task and its data."""
    words = ("fine weather today", "rain and more rain", "a sunny walk", "cold wind and mud")
    rows = "".join(f"i{n},{words[n % 4]} number {n * 7 % 13}\n" for n in range(ITEMS))
    (folder / "items.csv").write_text("id,text\n" + rows, encoding="utf-8")
    (folder / "small.task").write_text(TASK, encoding="utf-8")
    return folder / "small.task"


def label_of(text: str) -> str:
    """What everybody answers."""
    return "Good" if "fine" in text or "sunny" in text else "Bad"


def person_for(text: str) -> int:
    """Which of the two answers an item: always the same."""
    return sum(text.encode()) % len(PEOPLE)


class Desk(Protocol):
    """A server as people and the test see it, past all faults."""

    url: str
    token: str

    def settle(self) -> None:
        """Wait for what is done late."""

    def tasks(self, project: int) -> list[Json]:
        """All tasks with their annotations: `id`, `data`, `annotations` (`id`, `who`, `labels`)."""

    def projects(self, mark: str) -> list[int]:
        """All projects with this in their description."""

    def choose(self, task: int, who: int, label: str) -> None:
        """One of the people answers."""


class StandInDesk:
    """The stand-in."""

    def __init__(self, server: StandIn) -> None:
        self.server = server
        self.url, self.token = server.url, server.token
        self._people = [server.person(email) for email in PEOPLE]

    def settle(self) -> None:
        self.server.settle()

    def tasks(self, project: int) -> list[Json]:
        memory = self.server.memory
        with memory.lock:
            return [
                {
                    "id": task["id"],
                    "data": task["data"],
                    "annotations": [
                        {"id": a["id"], "who": memory.people[a["completed_by"]],
                         "labels": _labels(a["result"])}
                        for a in memory.annotations_of(task["id"])
                    ],
                }
                for task in memory.tasks.values()
                if task["project"] == project
            ]  # fmt: skip

    def projects(self, mark: str) -> list[int]:
        projects = self.server.memory.projects.values()
        return [one["id"] for one in projects if mark in one["description"]]

    def choose(self, task: int, who: int, label: str) -> None:
        self.server.answer(task, self._people[who], choice("label", label), lead_time=2.0)


def _labels(result: list[Json]) -> tuple[str, ...]:
    return tuple(value for part in result for value in part["value"]["choices"])


class Round:
    """The campaign in a folder of its own. run: how one command is run; `Project.run` where none is given."""

    def __init__(self, task: Path, state: Path, desk: Desk) -> None:
        self.desk = desk
        self.task, self.state = task, state
        self.errors: list[ConnectorError] = []

    def project(self) -> Project:
        return Project(self.task, state=self.state)

    def run(self) -> str | None:
        """Run the command once; None where the server was at fault."""
        try:
            return self.project().run().ending
        except ConnectorError as error:
            self.errors.append(error)
            return None

    def sync(self) -> bool:
        """Fetch what is new; False where the server was at fault."""
        try:
            self.project().sync()
        except ConnectorError as error:
            self.errors.append(error)
            return False
        return True

    def finish(self, run: Callable[[], str | None] | None = None) -> None:
        """Run the same command, and let people answer, until the campaign is over."""
        for _ in range(_AGAIN):
            ending = (run or self.run)()
            if ending == "waiting":
                self.answer()
            elif ending is not None:
                self.desk.settle()
                if self.sync():
                    return
        pytest.fail(f"not done after {_AGAIN} commands: {self.errors}")

    def answer(self) -> None:
        """Everything that is on the server and has no answer: what came twice, on the later copy."""
        tasks = {t["data"]["lw_uid"]: t for t in self.desk.tasks(self.number())}
        answered = {t["data"]["lw_uid"] for t in self.desk.tasks(self.number()) if t["annotations"]}
        for uid, task in tasks.items():
            if uid not in answered:
                text = task["data"]["text"]
                self.desk.choose(task["id"], person_for(text), label_of(text))

    # --- what there is in the end -----------------------------------------------------------------

    def number(self) -> int:
        with self._outbox() as outbox:
            return int(outbox.get("project") or 0)

    def sent(self) -> list[Sent]:
        with self._outbox() as outbox:
            return outbox.sent()

    def events(self) -> list[Event]:
        with Store(self.state / "small") as store:
            return store.events()

    @contextmanager
    def _outbox(self) -> Iterator[Outbox]:
        with Store(self.state / "small") as store:
            yield Outbox(store)

    def story(self) -> Json:
        """What must not depend on what went wrong on the way."""
        project = self.project()
        campaign = project.campaign()
        with Store(self.state / "small") as store:
            assert store.broken_link() is None
            choices = store.choices()
            told = Counter(
                row[0] for row in store.connection.execute("SELECT event FROM annotation_event")
            )
        given = sorted((e.round, e.item, e.annotator, e.labels) for e in self.events())
        return {
            "choices": choices,
            "curve": curve_json(campaign),
            "decision": campaign.decision,
            "answers": given,
            "told": dict(told),
        }

    def check(self) -> None:
        """Nothing is lost, nothing is there twice, nothing is counted twice."""
        with self._outbox() as outbox:
            mark = str(outbox.get("mark"))
        assert self.desk.projects(mark) == [self.number()]
        tasks = self.desk.tasks(self.number())
        sent = {s.uid: s for s in self.sent()}
        assert {s.state for s in sent.values()} == {"sent"}
        assert Counter(t["data"]["lw_uid"] for t in tasks) == Counter(sent.keys())
        assert {t["data"]["lw_uid"]: t["id"] for t in tasks} == {
            u: s.remote for u, s in sent.items()
        }
        given = Counter(
            (sent[t["data"]["lw_uid"]].item, a["id"], a["who"], a["labels"])
            for t in tasks
            for a in t["annotations"]
        )
        stored = Counter(
            (e.item, int(e.reference.split("/")[2]), e.annotator, e.labels) for e in self.events()
        )
        assert stored == given


def hurried(
    monkeypatch: pytest.MonkeyPatch,
    *,
    timeout: float = 30.0,
    pause: Callable[[float], None] = lambda seconds: None,
    transport: httpx.BaseTransport | None = None,
    page_size: int = 1000,
) -> None:
    """Sources made from now on do not sleep. timeout: of a request, in seconds."""

    class Client(LabelStudio):
        def tasks(self, project: int, **how: Any) -> Iterator[Json]:
            return super().tasks(project, **{"page_size": page_size, **how})

    def connect() -> LabelStudio:
        given = credentials()
        return Client(given.url, given.token, timeout=timeout, transport=transport)

    monkeypatch.setattr(source_module, "_connect", connect)
    monkeypatch.setattr(site_module, "Site", partial(site_module.Site, pause=pause))
