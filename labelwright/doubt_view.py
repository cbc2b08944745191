"""Who is paused and what is in doubt, in lines for the terminal."""

from __future__ import annotations

from labelwright import figures
from labelwright.loop.history import Campaign, Paused
from labelwright.summary import Bill
from labelwright.words import clean


def paused_line(person: Paused) -> str:
    """`kim: right on 4 of 12 gold items, 80% are asked for`."""
    return (
        f"{clean(person.annotator)}: right on {person.right:,} of "
        f"{figures.counted(person.answers, 'gold item')}, {person.threshold:.0%} "
        "are asked for"
    )


def paused_lines(campaign: Campaign) -> list[str]:
    """A line for each, and what it means; nothing where nobody is."""
    if not campaign.paused:
        return []
    return [
        *map(paused_line, campaign.paused),
        "answers set aside, not lost; their items are asked again of somebody else",
    ]


def doubt_lines(campaign: Campaign) -> list[str]:
    """What the adjudicator is still to be asked."""
    if not campaign.in_doubt:
        return []
    return [f"{figures.counted(campaign.in_doubt, 'label')} for the adjudicator in the next rounds"]


def parts_beside(spent: Bill) -> list[str]:
    """What gold, re-checks and the adjudicator took: `48 on gold`, none where they took nothing."""
    told = (
        (spent.gold, "on gold"),
        (spent.audit, "on re-checks"),
        (spent.adjudicated, "by the adjudicator"),
    )
    return [f"{figures.count(n)} {what}" for n, what in told if n]
