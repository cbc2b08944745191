"""The adjudicator's items, in a project of their own: Community Label Studio shows every task to everybody.

What belongs to it lies in the same outbox as the rest: its batches bear a name of their own, and what is
remembered of its project goes under keys of its own. So all that is done for the task's project (sending
once, fetching, sweeping, following a changed definition) is done for this one too, as another `Site`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from labelwright.loop.outbox import Chore, Outbox

if TYPE_CHECKING:
    from labelwright.loop.outbox import Held, Sent
    from labelwright.loop.store import Store

ADJUDICATION = "adjudication"
_ENDING, _KEY = f"-{ADJUDICATION}", f"{ADJUDICATION}: "


def batch_apart(batch: str) -> str:
    """The name of the part of a batch that only the adjudicator is asked."""
    return f"{batch}{_ENDING}"


class Part(Outbox):
    """The outbox as one of the two projects knows it; apart: the adjudicator's."""

    def __init__(self, store: Store, *, apart: bool) -> None:
        super().__init__(store)
        self.apart = apart

    def get(self, key: str) -> str | None:
        """What was remembered under this key for this project."""
        return super().get(self._key(key))

    def set(self, key: str, value: str) -> None:
        """Remember a value for this project."""
        super().set(self._key(key), value)

    def sent(self, batch: str | None = None) -> list[Sent]:
        """What was handed out in this project (in a batch)."""
        return [s for s in super().sent(batch) if self._mine(s.batch)]

    def held(self, batch: str | None = None) -> list[Held]:
        """Answers in this project (to a batch)."""
        if batch is not None:
            return super().held(batch) if self._mine(batch) else []
        mine = {s.uid for s in self.sent()}
        return [h for h in super().held() if h.uid in mine]

    def plan(self, chores: Sequence[Chore]) -> None:
        """Write down what has to be done in this project."""
        super().plan([replace(c, kind=self._key(c.kind)) for c in chores])

    def chores(self) -> list[Chore]:
        """What is still to be done in this project."""
        found = [c for c in super().chores() if c.kind.startswith(_KEY) == self.apart]
        return [replace(c, kind=c.kind.removeprefix(_KEY)) for c in found]

    def _key(self, key: str) -> str:
        return f"{_KEY}{key}" if self.apart else key

    def _mine(self, batch: str) -> bool:
        return batch.endswith(_ENDING) == self.apart


def parts_of(outbox: Outbox) -> tuple[Part, Part]:
    """The outbox of the task's project, and of the adjudicator's."""
    return Part(outbox.store, apart=False), Part(outbox.store, apart=True)
