"""What a campaign knows of wrong labels, as frozen values: what the report shows."""

from __future__ import annotations

from pydantic import Field

from labelwright.loop.record import Record


class Looked(Record):
    """So many of `of` labels that people looked at again were wrong; the share's exact 95% interval."""

    wrong: int
    of: int
    low: float
    high: float


class SuspectedLabel(Record):
    """A label that is likely wrong. given, suggested: class ids; wrong: the probability that it is."""

    item: str
    given: str
    suggested: str
    probability: float
    wrong: float
    reason: str
    existing: bool  # it was there already; else people gave it


class LabelAudit(Record):
    """labels: how many were there already; planned, asked: of the audit, items.

    random: of its random half, which alone tells the share; per_class: the same by the label that stands
    there. others: of labels that were looked at because they were doubted. expected: mean probability that a
    label that nobody looked at is wrong, by models and people's answers. unused: labels trusted too little to
    train. copies: groups of the same item with different labels. suspects: the likeliest first.
    """

    labels: int = 0
    trust: str = ""
    planned: int = 0
    asked: int = 0
    random: Looked | None = None
    per_class: dict[str, Looked] = Field(default_factory=dict)
    others: Looked | None = None
    expected: float | None = None
    unused: int = 0
    suspected: int = 0
    copies: int = 0
    suspects: tuple[SuspectedLabel, ...] = ()
