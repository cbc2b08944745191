"""`run --watch`: left running, stopped, started again; it goes through rounds as people finish."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from labelwright import Project
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.source import LabelStudioPeople
from labelwright.loop.deciding import Decision
from labelwright.loop.errors import ConnectorError
from labelwright.loop.history import Awaited
from labelwright.watching import LONGEST, watch, woken
from tests.connectors.label_studio.standin import StandIn
from tests.labeller import Labeller

if TYPE_CHECKING:
    from tests.studio_server import Studio

TASK = """
task mail "Mail"
class Spam
class Ham
data {
  source = csv("mail.csv")
  id = id
  text = text
}
holdout {
  size = 20%
  annotations = 4
}
annotators { from = label_studio }
budget {
  annotations = 12
  per_round = 4 items
}
query {
  phase all { strategy = random }
}
"""
PATIENCE = 90.0


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@contextmanager
def watching(file: Path, log: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """`labelwright run FILE --watch`, ended however the block ends."""
    command = [
        sys.executable,
        "-m",
        "labelwright",
        "run",
        str(file),
        "--watch",
        "--every",
        "1",
        *more,
    ]
    with log.open("a", encoding="utf-8") as out:
        run = subprocess.Popen(command, stdout=out, stderr=out, text=True)
        try:
            yield run
        finally:
            if run.poll() is None:
                run.kill()
            run.wait()


def until(holds: Callable[[], bool], log: Path) -> None:
    """Wait until something holds; fail with what was printed."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        time.sleep(0.2)


def test_rounds_go_by_as_people_answer(
    tmp_path: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    rows = "".join(f"{i},{'cheap pills' if i % 2 else 'see you at lunch'} {i}\n" for i in range(40))
    (tmp_path / "mail.csv").write_text("id,text\n" + rows, encoding="utf-8")
    file, log = tmp_path / "mail.task", tmp_path / "log"
    file.write_text(TASK, encoding="utf-8")
    log.touch()
    answered: set[int] = set()
    with LabelStudio(studio.url, studio.token) as client, Labeller(studio, "ann") as ann:

        def open_tasks() -> list[dict[str, object]]:
            project = Project(file)
            if not project.began():
                return []
            with project.looking() as bench:
                number = bench.annotators.site.project_id  # type: ignore[attr-defined]
            if number is None:
                return []
            return [t for t in client.tasks(number) if t["id"] not in answered]

        def answer_all(expected: int) -> None:
            until(lambda: len(open_tasks()) == expected, log)
            for task in open_tasks():
                label = "Spam" if "pills" in task["data"]["text"] else "Ham"  # type: ignore[index]
                ann.choose(int(task["id"]), label)  # type: ignore[call-overload]
                answered.add(int(task["id"]))  # type: ignore[call-overload]

        def shown() -> str:
            return log.read_text(encoding="utf-8")

        with watching(file, log) as run:
            until(lambda: "round 0 · 8 items out" in shown(), log)
            answer_all(8)
            until(lambda: len(open_tasks()) == 4, log)
            run.send_signal(signal.SIGINT)
            assert run.wait(PATIENCE) == 130, log.read_text(encoding="utf-8")
        with watching(file, log, "--listen", "0") as run:
            answer_all(4)
            assert run.wait(PATIENCE) == 0, log.read_text(encoding="utf-8")
    told = log.read_text(encoding="utf-8")
    assert "Traceback" not in told
    campaign = Project(file).campaign()
    assert campaign.decision == "passed"
    assert [r.annotations for r in campaign.rounds] == [4, 8]
    status = subprocess.run(
        [sys.executable, "-m", "labelwright", "status", str(file), "--json"],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    assert json.loads(status.stdout)["awaited"] is None


@dataclass
class Looks:
    """A project whose looks end as they are listed."""

    ends: list[Decision | Exception]
    waited: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    told: tuple[str, ...] = ()

    def run(self, observe: object) -> Decision:
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    def awaited(self) -> Awaited:
        return Awaited(round=0, items=1, answers={}, missing=1)

    def watch(self) -> Decision:
        return watch(
            lambda: self,  # type: ignore[arg-type,return-value]
            observe=lambda _: None,
            tell=self.said.append,
            show=lambda now: self.said.append(f"{now.missing} missing"),
            every=10,
            wait=self.waited.append,
        )


def test_a_server_that_is_away_is_waited_for() -> None:
    away = [ConnectorError("the server is away", retry=True) for _ in range(8)]
    waiting, done = Decision("waiting", ""), Decision("passed", "")
    looks = Looks([waiting, *away, waiting, waiting, done])
    assert looks.watch() == done
    assert looks.said == ["1 missing", "the server is away; trying again", "back again"]
    assert looks.waited == [10, 20, 40, 80, 160, LONGEST, LONGEST, LONGEST, LONGEST, 10, 10]


def test_what_does_not_pass_by_itself_is_raised() -> None:
    looks = Looks([ConnectorError("the token is wrong")])
    with pytest.raises(ConnectorError, match="the token is wrong"):
        looks.watch()


@dataclass
class _Site:
    """As much of a campaign's site as a webhook needs."""

    client: LabelStudio
    number: int
    outbox: Any = field(
        default_factory=lambda: SimpleNamespace(store=SimpleNamespace(connection=None))
    )
    aside: str = ""
    _opened: list[LabelStudio] = field(default_factory=list)

    def project(self) -> int:
        return self.number


def test_a_webhook_that_the_server_heard_of_before_we_knew_is_taken_away(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the server answers: what it made is not left there."""
    made = LabelStudio.create_webhook

    def interrupted(client: LabelStudio, *given: Any) -> None:
        made(client, *given)
        assert standin.memory.hooks
        raise KeyboardInterrupt

    monkeypatch.setattr(LabelStudio, "create_webhook", interrupted)
    with LabelStudio(standin.url, standin.token) as client:
        number = client.create_project({"title": "mail"})
        site: Any = _Site(client, number)
        bench = SimpleNamespace(annotators=LabelStudioPeople(site))
        project: Any = SimpleNamespace(looking=lambda: nullcontext(bench))
        with pytest.raises(KeyboardInterrupt), woken(project, 0, None):
            pass
        assert not standin.memory.hooks
