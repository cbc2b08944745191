"""Being woken when somebody has answered. A hint only: what there is, is asked of the server.

Label Studio calls within the annotator's own request, waits a second at most, and never tries again.
So the answer is given at once, and nothing of what was sent is looked at.
"""

from __future__ import annotations

import contextlib
import hmac
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from labelwright.connectors.label_studio.hosting import HOST, Refused, hosted, read_body

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

    from labelwright.connectors.label_studio.client import LabelStudio

HEADER = "X-Labelwright-Secret"
ACTIONS = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
)
_MOST_BYTES = 16 * 2**10


class Bell:
    """What rings when somebody calls; many calls that nobody has heard yet are one."""

    def __init__(self) -> None:
        self.url = ""
        self._rung = threading.Event()

    def ring(self) -> None:
        """Wake whoever waits, or will wait."""
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Whether it rang since the last time, or within these seconds."""
        rang = self._rung.wait(seconds)
        self._rung.clear()
        return rang


@contextlib.contextmanager
def listening(secret: str, *, host: str = HOST, port: int = 0) -> Iterator[Bell]:
    """Listen for calls that bring the secret while the block runs. port 0: any free one.

    Raises ConnectorError where the port cannot be had.
    """
    bell = Bell()
    with hosted(_app(bell, secret), host=host, port=port) as url:
        bell.url = url
        yield bell


def register(client: LabelStudio, project: int, url: str, secret: str) -> None:
    """Have the server call this address when answers come, change or go; only this one.

    May be called again at any time: an earlier webhook of ours with another address, secret or other
    settings is replaced. Raises what the client raises.
    """
    client.hide(secret)
    wanted = _wanted(secret)
    kept = False
    for hook in _ours(client, project):
        if not kept and hook["url"] == url and _settings(hook) == _settings(wanted):
            kept = True
        else:
            client.delete_webhook(hook["id"])
    if not kept:
        client.create_webhook(project, url, wanted)


def unregister(client: LabelStudio, project: int) -> None:
    """Take our webhooks away from the project, where there are any."""
    for hook in _ours(client, project):
        client.delete_webhook(hook["id"])


def _wanted(secret: str) -> dict[str, Any]:
    return {
        "actions": list(ACTIONS),
        "headers": {HEADER: secret},
        "send_payload": False,
        "send_for_all_actions": False,
        "is_active": True,
    }


def _settings(hook: dict[str, Any]) -> dict[str, Any]:
    """What of a webhook must be as we want it."""
    return {**{key: hook.get(key) for key in _wanted("")}, "actions": sorted(hook["actions"])}


def _ours(client: LabelStudio, project: int) -> list[dict[str, Any]]:
    return [h for h in client.webhooks(project) if HEADER in (h.get("headers") or {})]


def _app(bell: Bell, secret: str) -> Starlette:
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    async def called(request: Request) -> Response:
        given = request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=403)
        try:
            await read_body(request, _MOST_BYTES)
        except Refused as refused:
            return Response(status_code=refused.status)
        bell.ring()
        return Response(status_code=204)

    return Starlette(routes=[Route("/", called, methods=["POST"])])
