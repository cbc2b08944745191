"""What every record of a campaign is, and a figure with its interval."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(Record):
    """A figure with its two-sided 95% interval; None where it cannot be known yet.

    low, high hold for this look alone; low_every, high_every for all looks of the campaign at once.
    """

    estimate: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0  # holdout labels it rests on
    method: str = ""  # "exact", "jackknife", …
    low_every: float | None = None
    high_every: float | None = None
