"""Where a campaign lives on a Label Studio server: its project, made once and found again.

The project carries a mark in its description, so that one whose making was not acknowledged is found
and not made a second time. What was pushed last is remembered: what differs from it on the server was
changed by somebody else (`drift`).
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labelwright.connectors.label_studio.checking import check_config
from labelwright.connectors.label_studio.faults import Gone, Unsure
from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.payload import kinds
from labelwright.dsl.compile.fields import Shown, shown
from labelwright.dsl.compile.instructions import instructions_fragment
from labelwright.dsl.compile.labelconfig import label_config
from labelwright.dsl.compile.settings import beside, project_settings
from labelwright.loop.errors import ConnectorError
from labelwright.loop.items import Inputs

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.client import LabelStudio
    from labelwright.loop.outbox import Outbox
    from labelwright.loop.ports import Context

PROJECT, MARK, SERVER, INPUTS = "project", "mark", "server", "inputs"
PUSHED, SERVED, SECOND = "pushed", "served", "second"
"""What the source remembers."""

_TRIES = 3
_LATEST = timedelta(minutes=10)  # after which nothing is done any more that a server was asked for
Pause = Callable[[float], None]


@dataclass
class Site:
    """A task's place on a server. Nothing is asked of the server before it is needed."""

    context: Context
    outbox: Outbox
    connect: Callable[[], LabelStudio]
    pause: Pause = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    aside: str = ""  # what this project is for, where it is not the task's own
    _opened: list[LabelStudio] = field(default_factory=list, repr=False)

    @property
    def client(self) -> LabelStudio:
        """The server. Raises ConnectorError where it is not the one that the campaign began on."""
        if not self._opened:
            client = self.connect()
            known = self.outbox.get(SERVER)
            if known is not None and known != client.url:
                client.close()
                raise ConnectorError(
                    f"this campaign lives on {known}, and the credentials are for {client.url}",
                    f"set LABEL_STUDIO_URL to {known}, or begin another campaign with --state FOLDER",
                )
            self._opened.append(client)
        return self._opened[0]

    @property
    def requests(self) -> int:
        """How many requests were made so far."""
        return sum(client.requests for client in self._opened)

    def close(self) -> None:
        """Close the connections."""
        while self._opened:
            self._opened.pop().close()

    # --- what is compiled -------------------------------------------------------------------------

    @cached_property
    def inputs(self) -> Inputs | None:
        """What the items are made of, as they were sent first; None before."""
        told = self.outbox.get(INPUTS)
        return Inputs.of(json.loads(told)) if told else None

    @cached_property
    def page(self) -> Page:
        """What answers refer to."""
        return Page.of(self.context.task, self.kinds)

    @cached_property
    def parts(self) -> tuple[Shown, ...]:
        """What people see of an item."""
        return shown(self.context.task, self.kinds)

    @property
    def kinds(self) -> Mapping[str, Any] | None:
        """What each column holds, where the source of the data said it."""
        return kinds(self.inputs) if self.inputs else None

    def wanted(self) -> dict[str, Any]:
        """The project's settings as the task has them."""
        task = self.context.task
        settings = project_settings(task)
        if self.aside:  # one person's answer to each item, and no suggestion
            settings |= {
                "title": beside(settings["title"], self.aside),
                "maximum_annotations": 1,
                "show_collab_predictions": False,
            }
        return {
            **settings,
            "description": f"{settings['description']} · {self.outbox.get(MARK)}",
            "label_config": label_config(task, self.kinds),
            "expert_instruction": instructions_fragment(task),
        }

    def learn_inputs(self, inputs: Inputs) -> None:
        """Remember what the items are made of."""
        told = json.dumps(
            {"id": inputs.id, "text": inputs.text, "image": inputs.image, "columns": inputs.columns}
        )
        if told != self.outbox.get(INPUTS):
            self.outbox.set(INPUTS, told)
            for name in ("inputs", "page", "parts"):
                self.__dict__.pop(name, None)

    # --- the project ------------------------------------------------------------------------------

    @property
    def project_id(self) -> int | None:
        """The project's number, where one was made."""
        known = self.outbox.get(PROJECT)
        return int(known) if known else None

    def project(self) -> int:
        """The project's number; it is made where there is none yet."""
        return self.project_id or self._make()

    def state(self) -> dict[str, Any]:
        """The project as the server has it. Raises ConnectorError where it was deleted."""
        number = self.project()
        try:
            return self.client.project(number)
        except Gone:
            raise ConnectorError(
                f"project {number} is not on {self.client.url} any more: somebody deleted it",
                "what was collected is kept; restore the server from a backup, or begin another "
                "campaign with --state FOLDER",
            ) from None

    @contextmanager
    def there(self) -> Iterator[None]:
        """Where something is missing in here because the project is, the error says so."""
        try:
            yield
        except Gone:
            self.state()
            raise

    def push(self, *, whole: bool = False) -> None:
        """Bring page, settings and guide up to what the task says, where the task changed.

        whole: also where somebody else changed them on the server.
        """
        number, wanted = self.project(), self.wanted()
        before = json.loads(self.outbox.get(PUSHED) or "{}")
        changed = {k: v for k, v in wanted.items() if whole or before.get(k) != v}
        if changed:
            if "label_config" in changed:
                check_config(self.page, changed["label_config"])
            self._served(self.client.update_project(number, changed), wanted, changed)

    def _served(
        self, state: Mapping[str, Any], wanted: Mapping[str, Any], changed: Mapping[str, Any]
    ) -> None:
        """Remember what was pushed, and how the server gives it back: it tidies some of it up.

        Of the settings that were not changed now, what was remembered stays: another may have changed them.
        """
        before = json.loads(self.outbox.get(SERVED) or "{}")
        with self.outbox.writing():
            self.outbox.set(PUSHED, _told(wanted))
            self.outbox.set(SERVED, _told({**before, **{k: state.get(k) for k in changed}}))

    def _make(self) -> int:
        check_config(self.page, self.wanted()["label_config"])
        mark = self.outbox.get(MARK)
        if mark is None:
            self.outbox.set(MARK, uuid.uuid4().hex[:12])
            number = None
        else:  # it was begun before, and nobody knows how that ended
            self.outbox.set(SECOND, self.now().isoformat())
            number = self._find()
        for _ in range(_TRIES):
            if number is not None:
                break
            try:
                number = self.client.create_project(self.wanted())
            except Unsure:
                self.outbox.set(SECOND, self.now().isoformat())
                number = self._find()
        if number is None:
            raise ConnectorError(
                f"no project could be made on {self.client.url} in {_TRIES} tries",
                "run the same command again: one that was made after all is found",
                retry=True,
            )
        state = self.client.project(number)
        with self.outbox.writing():
            self.outbox.set(PROJECT, str(number))
            self.outbox.set(SERVER, self.client.url)
            self._served(state, self.wanted(), self.wanted())
        return number

    def _find(self) -> int | None:
        """The project that carries our mark, looked for twice some time apart."""
        for wait in (0.0, 2.0):
            self.pause(wait)
            found = self._marked()
            if found:
                return min(found)
        return None

    def tidy(self) -> None:
        """Delete a second project that was made late: one with our mark and nothing in it.

        Looked for during some minutes, where it is not known how the making of the first one ended.
        """
        told = self.outbox.get(SECOND)
        if not told:
            return
        over = self.now() - datetime.fromisoformat(told) > _LATEST
        ours = self.project()
        second = [number for number in self._marked() if number != ours]
        for number in second:
            if self.client.project(number)["task_number"] == 0:
                self.client.delete_project(number)
        if second or over:
            self.outbox.set(SECOND, "")

    def _marked(self) -> list[int]:
        mark = str(self.outbox.get(MARK))
        return [int(p["id"]) for p in self.client.projects() if mark in str(p.get("description"))]


def _told(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, ensure_ascii=False, sort_keys=True)
