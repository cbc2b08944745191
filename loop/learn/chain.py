"""Training a linear-chain conditional random field on dense and sparse features, by L-BFGS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from labelwright.loop.learn.lbfgs import minimise
from labelwright.loop.learn.logistic import one_thread
from labelwright.loop.spans.bio import decode
from labelwright.loop.spans.crf import Rows, beliefs, score
from labelwright.loop.spans.posterior import best_f1, candidates, matches

_TOLERANCE = 1e-4
_ROUNDS = 60
_FORBIDDEN = -1e9


@dataclass(frozen=True)
class Chain:
    """Scores of tags. dense: (n_tags, dim), sparse: (n_tags, n_columns), bias, start: (n_tags,);
    transitions: (n_tags, n_tags). What is forbidden is -1e9."""

    dense: np.ndarray
    sparse: np.ndarray
    bias: np.ndarray
    start: np.ndarray
    transitions: np.ndarray

    def emissions(self, dense: np.ndarray, sparse: Any) -> np.ndarray:
        """(n_tokens, n_tags) float64 of dense (n_tokens, dim) and sparse (n_tokens, n_columns) features."""
        found = np.asarray(sparse @ self.sparse.T, dtype=np.float64)
        found += dense @ self.dense.T
        return np.asarray(found + self.bias)


def fit_chain(
    dense: np.ndarray,
    sparse: Any,
    tags: np.ndarray,
    rows: Rows,
    weights: np.ndarray,
    *,
    forbidden: tuple[np.ndarray, np.ndarray],
    C: tuple[float, float],
) -> Chain:
    """Minimise Σ w · (−ln p(tags)) + ‖dense weights‖² / 2C₀ + ‖sparse weights, transitions‖² / 2C₁.

    dense (n_tokens, dim) float32, sparse (n_tokens, n_columns), tags (n_tokens,), weights (n_texts,).
    forbidden: see `bio.forbidden`. The bias is not penalised, but for what keeps it finite.
    """
    size, dim, columns = len(forbidden[0]), dense.shape[1], sparse.shape[1]
    n_tokens = max(len(tags), 1)
    turned = sparse.T.tocsr()
    wide = dense.astype(np.float32)
    onehot = np.eye(size)[tags]
    per_token = np.repeat(weights, rows.lengths)
    seen_tags = onehot * per_token[:, None]
    pair_weight = per_token[~rows.is_first]
    counted_pairs = np.zeros((size, size))
    np.add.at(counted_pairs, (tags[~rows.is_last], tags[~rows.is_first]), pair_weight)
    weighted = not np.all(weights == weights[:1])
    bounds = np.cumsum([0, size * dim, size * columns, size, size, size * size])
    shrink = (
        np.concatenate(
            [
                np.full(size * dim, 1 / C[0]),
                np.full(size * columns, 1 / C[1]),
                np.full(size, 1e-3),
                np.full(size + size * size, 1 / C[1]),
            ]
        )
        / n_tokens
    )
    closed = np.concatenate([forbidden[0], forbidden[1].ravel()])

    def parts(flat: np.ndarray) -> Chain:
        d, s, b, st, tr = (flat[i:j] for i, j in pairwise(bounds))
        return Chain(
            d.reshape(size, dim),
            s.reshape(size, columns),
            b,
            np.where(forbidden[0], _FORBIDDEN, st),
            np.where(forbidden[1], _FORBIDDEN, tr.reshape(size, size)),
        )

    def objective(point: torch.Tensor) -> tuple[float, torch.Tensor]:
        flat = point.numpy()
        chain = parts(flat)
        em = np.asarray(sparse @ chain.sparse.T, dtype=np.float64)
        em += wide @ chain.dense.T.astype(np.float32)
        em += chain.bias
        told = beliefs(em, chain.start, chain.transitions, rows)
        loss = float(weights @ (told.log_z - score(em, chain.start, chain.transitions, rows, tags)))
        residual = told.tags * per_token[:, None] - seen_tags
        first = residual[rows.is_first].sum(axis=0)
        if weighted:
            pairs = (told.forward[~rows.is_last] * pair_weight[:, None]).T @ told.onward[
                ~rows.is_first
            ]
            pairs = pairs * np.exp(chain.transitions)
        else:
            pairs = told.pairs * float(weights[0])
        slope = (
            np.concatenate(
                [
                    (residual.T.astype(np.float32) @ wide).ravel().astype(np.float64),
                    np.asarray((turned @ residual).T).ravel(),
                    residual.sum(axis=0),
                    first,
                    (pairs - counted_pairs).ravel(),
                ]
            )
            / n_tokens
        )
        slope[bounds[3] :][closed] = 0
        value = loss / n_tokens + 0.5 * float(shrink @ flat**2)
        return value, torch.from_numpy(slope + shrink * flat)

    start = np.zeros(bounds[-1])
    counts = seen_tags.sum(axis=0) + 0.5
    start[bounds[2] : bounds[3]] = np.log(counts / counts.sum())
    with one_thread():
        found = minimise(
            objective,
            torch.from_numpy(start),
            tolerance=_TOLERANCE / n_tokens**0.5,
            iterations=_ROUNDS,
            memory=6,
        )
    return parts(found.numpy())


@dataclass(frozen=True)
class HeldOut:
    """What a chain makes of texts that it did not learn from, and their true tags (n_tokens,)."""

    chain: Chain
    emissions: np.ndarray
    tags: np.ndarray
    rows: Rows


def calibrated(held_out: Sequence[HeldOut]) -> tuple[float, float, float]:
    """Temperature, shift of O, and threshold of spans, from texts that the chains were not trained on.

    The first two minimise −Σ ln p(tags), their logarithm and the shift taken to be about zero (normal, with
    deviations of a half and of two): a handful of texts moves them little. The third is half the best F1.
    """

    def objective(point: torch.Tensor) -> tuple[float, torch.Tensor]:
        log_beta, shift = point.tolist()
        beta = float(np.exp(log_beta))
        value = 0.5 * ((log_beta / _SPREAD[0]) ** 2 + (shift / _SPREAD[1]) ** 2)
        slope = np.array([log_beta / _SPREAD[0] ** 2, shift / _SPREAD[1] ** 2])
        for held in held_out:
            em = held.emissions.copy()
            em[:, 0] += shift
            st, tr = held.chain.start, held.chain.transitions
            told = beliefs(beta * em, beta * st, beta * tr, held.rows)
            plain = score(em, st, tr, held.rows, held.tags).sum()
            mean = (told.tags * em).sum() + _dot(told.first, st) + _dot(told.pairs, tr)
            value += told.log_z.sum() - beta * plain
            slope += (
                beta * (mean - plain),
                beta * (told.tags[:, 0].sum() - (held.tags == 0).sum()),
            )
        return float(value), torch.from_numpy(slope)

    with one_thread():
        found = minimise(
            objective, torch.zeros(2, dtype=torch.float64), tolerance=1e-3, iterations=40
        )
    log_beta, shift = found.tolist()
    probs, right, n_true = [], [], 0
    for held in held_out:
        em = held.emissions.copy()
        em[:, 0] += shift
        beta = np.exp(log_beta)
        start, move = beta * held.chain.start, beta * held.chain.transitions
        these = candidates(beliefs(beta * em, start, move, held.rows), start, move, held.rows)
        truth = true_spans(held.tags, held.rows)
        probs.append(these.prob)
        right.append(matches(these, truth))
        n_true += sum(map(len, truth))
    f1 = best_f1(np.concatenate(probs), np.concatenate(right), n_true)
    return float(np.exp(-log_beta)), shift, min(max(f1 / 2, _LEAST), 0.5)


_SPREAD = 0.5, 2.0
_LEAST = 0.1  # threshold: below it a model that has learned nothing would say anything


def _dot(expected: np.ndarray, scores: np.ndarray) -> float:
    """Σ expected · score over what is not forbidden."""
    return float((expected * np.where(scores > _FORBIDDEN / 2, scores, 0)).sum())


def true_spans(tags: np.ndarray, rows: Rows) -> list[set[tuple[int, int, int]]]:
    """For each text its spans (first token, last token, class)."""
    found: list[set[tuple[int, int, int]]] = []
    for start, length in zip(rows.starts.tolist(), rows.lengths.tolist(), strict=True):
        at = np.arange(length)
        spans = decode(tags[start : start + length], np.stack([at, at], axis=1))
        found.append(set(spans))
    return found
