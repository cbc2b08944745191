"""The server's task list, page by page, while people work.

Pages are counted from the start of the list, so that a task deleted in an earlier page, or one that
moves in the order, shifts the others: one is left out, or comes twice. By id we therefore ask for
what comes after the last id seen, which nothing can shift. In any other order the whole list is read
until two readings agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from labelwright.connectors.label_studio.filters import Filter, above
from labelwright.loop.errors import ConnectorError

Json = dict[str, Any]
Page = Callable[..., Json | None]
"""(number from 1, further filters) -> the server's answer (`tasks`, `total`); None past the end."""

_READINGS = 8


def query(project: int, filters: Sequence[Filter], ordering: Sequence[str]) -> dict[str, str]:
    """Parameters of the call that lists tasks."""
    asked: Json = {}
    if filters:
        asked["filters"] = {"conjunction": "and", "items": list(filters)}
    if ordering:
        asked["ordering"] = list(ordering)
    return {"project": str(project)} | ({"query": json.dumps(asked)} if asked else {})


def stable(page: Page, *, by_id: bool) -> Iterator[Json]:
    """Each task of the list once. Raises ConnectorError where it does not come to rest."""
    if by_id:
        yield from _by_id(page)
        return
    before: list[tuple[int, object]] | None = None
    for _ in range(_READINGS):
        tasks, whole = _read(page)
        seen = [(task["id"], task.get("updated_at")) for task in tasks]
        if whole or (seen == before and len(set(seen)) == len(seen)):
            yield from tasks
            return
        before = seen
    raise ConnectorError(
        f"the list of tasks was different in each of {_READINGS} readings: people are at work in it",
        "try again",
        retry=True,
    )


def _by_id(page: Page) -> Iterator[Json]:
    found = page(1)
    while found is not None:
        tasks = found["tasks"]
        yield from tasks
        if not tasks or len(tasks) >= found["total"]:
            return  # a page may be shorter than asked for: servers can be told to cut them
        found = page(1, [above("id", tasks[-1]["id"])])


def _read(page: Page) -> tuple[list[Json], bool]:
    """One reading of all pages, and whether it was a single page: the state of one moment."""
    first = page(1)
    tasks = list(first["tasks"]) if first else []
    if first is None or first["total"] <= len(tasks):
        return tasks, True
    number = 1
    size = last = len(tasks)
    while size and last == size:
        number += 1
        found = page(number)
        last = len(found["tasks"]) if found else 0
        tasks += found["tasks"] if found else []
    return tasks, False
