"""Tokens: renewed while they can be, and shown nowhere."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from labelwright.connectors.label_studio.client import LabelStudio, Unsure
from labelwright.loop.errors import ConnectorError
from tests.connectors.label_studio.faulty import WRITE_FAULTS, Fault, Kind
from tests.connectors.label_studio.proxy import Proxy
from tests.connectors.label_studio.standin import StandIn

if TYPE_CHECKING:
    pass

from .calling import IMPORT, SLOW, held, quiet, rows


def test_an_access_token_is_used_while_it_is_good(
    personal: LabelStudio, standin: StandIn, project: int
) -> None:
    for _ in range(3):
        personal.project(project)
    assert personal.requests == 4
    assert standin.plan.count("POST", "/token/refresh/") == 1


def test_an_access_token_is_renewed_before_its_end(
    personal: LabelStudio, standin: StandIn, project: int
) -> None:
    standin.tokens.life = 10
    personal.project(project)
    personal.project(project)
    assert standin.plan.count("POST", "/token/refresh/") == 2


def test_many_threads_renew_once(personal: LabelStudio, standin: StandIn, project: int) -> None:
    threads = [threading.Thread(target=personal.project, args=(project,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert standin.plan.count("POST", "/token/refresh/") == 1
    assert personal.requests == 9


def test_a_token_that_ends_in_the_middle_is_renewed_and_the_write_sent_once_more(
    personal: LabelStudio, standin: StandIn, project: int
) -> None:
    personal.project(project)
    standin.tokens.expire()
    assert personal.import_tasks(project, rows(3)) == [1, 2, 3]
    assert personal.requests == 5
    assert held(standin) == 3


def test_a_token_that_is_refused_twice_is_an_error(
    personal: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    proxy.plan.add(Fault("unauthorised", path=IMPORT, times=9))
    with pytest.raises(ConnectorError, match="401") as raised:
        personal.import_tasks(project, rows(3))
    quiet(raised.value, standin.personal_token)
    assert not raised.value.retry
    assert "Personal Access Token" in raised.value.remedy
    assert proxy.plan.count("POST", IMPORT) == 2


def test_a_legacy_token_that_is_refused_is_an_error_at_once(
    proxy: Proxy, standin: StandIn, project: int
) -> None:
    with LabelStudio(proxy.url, "f" * 40) as client:
        with pytest.raises(ConnectorError, match="401: Invalid token") as raised:
            client.project(project)
        assert not raised.value.retry
        assert client.requests == 1


def test_a_revoked_personal_token_is_an_error(
    personal: LabelStudio, standin: StandIn, project: int
) -> None:
    standin.tokens.revoke()
    with pytest.raises(
        ConnectorError, match=r"/api/token/refresh/: .* 401: Token is invalid"
    ) as raised:
        personal.import_tasks(project, rows(3))
    quiet(raised.value, standin.personal_token)
    assert not raised.value.retry
    assert held(standin) == 0


@pytest.mark.parametrize("kind", [*WRITE_FAULTS, "error_before", "busy"])
def test_a_fault_while_renewing_makes_no_write_unsure(
    kind: Kind, personal: LabelStudio, proxy: Proxy, standin: StandIn, project: int
) -> None:
    seconds = SLOW if kind == "slow" else 0.01
    proxy.plan.add(Fault(kind, path="/token/refresh/", seconds=seconds))
    assert personal.import_tasks(project, rows(3)) == [1, 2, 3]
    assert held(standin) == 3
    standin.tokens.expire()
    proxy.plan.add(Fault(kind, path="/token/refresh/", times=99, seconds=seconds))
    with pytest.raises(ConnectorError, match="/api/token/refresh/") as raised:
        personal.import_tasks(project, rows(3))
    quiet(raised.value, standin.personal_token)
    assert not isinstance(raised.value, Unsure)
    assert raised.value.retry
    assert held(standin) == 3


def test_a_server_that_repeats_the_token_is_not_quoted(standin: StandIn) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        said = {"detail": f"no such token: {request.headers['authorization']}\x1b[31m\nreally"}
        return httpx.Response(403, json=said)

    transport = httpx.MockTransport(answer)
    with LabelStudio(standin.url, standin.token, transport=transport) as client:
        with pytest.raises(ConnectorError) as raised:
            client.whoami()
        assert str(raised.value).endswith("403: no such token: Token [token] [31m really")
        quiet(raised.value, standin.token)


def test_no_token_is_shown_or_logged(
    personal: LabelStudio, standin: StandIn, project: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    standin.plan.add(Fault("drop_after", path="/projects/"))
    personal.project(project)
    assert caplog.records
    shown = [repr(personal), repr(vars(personal)), repr(vars(personal._wire.access))]
    shown += [record.getMessage() + repr(vars(record)) for record in caplog.records]
    for token in personal._wire.access.secrets():
        assert len(token) > 100
        assert not any(token in text for text in shown)


@pytest.mark.parametrize("token", ["", "  ", "two words", "ключ", "line\nbreak"])
def test_what_cannot_be_a_token_is_refused(token: str) -> None:
    with pytest.raises(ConnectorError, match="the token of Label Studio is empty, or holds"):
        LabelStudio("http://127.0.0.1:1", token)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://two words/",
        "http://[::1",
        "127.0.0.1:8080",
        "ftp://host",
        "http://",
        "http://host:99999",
        "http://host/?a=b",
    ],
)
def test_what_cannot_be_an_address_is_refused(url: str) -> None:
    with pytest.raises(ConnectorError, match="the address of Label Studio is not one of the form"):
        LabelStudio(url, "token")


def test_an_address_with_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ConnectorError, match="holds a user or a password") as raised:
        LabelStudio("http://me:pass-word@host", "token")
    assert "pass-word" not in str(raised.value)
