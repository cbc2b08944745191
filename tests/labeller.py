"""A person at work in Label Studio without a browser: logs in as one, and answers as one.

What is sent is what the editor sends: so an answer has its author, its time and its origin.
"""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.studio_server import Studio

Json = dict[str, Any]


class Labeller:
    """One person's session. Use in a `with`."""

    def __init__(self, studio: Studio, name: str) -> None:
        self.email = f"{name}-{secrets.token_hex(4)}@example.com"
        password = secrets.token_urlsafe(12)
        studio.invite(self.email, password)
        self._http = httpx.Client(base_url=studio.url, timeout=60, trust_env=False)
        self._http.get("/user/login/").raise_for_status()
        form = {
            "email": self.email,
            "password": password,
            "csrfmiddlewaretoken": self._http.cookies["csrftoken"],
        }
        answer = self._http.post("/user/login/", data=form, headers={"Referer": studio.url})
        assert answer.status_code == 302, answer.text[:200]

    def __enter__(self) -> Labeller:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def next(self, project: int) -> Json | None:
        """The task that the server puts in front of this person; None where none is left."""
        answer = self._http.get(f"/api/projects/{project}/next/")
        if answer.status_code == 404:
            return None
        found: Json = answer.raise_for_status().json()
        return found

    def choose(self, task: int, *labels: str, to: str = "text", seconds: float = 3.5) -> int:
        """Answer with these class ids; the annotation's number."""
        part = {"id": secrets.token_hex(5), "from_name": "label", "to_name": to, "origin": "manual"}
        result = [{**part, "type": "choices", "value": {"choices": list(labels)}}]
        return self.submit(task, result, lead_time=seconds)

    def skip(self, task: int) -> int:
        """Skip the item."""
        return self.submit(task, [], was_cancelled=True, lead_time=1.0)

    def submit(self, task: int, result: list[Json], **more: Any) -> int:
        """Submit any result."""
        body = {"result": result, **more}
        return int(self._call("POST", f"/api/tasks/{task}/annotations/", body)["id"])

    def edit(self, annotation: int, *labels: str, to: str = "text") -> None:
        """Change an answer that was submitted."""
        part = {"id": secrets.token_hex(5), "from_name": "label", "to_name": to, "origin": "manual"}
        result = [{**part, "type": "choices", "value": {"choices": list(labels)}}]
        self._call("PATCH", f"/api/annotations/{annotation}/", {"result": result})

    def remove(self, annotation: int) -> None:
        """Delete an answer."""
        self._call("DELETE", f"/api/annotations/{annotation}/", None)

    def _call(self, method: str, path: str, body: Json | None) -> Json:
        headers = {"X-CSRFToken": self._http.cookies["csrftoken"]}
        answer = self._http.request(method, path, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else {}
