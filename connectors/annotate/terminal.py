"""People who label in a terminal: `labelwright label` writes their answers into the store.

What is handed out and what people answered both lie in the outbox; nothing leaves the machine. The
screen itself is `labelwright.desk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from labelwright.connectors.exchange.handing import answers, hand_out
from labelwright.loop.outbox import Outbox
from labelwright.loop.ports import AnnotatorSource, Answer, Context, Items, Request


def terminal(*, context: Context, outbox: Outbox) -> AnnotatorSource:
    """People who label in a terminal, with `labelwright label`."""
    return Terminal(context, outbox)


@dataclass
class Terminal:
    """See `terminal`."""

    context: Context
    outbox: Outbox
    rehearsal: bool = field(default=False, init=False)
    assigns: bool = field(default=True, init=False)

    def send(self, batch: str, requests: Sequence[Request], items: Items) -> None:
        """Lay the batch out for whoever sits down to label."""
        hand_out(self.outbox, self.context, batch, requests, items, "sent")

    def pull(self) -> None:
        """Nothing to fetch, and yet there may be news: people change answers to earlier batches."""

    def collect(self, batch: str, requests: Sequence[Request]) -> Sequence[Answer]:
        """All answers given so far; what somebody took back comes as withdrawn."""
        return answers(self.outbox, batch, requests)
