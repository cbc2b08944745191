"""What learning curves say: labels needed, saving, area, and how sure that is.

A curve is (n_seeds, n_rounds): the test metric of each seed after each batch; `budgets` (n_rounds,) are
the labels spent by then. The bootstrap draws seeds, the same ones for a method and its reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DRAWS = 5_000


@dataclass(frozen=True)
class Saving:
    """How many times fewer labels, and what the bootstrap over seeds makes of it."""

    value: float
    draws: np.ndarray  # (DRAWS,)

    @property
    def interval(self) -> tuple[float, float]:
        """90%."""
        low, high = np.quantile(self.draws, (0.05, 0.95))
        return float(low), float(high)

    @property
    def lower(self) -> float:
        """The bound that lies below at 95%, one-sided: the lower end of the 90% interval."""
        return self.interval[0]


def labels_needed(budgets: np.ndarray, means: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Labels at which a mean curve (…, n_rounds) first reaches `target` (…), linear between batches.

    The first batch's size where that reaches it already; nan where none does.
    """
    reached = means >= np.asarray(target)[..., None]
    at = reached.argmax(axis=-1)
    before = np.maximum(at - 1, 0)
    high = np.take_along_axis(means, at[..., None], -1)[..., 0]
    low = np.take_along_axis(means, before[..., None], -1)[..., 0]
    rise = np.where(high > low, high - low, 1)
    share = np.where(at > 0, (target - low) / rise, 0)
    needed = budgets[before] + share * (budgets[at] - budgets[before])
    return np.where(reached.any(axis=-1), needed, np.nan)


def savings(budgets: np.ndarray, reference: np.ndarray, method: np.ndarray) -> np.ndarray:
    """Labels the reference needs for its mean at the final budget ÷ labels the method needs for it.

    Both are mean curves (…, n_rounds), and both count to where they first get there. Where the method
    never does, the saving is below 1: labels the reference needs for the method's best ÷ the budget.
    """
    target = reference[..., -1]
    saving = labels_needed(budgets, reference, target) / labels_needed(budgets, method, target)
    loss = labels_needed(budgets, reference, method.max(axis=-1)) / budgets[-1]
    return np.where(np.isnan(saving), loss, saving)


def saving(budgets: np.ndarray, reference: np.ndarray, method: np.ndarray, seed: int = 0) -> Saving:
    """The saving of the mean curves of (n_seeds, n_rounds) each, seed by seed the same start."""
    n = len(reference)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS) / n
    value = savings(budgets, reference.mean(axis=0), method.mean(axis=0))
    return Saving(float(value), savings(budgets, weights @ reference, weights @ method))


def together(each: list[Saving]) -> Saving:
    """The geometric mean over sets; the seeds of each set were drawn on their own."""
    values = np.array([s.value for s in each])
    draws = np.stack([s.draws for s in each])
    return Saving(float(np.exp(np.log(values).mean())), np.exp(np.log(draws).mean(axis=0)))


def area(curves: np.ndarray) -> np.ndarray:
    """The area under each curve: its mean over the budgets after each batch, (n_seeds,)."""
    return np.asarray(curves.mean(axis=-1))


def error(values: np.ndarray) -> float:
    """The standard error of the mean of (n_seeds,)."""
    n = len(values)
    return float(np.std(values, ddof=1) / n**0.5) if n > 1 else float("nan")
