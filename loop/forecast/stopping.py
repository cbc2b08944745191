"""Stopping rules, each with what it would have done in a campaign that went on. Pure functions of records.

- stable predictions: kappa of successive models on a fixed stop set, its mean over three rounds ≥ 0.99
  (Bloodgood & Vijay-Shanker 2009);
- few answers change: at most 0.5% of the stop set, two rounds running (Zhu, Wang & Hovy 2008);
- overall certainty: the mean probability of the answers there is 95% (Zhu & Hovy 2007);
- small gain: the next 100 annotations are expected to add less than half a point (`foretelling`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labelwright.loop.history import RoundRecord, WouldStop

KAPPA, KAPPA_ROUNDS = 0.99, 3
CHANGED, CHANGED_ROUNDS = 0.005, 2
UNCERTAIN = 0.05
GAIN, GAIN_OF = 0.005, 100
"""Half a point of the main figure, for so many annotations."""

Rule = Callable[[Sequence[RoundRecord]], bool]
"""Whether it stops after the last of these rounds."""


def criteria_met(rounds: Sequence[RoundRecord]) -> bool:
    """Every criterion passed."""
    verdicts = rounds[-1].measurement.verdicts
    return bool(verdicts) and all(v.status == "PASS" for v in verdicts)


def stable(rounds: Sequence[RoundRecord]) -> bool:
    """Kappa, on average over the last three rounds."""
    last = [r.stability.kappa for r in rounds[-KAPPA_ROUNDS:] if r.stability]
    known = [kappa for kappa in last if kappa is not None]
    return len(known) == KAPPA_ROUNDS and sum(known) / KAPPA_ROUNDS >= KAPPA


def few_change(rounds: Sequence[RoundRecord]) -> bool:
    """Hardly any answer changed in the last two rounds."""
    last = [r.stability.changed for r in rounds[-CHANGED_ROUNDS:] if r.stability]
    return len(last) == CHANGED_ROUNDS and max(last) <= CHANGED


def certain(rounds: Sequence[RoundRecord]) -> bool:
    """The model is sure of nearly everything."""
    now = rounds[-1].stability
    return now is not None and now.uncertainty <= UNCERTAIN


def small_gain(rounds: Sequence[RoundRecord]) -> bool:
    """The forecast expects little of the next labels."""
    gain = rounds[-1].gain
    return gain is not None and gain < GAIN


RULES: tuple[tuple[str, str, Rule], ...] = (
    ("criteria", "every criterion met", criteria_met),
    ("stable", f"predictions stable: mean kappa of {KAPPA_ROUNDS} rounds at least {KAPPA}", stable),
    ("few_change", f"at most {CHANGED:.1%} of the answers changed, two rounds running", few_change),
    ("certain", f"the model is {1 - UNCERTAIN:.0%} sure on average", certain),
    (
        "small_gain",
        f"the next {GAIN_OF} annotations are expected to add less than {GAIN * 100:g} point",
        small_gain,
    ),
)


def same_definition(rounds: Sequence[RoundRecord]) -> list[RoundRecord]:
    """Rounds under the definition of the last one: those before it tell nothing of what holds now."""
    return [r for r in rounds if r.definition == rounds[-1].definition]


def stops_now(rule: str, rounds: Sequence[RoundRecord]) -> str | None:
    """Why a rule stops after the last round; None where it goes on."""
    words, holds = next((words, holds) for name, words, holds in RULES if name == rule)
    return words if rounds and holds(same_definition(rounds)) else None


def would_stop(rounds: Sequence[RoundRecord], acting: str | None) -> tuple[WouldStop, ...]:
    """Where each rule would have ended the campaign, with what figure and what was spent by then."""
    if not rounds:
        return ()
    whole = same_definition(rounds)
    found = []
    for name, words, holds in RULES:
        ends = next((i for i in range(len(whole)) if holds(whole[: i + 1])), None)
        acts = name in ("criteria", acting)
        if ends is None:
            told = WouldStop(rule=name, round=None, acts=acts, sentence=f"{words}: would go on")
        else:
            record = whole[ends]
            told = WouldStop(
                rule=name,
                round=record.round,
                annotations=record.annotations,
                accuracy=record.measurement.main.estimate,
                money=record.money,
                acts=acts,
                sentence=f"{words}: would have stopped after round {record.round}",
            )
        found.append(told)
    return tuple(found)
