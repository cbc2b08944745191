"""What stopping rules would have done, what next labels are worth, and what a control arm says."""

from __future__ import annotations

import numpy as np
import pytest

from labelwright.loop.forecast.control import helps, saving
from labelwright.loop.forecast.foretelling import Facts, foretell, outlook
from labelwright.loop.forecast.steady import compared
from labelwright.loop.forecast.stopping import stops_now, would_stop
from labelwright.loop.forecast.worth import mended, worth
from labelwright.loop.history import Control, Estimate, Measurement, RoundRecord, Stability, Verdict

NOTHING = Estimate(estimate=None)
FACTS = Facts(4, (("accuracy >= 90%", 0.9),), 5_000, 600, price=0.5, currency="USD")


def record(
    number: int,
    accuracy: float | None = 0.8,
    *,
    kappa: float | None = None,
    changed: float = 0.1,
    uncertainty: float = 0.2,
    gain: float | None = None,
    verdicts: tuple[Verdict, ...] = (),
    definition: int = 1,
    holdout: int = 400,
) -> RoundRecord:
    labels = 20 * (number + 1)
    steady = (
        None
        if kappa is None
        else Stability(items=100, kappa=kappa, changed=changed, uncertainty=uncertainty)
    )
    figure = Estimate(estimate=accuracy, n=holdout, method="exact")
    return RoundRecord(
        round=number, definition=definition, annotations=2 * labels, holdout_annotations=400,
        labels=labels, labels_per_class={}, asked=20, phase="main", strategy="auto", money=labels,
        hours=labels / 100, stability=steady, gain=gain,
        measurement=Measurement(
            holdout_labels=holdout, accuracy=figure, macro_f1=NOTHING, ece=NOTHING, alpha=NOTHING,
            classes=(), confusion=(), verdicts=verdicts,
        ),
    )  # fmt: skip


def rising(rounds: int = 8, ceiling: float = 0.95) -> list[RoundRecord]:
    n = 20 * np.arange(1, rounds + 1)
    return [record(i, float(a)) for i, a in enumerate(ceiling - 0.5 * (1 + n / 20) ** -0.9)]


def test_kappa_by_hand() -> None:
    before, now = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    found = compared(before, now, 0.1)
    assert found.changed == 0.25
    assert found.kappa == pytest.approx((0.75 - 0.5) / 0.5)
    assert compared(np.zeros(4, int), np.zeros(4, int), 0.1).kappa is None


def test_predictions_are_stable_on_the_mean_of_three_rounds() -> None:
    kappas = [None, 0.9, 0.99, 0.995, 0.99, 0.99]
    rounds = [record(i, kappa=k) for i, k in enumerate(kappas)]
    told = next(w for w in would_stop(rounds, None) if w.rule == "stable")
    assert told.round == 4
    assert (told.annotations, told.accuracy, told.money) == (200, 0.8, 100)
    assert stops_now("stable", rounds[:4]) is None
    assert "kappa" in str(stops_now("stable", rounds[:5]))


def test_each_rule_stops_where_its_sign_shows_and_only_there() -> None:
    met = Verdict(criterion="accuracy >= 70%", status="PASS", estimate=0.8, target=0.7)
    calm = {"kappa": 0.8, "changed": 0.004, "uncertainty": 0.04}
    rounds = [
        record(0, kappa=0.8, gain=0.02),
        record(1, kappa=0.8, changed=0.004, gain=0.004),
        record(2, **calm, gain=0.004, verdicts=(met,)),
    ]
    told = {w.rule: w.round for w in would_stop(rounds, "small_gain")}
    assert told == {
        "criteria": 2, "stable": None, "few_change": 2, "certain": 2, "small_gain": 1,
    }  # fmt: skip
    acting = {w.rule for w in would_stop(rounds, "small_gain") if w.acts}
    assert acting == {"criteria", "small_gain"}


def test_rounds_of_an_earlier_definition_tell_nothing() -> None:
    rounds = [record(i, kappa=0.999, definition=1 + (i > 3)) for i in range(6)]
    assert stops_now("stable", rounds) is None
    assert stops_now("stable", [*rounds, record(6, kappa=0.999, definition=2)]) is not None
    assert foretell(rounds, FACTS).why_not


def test_a_forecast_says_annotations_money_and_hours() -> None:
    told = foretell(rising(), FACTS)
    (reach,) = told.reaches
    assert reach.more.estimate is not None
    assert reach.more.low is not None
    assert reach.more.high is not None
    assert 0 <= reach.more.low <= reach.more.estimate <= reach.more.high
    assert reach.money is not None
    assert reach.money.estimate == pytest.approx(0.5 * reach.more.estimate)
    assert reach.hours is not None
    assert reach.hours.estimate is not None
    assert told.points[0].annotations == 40, "two annotations a label"
    assert told.points[-1].annotations >= FACTS.budget
    assert sum(told.shapes.values()) == pytest.approx(1)


def test_two_rounds_are_too_few() -> None:
    told = foretell(rising()[:2], FACTS)
    assert "3 measured rounds" in told.why_not
    assert not told.points
    assert outlook([], FACTS) is None


def test_a_gain_grows_with_what_is_spent() -> None:
    found = outlook(rising(), FACTS)
    assert found is not None
    gains = [found.gain(n)[1] for n in (0, 50, 100, 400)]
    assert gains[0] == 0
    assert (np.diff(gains) > 0).all()


def test_where_the_next_money_is_best_spent() -> None:
    rounds = rising()
    training, holdout, second = worth(rounds, FACTS, None, 300)
    assert training.best
    assert "points expected" in training.sentence
    assert "decide nothing" in holdout.sentence
    assert "not known" in second.sentence
    undecided = Verdict(
        criterion="accuracy >= 90%", status="NOT YET KNOWN", estimate=0.9, target=0.9, more=60
    )
    last = rounds[-1].model_copy(
        update={"measurement": rounds[-1].measurement.model_copy(update={"verdicts": (undecided,)})}
    )
    training, holdout, second = worth([*rounds[:-1], last], FACTS, 0.2, 300)
    assert holdout.best
    assert holdout.decides
    assert "about 60 more" in holdout.sentence
    assert second.gain is not None
    assert worth(rounds, FACTS, None, 0) == ()


def test_mending_gains_more_where_more_is_wrong() -> None:
    found = outlook(rising(), FACTS)
    assert found is not None
    assert mended(found, 0.0, 100)[1] == 0
    assert 0 < mended(found, 0.05, 100)[1] < mended(found, 0.25, 100)[1]


def test_a_control_arm_finds_the_saving_that_was_put_in() -> None:
    """Chosen labels count double: as many drawn at random reach what half of them reach chosen."""

    def accuracy(n: float) -> float:
        return float(0.95 - 0.5 * (1 + n / 20) ** -0.9)

    def arm(times: float) -> Control:
        chosen = tuple((n, accuracy(times * n)) for n in (20, 40, 60, 80, 120, 160))
        return Control(
            labels=80, accuracy=accuracy(80), n=500, chosen=chosen, apart=(0.012,) * len(chosen)
        )

    low, middle, high = saving(arm(2.0), 4, 0)
    assert low <= 2 <= high
    assert middle == pytest.approx(2, rel=0.25)
    low, middle, high = saving(arm(1.0), 4, 0)
    assert low < 1 < high
    said = helps(arm(1.0), 4, 0)
    assert said is not None
    assert "not clear" in said.sentence
    assert saving(arm(3.0), 4, 0) == saving(arm(3.0), 4, 0)


def test_a_young_control_arm_is_not_known_yet() -> None:
    said = helps(Control(labels=6, n=300), 4, 0)
    assert said is not None
    assert said.saving is None
    assert "not known yet" in said.sentence
    assert helps(None, 4, 0) is None
