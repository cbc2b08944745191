"""A stand-in for Label Studio, in memory: it starts at once, and it can be told to fail.

    with StandIn() as studio:
        client = LabelStudio(studio.url, studio.token)
        studio.plan.add(Fault("late", method="POST", path="/import", seconds=0.5))

Faults: "drop_after" (done, then the connection closes) and "late" (no answer; done `seconds` after
the client has hung up). For all others put the proxy in front. People at work: `answer`, `edit`,
`remove`, `remove_task`.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import uvicorn

from .faulty import Plan
from .standin_app import make_app
from .standin_data import Json, Memory
from .standin_tokens import Tokens

OWNER = 1


class StandIn:
    """See the module. `memory`: all that it holds. `plan`: what goes wrong, and what was seen."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.memory = Memory()
        self.plan = plan or Plan()
        self.tokens = Tokens()
        self._late = 0
        self.reset()
        self._app = make_app(self.memory, self.tokens)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._serve, interface="asgi3", log_level="error", lifespan="off", ws="none",
            date_header=False,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def __enter__(self) -> StandIn:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self.settle()
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    def reset(self) -> None:
        """As new: one person, `OWNER`, with tokens that nobody had before."""
        self.settle()
        with self.memory.lock:
            self.memory.clear()
            self.tokens.clear()
            self.plan.clear()
            self.memory.add_person("admin@example.com")
            self.token = self.tokens.legacy(OWNER)
            self.personal_token = self.tokens.personal(OWNER)

    def settle(self) -> None:
        """Wait until everything that is done late is done."""
        while self._late:
            time.sleep(0.01)

    # --- people at work ---------------------------------------------------------------------------

    def person(self, email: str) -> int:
        """A further person; their id."""
        with self.memory.lock:
            return self.memory.add_person(email)

    def answer(
        self,
        task: int,
        user: int,
        result: Sequence[Json],
        lead_time: float | None = None,
        skipped: bool = False,
        parent_prediction: int | None = None,
    ) -> int:
        """Somebody submits an annotation, or skips; its id."""
        body = {
            "result": list(result),
            "lead_time": lead_time,
            "was_cancelled": skipped,
            "parent_prediction": parent_prediction,
        }
        with self.memory.lock:
            return int(self.memory.new_annotation(user, task, body)["id"])

    def edit(self, annotation: int, result: Sequence[Json], user: int = OWNER) -> None:
        """Somebody changes an annotation."""
        with self.memory.lock:
            self.memory.edit_annotation(user, annotation, {"result": list(result)})

    def remove(self, annotation: int, user: int = OWNER) -> None:
        """Somebody deletes an annotation."""
        with self.memory.lock:
            self.memory.delete_annotation(user, annotation)

    def remove_task(self, task: int) -> None:
        """Somebody deletes a task with all that is on it."""
        with self.memory.lock:
            self.memory.delete_tasks(self.memory.task(task)["project"], [task])

    # --- faults -----------------------------------------------------------------------------------

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        fault = self.plan.take(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, _replay(body), self._dated(send))
            return
        if fault.kind not in ("drop_after", "late"):
            raise ValueError(f"the stand-in knows no fault {fault.kind!r}: use the proxy")
        if fault.kind == "late":
            self._late += 1
            try:
                await _hung_up(receive)
                await asyncio.sleep(fault.seconds)
                await self._app(scope, _replay(body), _swallow)
            finally:
                self._late -= 1
            return
        await self._app(scope, _replay(body), _swallow)
        send.__self__.transport.abort()  # ASGI has no word for closing without an answer
        await _hung_up(receive)

    def dates(self) -> datetime:
        """What time answers say it is: by the clock that stamps tasks."""
        return self.memory.clock()

    def _dated(self, send: Any) -> Any:

        async def with_date(message: Json) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self.dates(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        return with_date


def _replay(body: bytes) -> Any:
    async def receive() -> Json:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _swallow(message: Json) -> None:
    """An answer that nobody hears."""


async def _hung_up(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def choice(name: str, *values: str, field: str = "text") -> list[Json]:
    """A result of a Choices tag, as a browser sends it."""
    value = {"choices": list(values)}
    return [{"from_name": name, "to_name": field, "type": "choices", "value": value}]
