"""What is known of a campaign's data, put together for whoever looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labelwright.loop.shift.comparing import asked_and_pool, with_shares
from labelwright.loop.shift.covering import coverage
from labelwright.loop.shift.records import About, Comparison, Distribution

if TYPE_CHECKING:
    from labelwright.loop.history import RoundRecord
    from labelwright.loop.workbench import Workbench


def distribution(
    bench: Workbench, rounds: Sequence[RoundRecord], *, whole: bool = False
) -> Distribution:
    """The latest comparison of each kind. whole: with class shares, what was asked, and the coverage map."""
    latest: dict[About, Comparison] = {}
    for record in rounds:
        latest |= {each.about: each for each in record.shift}
    if not whole or not rounds or not bench.current(rounds[-1].round):
        return Distribution(comparisons=tuple(latest.values()))
    last = rounds[-1].round
    found = [
        with_shares(bench, last, each) if each.about == "pool and holdout" else each
        for each in latest.values()
    ]
    asked = asked_and_pool(bench, last)
    found += [asked] if asked is not None else []
    return Distribution(comparisons=tuple(found), coverage=coverage(bench, last))


def news(record: RoundRecord, before: RoundRecord | None) -> list[Comparison]:
    """Alarms of a round that the round before it did not raise."""
    raised = {each.about for each in before.shift if each.alarm} if before is not None else set()
    return [
        each
        for each in record.shift
        if each.alarm and (each.about != "pool and holdout" or each.about not in raised)
    ]
