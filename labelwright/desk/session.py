"""One person's sitting: which item is next, and what each key does to what is stored.

Every answer is a transaction of its own, so that one that was given is never lost, and several people
can label at once. What was taken back stays known as withdrawn: somebody may have collected it already.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

from labelwright.desk.draft import LINE, Answered, Desk, Draft, Fault
from labelwright.desk.queue import following, given_by, lacking, open_to, reference
from labelwright.loop.outbox import Held, Outbox, Sent

AWAY = 600.0
"""Seconds after which nobody knows how long somebody looked at an item."""

_LOOKING = "terminal/looking"


class Session:
    """Where a person stands. `current` is None when nothing is open any more.

    text_of: an item's text, asked where parts of it are marked. guard: called within each transaction,
    raises where nothing may be written any more.
    """

    def __init__(
        self,
        desk: Desk,
        outbox: Outbox,
        person: str,
        *,
        text_of: Callable[[Sent], str] = lambda sent: "",
        guard: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.desk = desk
        self.person = person
        self.over = False
        self.guide = False
        self.current: Sent | None = None
        self.before: Held | None = None  # the answer to the current item that was taken back
        self.draft = Draft()
        self._outbox = outbox
        self._text_of = text_of
        self._guard = guard
        self._clock = clock
        self._sent = {s.uid: s for s in outbox.sent()}
        mine = [h for h in outbox.held() if h.annotator == person]
        self._given = [h for h in given_by(person, mine) if self._sent[h.uid].state == "sent"]
        self._ticks = max((int(h.updated or 0) for h in mine if h.updated.isdigit()), default=0)
        self._here: set[str] = set()  # references given in this sitting
        self._batches: set[str] = set()
        self._shown_at = 0.0
        with outbox.writing():
            self._advance()

    # --- looking ------------------------------------------------------------------------------

    @property
    def given(self) -> int:
        """How many answers were given in this sitting and not taken back."""
        return len(self._here)

    @property
    def place(self) -> tuple[int, int]:
        """(which, of how many): the current item among all of the batch that are this person's."""
        mine = sum(self._sent[h.uid].batch in self._batches for h in self._given)
        return mine + 1, mine + len(self._open())

    @property
    def may_undo(self) -> bool:
        """Whether there is an answer to take back."""
        return bool(self._given)

    @property
    def elsewhere(self) -> int:
        """How many items still wait for an answer, by anybody."""
        return lacking(self._outbox.sent(), self._outbox.held())

    def text(self) -> str:
        """The text of the current item."""
        return self._text_of(self.current) if self.current else ""

    # --- keys ---------------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """Do what a key means here."""
        if key == "eof":
            self.over = True
        elif self.guide:
            self.guide = False
        elif self.current is None:
            command = self.desk.keymap.command(key.removeprefix(LINE).strip())
            if command == "undo" and self._given:
                self._undo()
            else:
                self.over = True
        else:
            self._do(self.desk.press(self.draft, key, self.text))

    def _do(self, made: Draft | Answered | str) -> None:
        if isinstance(made, Draft):
            self.draft = made
        elif isinstance(made, Answered):
            self._give(made)
        elif made == "skip":
            self._give(Answered(()), skipped=True)
        elif made == "undo":
            self._undo()
        elif made == "guide":
            self.guide = True
        else:
            self.over = True

    def _give(self, answer: Answered, *, skipped: bool = False) -> None:
        assert self.current is not None
        took = self._clock() - self._shown_at
        self._ticks += 1
        held = Held(
            reference=reference(self.current.uid, self.person),
            uid=self.current.uid,
            annotator=self.person,
            labels=answer.labels,
            spans=answer.spans,
            skipped=skipped,
            seconds=round(took, 1) if took <= AWAY else None,
            updated=f"{self._ticks:08d}",
        )
        with self._outbox.writing():
            self._guard()
            self._outbox.hold([held])
            self._given.append(held)
            self._here.add(held.reference)
            self._advance()

    def _undo(self) -> None:
        """Take back the last answer, of this sitting or an earlier one, and ask for it again."""
        if not self._given:
            self.draft = replace(self.draft, fault=Fault("nothing to undo"))
            return
        last = self._given.pop()
        with self._outbox.writing():
            self._guard()
            self._outbox.hold([replace(last, deleted=True)])
            self._here.discard(last.reference)
            self._look_at(self._sent[last.uid])
        self.before = last
        self.draft = self.desk.begin(last.labels, last.spans)

    def leave(self) -> None:
        """Let others have the item that was looked at."""
        with self._outbox.writing():
            self._look_at(None)

    # --- the next item ------------------------------------------------------------------------

    def _open(self) -> list[Sent]:
        held = [h for b in self._batches for h in self._outbox.held(b)]
        return open_to(
            self.person, (s for s in self._sent.values() if s.batch in self._batches), held
        )

    def _advance(self) -> None:
        found = self._open()
        if not found:  # perhaps a batch came in since
            self._sent = {s.uid: s for s in self._outbox.sent()}
            found = open_to(self.person, self._sent.values(), self._outbox.held())
            if found:
                self._batches = {s.batch for s in found}
        looking = self._looking()
        self._look_at(following(found, {u for p, u in looking.items() if p != self.person}))
        self.before = None
        self.draft = self.desk.begin()

    def _look_at(self, sent: Sent | None) -> None:
        looking = self._looking()
        looking.pop(self.person, None)
        if sent is not None:
            looking[self.person] = sent.uid
            self._batches.add(sent.batch)
        self._outbox.set(_LOOKING, json.dumps(looking, ensure_ascii=False))
        self.current = sent
        self._shown_at = self._clock()

    def _looking(self) -> dict[str, str]:
        looking: dict[str, str] = json.loads(self._outbox.get(_LOOKING) or "{}")
        return looking
