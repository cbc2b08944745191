"""For spans: the items whose tags are least probable, token by token.

Shen et al. 2018, "Deep Active Learning for Named Entity Recognition" (MNLP), with greedy decoding;
Settles & Craven 2008, "An Analysis of Active Learning Strategies for Sequence Labeling Tasks"
(total token entropy).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from labelwright.loop.errors import StrategyError
from labelwright.loop.ports import Chosen
from labelwright.loop.query.blocks import blocks, take
from labelwright.loop.query.contract import nothing, top
from labelwright.loop.query.ensemble import entropy_of

if TYPE_CHECKING:
    import numpy as np

MEASURES = ("log_probability", "total_entropy")

_BLOCK = 4_096


class TokenLearner(Protocol):
    """What a learner of spans offers to strategies."""

    def predict_tokens(self, X: np.ndarray) -> Sequence[np.ndarray]:
        """For each row of X the probabilities of its tokens' tags, (n_tokens, n_tags).

        Rows of each sum to one; an item without tokens is (0, n_tags). The same rows give the same
        answer in whatever blocks they are read.
        """


def token_log_probability(
    learner: TokenLearner,
    X: np.ndarray,
    n_instances: int,
    *,
    random_state: int = 0,
    measure: str = "log_probability",
    tokens: Callable[[np.ndarray], Sequence[np.ndarray]] | None = None,
) -> Chosen:
    """For spans: the items whose tags are least probable. Utility: −mean over tokens of ln p(best tag).

    That is MNLP, the length-normalised log-probability of the best tags, chosen token by token. With
    measure = total_entropy: −Σ over tokens and tags of p ln p, which prefers long items. An item
    without tokens has nothing to ask: utility 0. Of equal items the lower position comes first.

    Needs a learner with `predict_tokens` (see `TokenLearner`); where `tokens` is given, it says the same of
    positions in X, which are vectors of whole texts then. Reads X once, keeps 8 bytes an item.
    Raises StrategyError for another learner, an unknown measure, and numbers that are no probabilities.
    """
    import numpy as np

    if measure not in MEASURES:
        raise StrategyError(
            f"there is no measure called {measure}", f"there are: {', '.join(MEASURES)}"
        )
    if tokens is None and not hasattr(learner, "predict_tokens"):
        raise StrategyError(
            "this strategy is for spans: it needs a learner that says how probable the tags of "
            "each token are (predict_tokens), and this one does not",
            "choose by margin or entropy, or train a learner of spans",
        )
    if len(X) == 0 or n_instances == 0:
        return nothing()
    utilities = np.empty(len(X))
    for start, block in _read(learner, X, tokens):
        doubts, lengths = _doubts(block, start, measure)
        item = np.repeat(np.arange(len(block)), lengths)
        total = np.bincount(item, weights=doubts, minlength=len(block))
        by_length = measure == "log_probability"
        utilities[start : start + len(block)] = (
            total / np.maximum(lengths, 1) if by_length else total
        )
    best = top(utilities, n_instances)
    again = learner.predict_tokens(take(X, best)) if tokens is None else tokens(best)
    doubts, lengths = _doubts(again, 0, measure)
    reasons = tuple(map(_reason, np.split(doubts, np.cumsum(lengths)[:-1])))
    return Chosen(best, utilities[best], np.ones(len(best)), reasons)


def _read(
    learner: TokenLearner,
    X: np.ndarray,
    tokens: Callable[[np.ndarray], Sequence[np.ndarray]] | None,
) -> Iterator[tuple[int, Sequence[np.ndarray]]]:
    """Where a block of items begins, and what the model says of its tokens."""
    import numpy as np

    if tokens is None:
        for start, block in blocks(X, _BLOCK):
            found = learner.predict_tokens(block)
            if len(found) != len(block):
                raise StrategyError(
                    f"the model gave tokens of {len(found)} items where {len(block)} were"
                )
            yield start, found
        return
    for start in range(0, len(X), _BLOCK):
        yield start, tokens(np.arange(start, min(start + _BLOCK, len(X))))


def _reason(doubts: np.ndarray) -> str:
    if len(doubts) == 0:
        return "it has no tokens"
    return f"least sure of token {doubts.argmax() + 1} of {len(doubts)}"


def _doubts(told: Sequence[np.ndarray], start: int, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Of every token of these items, one item behind the other: −ln p(best tag), or the entropy.

    And how many tokens each item has. start: where the block stands in the pool, for messages.
    """
    import numpy as np

    found = [np.asarray(probs, dtype=np.float64) for probs in told]
    for row, probs in enumerate(found, start):
        if not (probs.ndim == 2 and (probs >= 0).all() and _sum_to_one(probs)):
            raise StrategyError(
                f"the model gave the tokens of item {row} of the pool numbers that are no "
                "probabilities of tags: a row a token, each of which sums to one"
            )
    lengths = np.array([len(probs) for probs in found])
    some = [probs for probs in found if len(probs)]
    if not some:
        return np.zeros(0), lengths
    if measure == "total_entropy":
        return np.concatenate([entropy_of(probs) for probs in some]), lengths
    return np.concatenate([-np.log(probs.max(axis=1)) for probs in some]), lengths


def _sum_to_one(probs: np.ndarray) -> bool:
    return bool((abs(probs.sum(axis=1) - 1) < 1e-3).all())
