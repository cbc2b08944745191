"""From when on tasks are listed, so that no change is passed over and few are read twice.

Stamps that the server puts on tasks are compared with each other alone: its clock may be hours off ours,
and off the one that dates its answers. A stamp may land a little after a later one, so that the list
begins some seconds before the latest seen, until it has been the latest for longer than that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

_LATE = timedelta(seconds=5)
_SETTLED = 2 * _LATE  # answers are dated to a second, and take a while
_JUMP = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Watermark:
    """What is remembered between two pulls; times in UTC."""

    newest: datetime = _FIRST  # the latest stamp on a task
    seen: datetime | None = None  # the server's clock when that was seen first, where it tells
    settled: bool = False  # nothing that is stamped earlier can be on its way
    asked: datetime | None = None  # the server's clock at the last pull
    ours: datetime | None = None  # our clock then

    @classmethod
    def read(cls, told: str | None) -> Watermark:
        """As it was written; the beginning of time where it was not."""
        if not told:
            return cls()
        values: dict[str, Any] = {
            key: datetime.fromisoformat(value) if isinstance(value, str) else value
            for key, value in json.loads(told).items()
        }
        return cls(**values)

    def written(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @property
    def since(self) -> datetime:
        """Tasks with a later stamp are to be listed."""
        return self.newest if self.settled else self.newest - _LATE

    def jumped(self, clock: datetime | None, ours: datetime) -> bool:
        """Whether the server's clock was set since the last pull: stamps tell no order then."""
        if clock is None or self.asked is None or self.ours is None:
            return False
        return abs((clock - self.asked) - (ours - self.ours)) > _JUMP

    def moved(
        self, stamps: Iterable[datetime], clock: datetime | None, ours: datetime
    ) -> Watermark:
        """After a pull that saw these stamps, at this time of the server and of ours."""
        now = replace(self, asked=clock or self.asked, ours=ours if clock else self.ours)
        newest = max(stamps, default=self.newest)
        if clock is not None:  # a stamp from a time when the clock was wrong must not hide others
            newest = min(newest, clock + _SECOND)
        if newest > self.newest or self.jumped(clock, ours):
            return replace(now, newest=newest, seen=clock, settled=False)
        waited = clock is not None and self.seen is not None and clock - self.seen >= _SETTLED
        return replace(now, settled=self.settled or waited)
