"""A linear chain over tags: probabilities of tags, pairs and whole taggings of texts of any length.

Lafferty, McCallum & Pereira 2001, "Conditional Random Fields"; forward-backward with scaling (Rabiner 1989).
All texts' tokens lie one behind the other; a step of the recursion goes over all texts at once. A
transition of -inf is forbidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_LOWEST = -300.0  # of an emission below its token's greatest: below it nothing changes


@dataclass(frozen=True)
class Rows:
    """Where texts lie in the sequence of all tokens. lengths: (n_texts,) tokens of each."""

    lengths: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """(n_texts,) the first token of each text."""
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.int64)

    @cached_property
    def steps(self) -> list[np.ndarray]:
        """The tokens at place 0, 1, … of the texts that are so long, longest first."""
        order = np.argsort(-self.lengths, kind="stable")
        starts, lengths = self.starts[order], self.lengths[order]
        longest = int(lengths[0]) if len(lengths) else 0
        long_enough = np.searchsorted(-lengths, -np.arange(longest), side="left")
        return [starts[:n] + t for t, n in enumerate(long_enough)]

    @cached_property
    def is_first(self) -> np.ndarray:
        """(n_tokens,) bool."""
        found = np.zeros(int(self.lengths.sum()), dtype=bool)
        found[self.starts[self.lengths > 0]] = True
        return found

    @cached_property
    def is_last(self) -> np.ndarray:
        """(n_tokens,) bool."""
        return np.roll(self.is_first, -1)


@dataclass(frozen=True)
class Beliefs:
    """What a chain says of some texts.

    log_z: (n_texts,). tags: (n_tokens, n_tags) probabilities. first, pairs: expected counts of the tags
    of first tokens (n_tags,), and of pairs of tags (n_tags, n_tags). forward: (n_tokens, n_tags) of the tag,
    given the tokens up to it. onward: (n_tokens, n_tags) how much likelier the tag makes this token and all
    after it, so that forward[t - 1] · exp(transitions) · onward[t] sums to one.
    """

    log_z: np.ndarray
    tags: np.ndarray
    first: np.ndarray
    pairs: np.ndarray
    forward: np.ndarray
    onward: np.ndarray
    emitted: np.ndarray  # (n_tokens, n_tags) exp(emission), scaled as `forward` is


def beliefs(
    emissions: np.ndarray, start: np.ndarray, transitions: np.ndarray, rows: Rows
) -> Beliefs:
    """Forward and backward over all texts. emissions (n_tokens, n_tags), start (n_tags,), both scores."""
    highest = emissions.max(axis=1, keepdims=True) if len(emissions) else np.zeros((0, 1))
    emitted = np.exp(np.maximum(emissions - highest, _LOWEST))
    begin, move = np.exp(start), np.exp(transitions)
    forward = np.empty_like(emitted)
    scale = np.ones(len(emitted))
    before = np.empty(0, dtype=np.int64)
    for t, now in enumerate(rows.steps):
        arrived = begin if t == 0 else forward[before[: len(now)]] @ move
        reached = arrived * emitted[now]
        scale[now] = reached.sum(axis=1)
        forward[now] = reached / scale[now][:, None]
        before = now
    emitted /= scale[:, None]
    onward = emitted.copy()  # times what comes after
    after = np.empty(0, dtype=np.int64)
    backward = np.ones_like(emitted)
    for now in reversed(rows.steps):
        backward[now[: len(after)]] = onward[after] @ move.T
        onward[now] *= backward[now]
        after = now
    tags = forward * backward
    told = np.log(scale) + highest[:, 0]
    texts = np.repeat(np.arange(len(rows.lengths)), rows.lengths)
    return Beliefs(
        log_z=np.bincount(texts, weights=told, minlength=len(rows.lengths)),
        tags=tags,
        first=tags[rows.is_first].sum(axis=0),
        pairs=(forward[~rows.is_last].T @ onward[~rows.is_first]) * move,
        forward=forward,
        onward=onward,
        emitted=emitted,
    )


def score(
    emissions: np.ndarray, start: np.ndarray, transitions: np.ndarray, rows: Rows, tags: np.ndarray
) -> np.ndarray:
    """(n_texts,) the score of these tags (n_tokens,), not normalised: less `log_z` it is ln p."""
    told = emissions[np.arange(len(tags)), tags].astype(np.float64)
    told[rows.is_first] += start[tags[rows.is_first]]
    told[~rows.is_first] += transitions[tags[~rows.is_last], tags[~rows.is_first]]
    texts = np.repeat(np.arange(len(rows.lengths)), rows.lengths)
    return np.bincount(texts, weights=told, minlength=len(rows.lengths))


def viterbi(
    emissions: np.ndarray, start: np.ndarray, transitions: np.ndarray, rows: Rows
) -> np.ndarray:
    """(n_tokens,) the likeliest tags of each text; of equals the lower (Viterbi 1967)."""
    best = np.empty_like(emissions, dtype=np.float64)
    came = np.zeros(emissions.shape, dtype=np.int64)
    before = np.empty(0, dtype=np.int64)
    for t, now in enumerate(rows.steps):
        if t == 0:
            best[now] = start + emissions[now]
        else:
            ways = best[before[: len(now)], :, None] + transitions
            came[now] = ways.argmax(axis=1)
            best[now] = ways.max(axis=1) + emissions[now]
        before = now
    tags = np.zeros(len(emissions), dtype=np.int64)
    lasts = np.flatnonzero(rows.is_last)
    tags[lasts] = best[lasts].argmax(axis=1)
    for now in reversed(rows.steps[1:]):
        tags[now - 1] = came[now, tags[now]]
    ends = rows.is_last
    assert ends.sum() == (rows.lengths > 0).sum()
    return tags
