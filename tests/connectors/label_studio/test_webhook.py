"""Being woken by a real Label Studio, and by nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.webhook import (
    HEADER,
    Bell,
    listening,
    register,
    unregister,
)
from labelwright.loop.errors import ConnectorError
from tests.studio_server import Studio

SECRET = "a-secret-of-the-tests"
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
    '<Choice value="Warm"/><Choice value="Cold"/></Choices></View>'
)
RESULT = [
    {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["Warm"]}}
]


@pytest.fixture
def bell() -> Iterator[Bell]:
    with listening(SECRET) as bell:
        yield bell


def call(bell: Bell, secret: str | None = SECRET, content: bytes = b"{}", path: str = "/") -> int:
    headers = {} if secret is None else {HEADER: secret}
    return httpx.post(
        bell.url + path, headers=headers, content=content, trust_env=False
    ).status_code


def test_many_calls_wake_once(bell: Bell) -> None:
    assert not bell.wait(0)
    assert [call(bell, content=body) for body in (b"{}", b"", b"\xff no JSON")] == [204] * 3
    assert bell.wait(0)
    assert not bell.wait(0.05)
    assert call(bell) == 204
    assert bell.wait(0)


def test_nobody_else_wakes(bell: Bell) -> None:
    assert [call(bell, secret) for secret in (None, "", "wrong", SECRET + " x")] == [403] * 4
    assert call(bell, content=b" " * 20_000) == 413
    assert call(bell, path="/elsewhere") == 404
    assert httpx.get(bell.url, headers={HEADER: SECRET}, trust_env=False).status_code == 405
    assert not bell.wait(0)


def test_a_port_that_is_taken_is_named(bell: Bell) -> None:
    port = int(bell.url.rpartition(":")[2])
    with (
        pytest.raises(ConnectorError, match=f"127.0.0.1:{port}"),
        listening(SECRET, port=port),
    ):
        pass


def test_it_stops_listening() -> None:
    with listening(SECRET) as bell:
        assert call(bell) == 204
    with pytest.raises(httpx.ConnectError):
        call(bell)


def test_a_real_server_wakes_us(studio: Studio) -> None:
    with LabelStudio(studio.url, studio.token) as client, listening(SECRET) as bell:
        project = client.create_project({"title": "webhook", "label_config": CONFIG})
        try:
            (task,) = client.import_tasks(project, [{"data": {"text": "one"}}])
            client.create_webhook(project, "http://127.0.0.1:9/theirs", {"actions": []})
            with pytest.raises(ConnectorError, match="reserved") as refused:  # not this machine
                client.create_webhook(project, "http://10.1.2.3/theirs", {"actions": []})
            assert "allow" in refused.value.remedy
            register(client, project, "http://127.0.0.1:9/ours", SECRET)
            register(client, project, bell.url, SECRET)
            before = client.requests
            register(client, project, bell.url, SECRET)
            assert client.requests - before == 1
            ours = [h for h in client.webhooks(project) if HEADER in h["headers"]]
            assert [(h["url"], h["send_payload"]) for h in ours] == [(bell.url, False)]

            began = time.monotonic()
            annotation = client.create_annotation(task, {"result": RESULT})
            assert bell.wait(2)
            client.update_annotation(annotation["id"], {"result": RESULT, "lead_time": 3})
            assert bell.wait(2)
            client.delete_annotation(annotation["id"])
            assert bell.wait(2)
            assert time.monotonic() - began < 6

            unregister(client, project)
            assert [h["url"] for h in client.webhooks(project)] == ["http://127.0.0.1:9/theirs"]
        finally:
            client.delete_project(project)
