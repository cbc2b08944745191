"""A round survives every fault at every request, and being killed at each: nothing lost, nothing twice.

Fast: the stand-in, several faults a run, so that every request meets each fault. Slow: one fault a run, all
kinds of it at all requests, with the proxy in between; and the writes on the real server.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stamina

from labelwright.connectors.label_studio import sending
from tests.soak import sampled

from .faulty import Fault, Kind
from .proxy import Proxy
from .rounds import Json, Round, StandInDesk, hurried, write_task
from .standin import StandIn

CHUNK = 4  # items an import: a batch takes several
REQUESTS = 22  # of a whole campaign that nothing disturbs
EVERY = 4  # requests from one fault to the next, in a run with several
TIMEOUT = 0.4  # seconds
SCRIPT = Path(__file__).parent / "killing.py"
KINDS: tuple[Kind, ...] = (
    "reset", "drop_before", "drop_mid", "drop_after", "error_before", "error_after", "busy",
    "unauthorised", "truncated", "garbled", "late", "redirect", "slow",
)  # fmt: skip


def fault(kind: Kind, nth: int) -> Fault:
    """A fault of this kind at the nth request, short enough for a test."""
    seconds = {"busy": 0.0, "late": 0.3, "slow": 60.0}.get(kind, 1.0)
    return Fault(kind, nth=nth, seconds=seconds, location="http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sending, "CHUNK", CHUNK)
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_task(tmp_path_factory.mktemp("task"))


Begin = Callable[[str], Round]


@pytest.fixture
def begin(task: Path, standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """A campaign of its own on the stand-in, which forgets all others."""

    def new(name: str, url: str | None = None) -> Round:
        standin.reset()
        monkeypatch.setenv("LABEL_STUDIO_URL", url or standin.url)
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", standin.token)
        return Round(task, tmp_path / name, StandInDesk(standin))

    return new


@pytest.fixture(scope="module")
def undisturbed(task: Path, tmp_path_factory: pytest.TempPathFactory) -> Json:
    with StandIn() as server, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("LABEL_STUDIO_URL", server.url)
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token)
        monkeypatch.setattr(sending, "CHUNK", CHUNK)
        hurried(monkeypatch)
        round_ = Round(task, tmp_path_factory.mktemp("undisturbed"), StandInDesk(server))
        round_.finish()
        assert not round_.errors
        assert server.plan.count() == REQUESTS
        round_.check()
        story = round_.story()
    assert len(story["curve"]["rounds"]) == 2
    assert story["told"] == {"answer": 16}
    return story


def nothing_was_made_twice(server: StandIn) -> None:
    """Not even for a while: nothing had to be taken away again."""
    assert server.plan.count("POST", "/api/dm/actions/") == 0
    assert server.plan.count("DELETE") == 0


@pytest.mark.parametrize("first", range(1, EVERY + 1))
@pytest.mark.parametrize("kind", ["drop_after", "late"])
def test_done_and_not_acknowledged(
    kind: Kind,
    first: int,
    begin: Begin,
    undisturbed: Json,
    standin: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half of these wait long enough for what commits late, half send again too early."""
    waits = first % 2 == 0
    hurried(monkeypatch, timeout=TIMEOUT, pause=lambda _: standin.settle() if waits else None)
    round_ = begin("disturbed")
    standin.plan.add(*(fault(kind, nth) for nth in range(first, REQUESTS + 1, EVERY)))
    round_.finish()
    round_.check()
    assert round_.story() == undisturbed
    if waits or kind == "drop_after":
        nothing_was_made_twice(standin)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "nth"),
    [
        pytest.param(k, n, marks=() if (i + n) % 4 == 0 else pytest.mark.soak)
        for i, k in enumerate(KINDS)
        for n in range(1, REQUESTS + 1)
    ],
)
def test_any_fault_at_any_request(
    kind: Kind,
    nth: int,
    begin: Begin,
    undisturbed: Json,
    standin: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hurried(monkeypatch, timeout=TIMEOUT)
    with Proxy(standin.url) as proxy:
        round_ = begin("disturbed", proxy.url)
        proxy.plan.add(fault(kind, nth))
        round_.finish()
        proxy.settle()
        assert round_.sync()
    round_.check()
    assert round_.story() == undisturbed


# --- being killed -----------------------------------------------------------------------------


class Killed:
    """Runs a command in a process of its own that dies at the given moments, one after the other."""

    def __init__(self, round_: Round, moments: list[int]) -> None:
        self._round, self._moments = round_, moments
        self.deaths = 0

    def __call__(self) -> str | None:
        if not self._moments:
            return self._round.run()
        moment = self._moments.pop(0)
        command = [sys.executable, str(SCRIPT), str(self._round.task), str(self._round.state)]
        done = subprocess.run(
            [*command, str(moment), str(CHUNK)], capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        if done.returncode == 0:
            self._moments.insert(0, moment - int(done.stdout))
            return self._round.run()
        self.deaths += 1
        return None


@pytest.mark.parametrize("moments", [[1, 5]])
def test_killed_again_and_again(
    moments: list[int],
    begin: Begin,
    undisturbed: Json,
    standin: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hurried(monkeypatch)
    round_ = begin("killed")
    killed = Killed(round_, list(moments))
    round_.finish(killed)
    assert killed.deaths == len(moments)
    round_.check()
    assert round_.story() == undisturbed
    nothing_was_made_twice(standin)


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", sampled(range(2 * (REQUESTS - 3)), 3)
)  # the last three are those of `sync`
def test_killed_at_every_request(
    moment: int, begin: Begin, undisturbed: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(monkeypatch)
    round_ = begin("killed")
    killed = Killed(round_, [moment])
    round_.finish(killed)
    assert killed.deaths == 1
    round_.check()
    assert round_.story() == undisturbed
