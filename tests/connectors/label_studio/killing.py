"""Runs a task's command and kills itself with SIGKILL at a request: a process of its own for the tests.

    python killing.py TASK STATE MOMENT CHUNK

Every request has two moments, counted from 0: before it leaves, and when its answer has arrived and nobody
has seen it. Prints how many moments there were, where none was the one.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from itertools import count

import httpx

from labelwright import Project
from labelwright.connectors.label_studio import sending, site, source
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.connectors.label_studio.credentials import credentials


class Dying(httpx.HTTPTransport):
    """A way to the server on which one dies."""

    def __init__(self, moment: int) -> None:
        super().__init__()
        self.moments = count()
        self._moment = moment

    def pass_by(self) -> None:
        if next(self.moments) == self._moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.pass_by()
        response = super().handle_request(request)
        response.read()
        self.pass_by()
        return response


def main(task: str, state: str, moment: int, chunk: int) -> None:
    """Run, and die at the moment."""
    transport = Dying(moment)

    def connect() -> LabelStudio:
        given = credentials()
        return LabelStudio(given.url, given.token, transport=transport)

    source._connect = connect
    site.Site = partial(site.Site, pause=lambda seconds: None)  # type: ignore[misc,assignment]
    sending.CHUNK = chunk
    Project(task, state=state).run()
    print(next(transport.moments))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
