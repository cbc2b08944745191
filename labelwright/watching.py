"""Leaving a campaign running: round after round as people finish, for as long as it takes.

Between two looks nothing is held, so that other commands may work beside it, and it may be stopped and
started at any time: every look goes on from the store. The file is read anew each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labelwright.loop.errors import ConnectorError, LockedError

if TYPE_CHECKING:
    from labelwright.loop.deciding import Decision
    from labelwright.loop.engine import Moment
    from labelwright.loop.history import Awaited
    from labelwright.project import Project

EVERY = 15.0  # seconds between two looks
LONGEST = 300.0  # seconds, where the server does not answer

Wait = Callable[[float], object]


def watch(
    begin: Callable[[], Project],
    *,
    observe: Callable[[Moment], None],
    tell: Callable[[str], None],
    show: Callable[[Awaited], None],
    every: float = EVERY,
    wait: Wait = time.sleep,
    told: Sequence[str] = (),
) -> Decision:
    """Run until the campaign stops. begin: the project, anew for each look.

    tell: said once for each trouble that passes by itself, and for each thing found where people
    answer. show: where the batch stands, when that has changed. wait: sleeps, or wakes up earlier.
    told: what was found and said before.
    """
    trouble, patience = "", every
    last: Awaited | None = None
    known = set(told)
    while True:
        try:
            project = begin()
            decision = project.run(observe)
            now = project.awaited() if decision.ending == "waiting" else None
        except (ConnectorError, LockedError) as error:
            if isinstance(error, ConnectorError) and not error.retry:
                raise
            if error.message != trouble:
                tell(f"{error.message}; trying again")
            trouble, patience = error.message, min(LONGEST, 2 * patience)
            wait(patience)
            continue
        if trouble:
            tell("back again")
        trouble, patience = "", every
        for line in project.told:
            if line not in known:
                tell(f"note: {line}")
        known.update(project.told)
        if now is None:
            return decision
        if now != last:
            show(now)
        last = now
        wait(every)


@contextmanager
def woken(project: Project, port: int, address: str | None) -> Iterator[Wait]:
    """A `wait` that webhooks cut short. port: where to listen; address: ours, as the server sees it."""
    import secrets

    from labelwright.connectors.label_studio.source import LabelStudioPeople
    from labelwright.connectors.label_studio.webhook import listening, register, unregister

    secret = secrets.token_urlsafe(24)
    with listening(secret, port=port) as bell, project.looking() as bench:
        people = bench.annotators
        if not isinstance(people, LabelStudioPeople):
            raise ConnectorError(
                f"{bench.task.annotators.source.name} calls nobody when somebody has answered",
                "leave --listen out: it looks by itself",
            )
        site = people.site
        try:
            register(site.client, site.project(), address or bell.url, secret)
        except KeyboardInterrupt:
            unregister(site.client, site.project())  # the server may have heard before we knew
            raise
        try:
            yield bell.wait
        finally:
            unregister(site.client, site.project())
