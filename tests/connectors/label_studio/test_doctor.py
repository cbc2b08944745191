"""`doctor` and Label Studio: what is sound says so, what is not says what to do, and nothing is changed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labelwright.connectors.label_studio import doctor
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.webhook import HEADER, listening, register
from labelwright.doctor import Finding, examine
from labelwright.loop.outbox import Chore, Outbox, Sent
from labelwright.loop.store import Store
from tests.labeller import Labeller
from tests.studio_server import Studio

from .faulty import Fault
from .rounds import Round, StandInDesk, hurried, write_task
from .standin import StandIn


class Ill(Round):
    """A small campaign whose first batch is out."""

    def __init__(self, folder: Path, desk: StandInDesk | None = None) -> None:
        super().__init__(write_task(folder), folder / "state", desk)  # type: ignore[arg-type]
        assert self.run() == "waiting"

    def findings(self) -> list[Finding]:
        return examine(self.project())

    def wrong(self) -> list[str]:
        return [f.found for f in self.findings() if not f.ok]

    def told(self) -> list[str]:
        return [f.found for f in self.findings() if f.about == "annotators"]


@pytest.fixture
def ill(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ill:
    """On a real server."""
    monkeypatch.setenv("LABEL_STUDIO_URL", studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    return Ill(tmp_path)


@pytest.fixture
def client(studio: Studio) -> Iterator[LabelStudio]:
    with LabelStudio(studio.url, studio.token) as client:
        yield client


# --- on a real server -------------------------------------------------------------------------


def test_a_sound_campaign_and_nothing_is_changed(ill: Ill, studio: Studio) -> None:
    before = dump(ill)
    told = ill.told()
    assert ill.wrong() == []
    assert told[1:] == [
        f"Label Studio 1.23.2 at {studio.url}",
        "nobody on the way can read the token",
        f"a legacy token of {studio.username}: it holds until it is reset; a personal one is better",
        "the server's clock is ours",
        f"project {ill.number()} with 10 items",
        "items are served in the order chosen",
    ]
    assert dump(ill) == before
    with Labeller(studio, "minjun") as minjun:
        served = minjun.next(ill.number())
        assert served is not None
        assert served["id"] == ill.sent()[0].remote, "doctor locked the first item for itself"


def test_what_others_did_there(ill: Ill, client: LabelStudio) -> None:
    number = ill.number()
    first = ill.sent()[0]
    assert first.remote is not None
    description = client.project(number)["description"]
    other = client.create_project({"title": "a copy", "description": description})
    client.update_project(number, {"sampling": "Uniform sampling"})
    client.delete_tasks(number, [first.remote])
    wrong = ill.wrong()
    assert f"project {other} is called this campaign's too; it is not used" in wrong
    assert "items that were sent and are not there: 1; somebody deleted them" in wrong
    assert "items are not served in the order chosen: sampling is Uniform sampling" in wrong
    assert any("the order in which items are served was changed by hand" in w for w in wrong)
    assert all(f.remedy for f in ill.findings() if not f.ok)
    assert ill.sent()[0].state == "sent", "only a pull finds out which"
    client.delete_project(other)


def test_webhooks_and_backends_that_are_left(ill: Ill, client: LabelStudio) -> None:
    number = ill.number()
    with listening("a secret that nobody sees") as bell:
        register(client, number, bell.url, "a secret that nobody sees")
        assert f"a webhook wakes the run that listens at {bell.url}" in ill.told()
    found = [f for f in ill.findings() if not f.ok]
    assert [f.found for f in found] == [
        f"nobody listens at {bell.url}, which a webhook calls: a run ended abruptly"
    ]
    assert "a secret" not in str(found)


def test_a_project_that_is_gone(ill: Ill, client: LabelStudio) -> None:
    number = ill.number()
    client.delete_project(number)
    wrong = ill.wrong()
    assert any(f"project {number} is not on" in w for w in wrong)
    assert "SQLite says ok" in [f.found for f in ill.findings()], "the rest is looked at"


def dump(ill: Ill) -> list[str]:
    with Store(ill.state / "small") as store:
        return list(store.connection.iterdump())


# --- where the server does not answer -----------------------------------------------------------


def test_a_server_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried(monkeypatch)
    with StandIn() as server:
        monkeypatch.setenv("LABEL_STUDIO_URL", server.url)
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token)
        ill = Ill(tmp_path, StandInDesk(server))
        assert ill.wrong() == []
    found = [f for f in ill.findings() if not f.ok]
    assert len(found) == 1, "one finding, and no crash"
    assert server.url in found[0].found
    assert found[0].remedy
    monkeypatch.delenv("LABEL_STUDIO_URL")
    assert ill.wrong() == ["LABEL_STUDIO_API_KEY is set, but not LABEL_STUDIO_URL"]


def test_a_token_that_is_refused_and_answers_that_are_none(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(monkeypatch)
    monkeypatch.setenv("LABEL_STUDIO_URL", standin.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", standin.token)
    ill = Ill(tmp_path, StandInDesk(standin))
    standin.plan.add(Fault("drop_after", path="/api/webhooks", times=99))
    (wrong,) = ill.wrong()
    assert "/api/webhooks" in wrong
    standin.plan.clear()
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "f" * 40)
    (wrong,) = ill.wrong()
    assert "401" in wrong
    assert "f" * 40 not in wrong


def test_what_is_left_to_be_done(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(monkeypatch)
    monkeypatch.setenv("LABEL_STUDIO_URL", standin.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", standin.personal_token)
    ill = Ill(tmp_path, StandInDesk(standin))
    uids = [s.uid for s in ill.sent()]
    with Store(ill.state / "small") as store:
        Outbox(store).plan([Chore("retire", uids[0])])
        Outbox(store).mark(uids[1:3], "waiting")
    wrong = ill.wrong()
    assert "left to do on the server by an applied plan: 1" in wrong
    assert "items that wait to be sent: 2" in wrong
    assert any(told.startswith("a personal token of ") for told in ill.told())


# --- one thing after another ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "holes"),
    [
        ("1.23.2", 0), ("1.23.0", 0), ("2.0.0", 0), ("1.22.0", 1), ("1.17.0", 2), ("1.16", 2),
        ("1.10.1.post0", 6), ("1.8.1", 7), ("unknown", 0),
    ],
)  # fmt: skip
def test_known_holes(release: str, holes: int) -> None:
    sound, found, remedy = doctor.server("http://localhost:8080", release)
    assert sound == (holes == 0)
    assert found.count("CVE-") == holes
    assert (remedy == "upgrade to 1.23.0 or newer") == (holes > 0)


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        ("http://localhost:8080", True), ("http://127.0.0.1:1", True), ("http://[::1]:1", True),
        ("https://label.example.com", True), ("http://label.example.com", False),
        ("http://192.168.0.7:8080", False),
    ],
)  # fmt: skip
def test_who_can_listen(url: str, sound: bool) -> None:
    assert doctor.transport(url)[0] is sound


def test_tokens() -> None:
    everything = [*doctor.NEEDED, "organizations.delete"]
    assert doctor.token("personal", "a@b.c", everything) == (True, "a personal token of a@b.c", "")
    assert doctor.token("legacy", "a@b.c", None)[0]
    assert not doctor.token("access", "a@b.c", everything)[0]
    sound, found, _ = doctor.token("personal", "a@b.c", doctor.NEEDED[1:])
    assert not sound
    assert found == f"the token of a@b.c does not allow {doctor.NEEDED[0]}"


def test_clocks_apart_are_told_and_harmless() -> None:
    ours = datetime(2030, 1, 1, tzinfo=UTC)
    assert doctor.clock(None, ours) == doctor.clock(ours, ours)
    sound, found, _ = doctor.clock(ours - timedelta(minutes=7), ours)
    assert sound
    assert "7 min behind ours" in found
    assert "7 min before ours" in doctor.clock(ours + timedelta(minutes=7), ours)[1]


def sent(rank: int, remote: int | None, state: str = "sent") -> Sent:
    return Sent(f"u{rank}", "b-0", rank, f"i{rank}", "", "train", 1, state=state, remote=remote)  # type: ignore[arg-type]


def test_the_order_served() -> None:
    as_made = {"sampling": "Sequential sampling", "maximum_annotations": 1}
    right = [sent(0, 3), sent(1, 5), sent(2, None, "waiting"), sent(3, 2, "gone")]
    assert list(doctor.order(as_made, right)) == [
        (True, "items are served in the order chosen", "")
    ]
    told = [found for _, found, _ in doctor.order(as_made, [sent(1, 3), sent(0, 5)])]
    assert told[0] == "b-0: what was sent later is served later"
    (only,) = doctor.order({**as_made, "maximum_annotations": 2}, right)
    assert "in any order" in only[1]
    for change in ({"sampling": "Uncertainty sampling"}, {"show_overlap_first": True}):
        ((sound, _, remedy),) = doctor.order({**as_made, **change}, right)
        assert not sound
        assert "labelwright apply" in remedy


def test_webhooks_switched_off_or_dead() -> None:
    hook = {"url": "http://127.0.0.1:9/", "headers": {HEADER: "s3cret"}, "is_active": True}
    found = [
        *doctor.webhooks([hook], lambda url: True),
        *doctor.webhooks([hook], lambda url: False),
        *doctor.webhooks([{**hook, "is_active": False}], lambda url: True),
    ]
    assert [sound for sound, _, _ in found] == [True, False, False]
    assert "s3cret" not in str(found)


def test_backends() -> None:
    ours = {"title": "labelwright", "url": "http://127.0.0.1:9090", "state": "DI"}
    (away,) = doctor.backends([ours])
    assert not away[0]
    assert "labelwright serve" in away[2]
    assert next(doctor.backends([{**ours, "state": "CO"}]))[0]
    assert "not ours" in next(doctor.backends([{**ours, "title": "yolo"}]))[1]


def test_whether_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert doctor.listens(f"http://127.0.0.1:{port}/bell")
    assert not doctor.listens(f"http://127.0.0.1:{port}/bell")
