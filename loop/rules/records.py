"""What is known of each rule of a campaign, as frozen values."""

from __future__ import annotations

from typing import Literal

from labelwright.loop.record import Estimate, Record


class RuleScore(Record):
    """One rule. fires: of `RulesScored.items`, where no veto speaks; conflicts: where one contradicts it.

    unaided: how often it is right where it fires, by its weight and by agreement with other rules. estimated:
    that refined by the pool's labels, with the interval of what is believed. chosen: its share of right ones
    among the pool's labels, which were chosen; held: among the holdout's, a fair sample. All three intervals
    are two-sided at 95%. voice: how far it is no copy of others. worse: it is right less often than a rule
    that fires anywhere, beyond chance over all rules of the task together.
    """

    name: str
    action: Literal["vote", "against"]
    label: str
    fires: int
    conflicts: int
    unaided: float | None = None
    estimated: Estimate = Estimate(estimate=None)
    voice: float | None = None
    chosen: Estimate = Estimate(estimate=None)
    held: Estimate = Estimate(estimate=None)
    worse: bool = False


class RulesScored(Record):
    """All rules that vote. covered: items on which one speaks; labelled, held: labels there are."""

    items: int
    covered: int
    labelled: int
    held: int
    rules: tuple[RuleScore, ...]

    @property
    def worse(self) -> tuple[RuleScore, ...]:
        return tuple(rule for rule in self.rules if rule.worse)
