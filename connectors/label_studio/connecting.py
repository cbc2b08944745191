"""Making a backend of ours known to a project, so that nothing else of the project changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labelwright.connectors.label_studio.backend import USER
from labelwright.connectors.label_studio.webhook import HEADER

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.client import LabelStudio

TITLE = "labelwright"
_CONNECTED = "CO"


def connect(client: LabelStudio, project: int, url: str, secret: str) -> bool:
    """Have the project ask this address for suggestions; False where it did so already.

    The server calls the address at once, so the backend must be listening. May be called again at any
    time; what an earlier call left unfinished, or another address of ours, is put right. Raises what
    the client raises, ConnectorError with the server's words where it cannot reach the backend.
    """
    client.hide(secret)
    kept = False
    for backend in client.backends(project):
        if backend.get("title") != TITLE:
            continue
        if not kept and backend["url"] == url and backend["state"] == _CONNECTED:
            kept = True
        else:
            client.remove_backend(backend["id"])
    if not kept:
        client.add_backend(project, url, _settings(secret))
    _undo(client, project, url)
    return not kept


def _settings(secret: str) -> dict[str, Any]:
    return {
        "title": TITLE,
        "description": "Suggestions of the current model: labelwright serve",
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": USER,
        "basic_auth_pass": secret,
        "is_interactive": False,
    }


def _undo(client: LabelStudio, project: int, url: str) -> None:
    """Take back what the server did beside.

    It shows predictions of the backend's title only from now on, which none has. And it makes a webhook
    without the secret, which would send every annotation for nothing.
    """
    if client.project(project).get("model_version") == TITLE:
        client.update_project(project, {"model_version": ""})
    for hook in client.webhooks(project):
        if hook["url"] == f"{url}/webhook" and HEADER not in (hook.get("headers") or {}):
            client.delete_webhook(hook["id"])
