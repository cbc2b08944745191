"""From a chain's beliefs to spans: how probable each is, and which to say.

The probability of a span is exact: that of all taggings in which it begins, goes on and ends just so. To get
the most F1, say every span that is likelier than half the F1 that can be had so (Lipton, Elkan &
Narayanaswamy 2014, "Optimal Thresholding of Classifiers to Maximize F1 Measure").
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelwright.loop.spans.crf import Beliefs, Rows

LEAST = 0.02
"""Spans less probable are not looked at."""

_HEADROOM = 1e3  # how much likelier the rest of a text may make what began in it


@dataclass(frozen=True)
class Candidates:
    """Spans of texts that may be there, by text and place.

    text: (n,) which. first, last: (n,) tokens within the text, both in the span. label: (n,) class index.
    prob: (n,).
    """

    text: np.ndarray
    first: np.ndarray
    last: np.ndarray
    label: np.ndarray
    prob: np.ndarray

    def __len__(self) -> int:
        return len(self.text)

    def take(self, rows: np.ndarray) -> Candidates:
        """Some of them."""
        return Candidates(
            self.text[rows], self.first[rows], self.last[rows], self.label[rows], self.prob[rows]
        )


def candidates(
    found: Beliefs, start: np.ndarray, transitions: np.ndarray, rows: Rows, least: float = LEAST
) -> Candidates:
    """All spans with a probability of at least `least`, by text, first token, last token and class."""
    n, tags = found.tags.shape
    begin, inside = np.arange(1, tags, 2), np.arange(2, tags, 2)
    move = np.exp(transitions)
    arrived = np.empty((n, len(begin)))
    arrived[rows.is_first] = np.exp(start)[begin]
    arrived[~rows.is_first] = found.forward[~rows.is_last] @ move[:, begin]
    open_ = arrived * found.emitted[:, begin]  # up to here and begun, (n, n_classes)
    # What comes after a span that ends at a token: any tag but the I that goes on with it.
    stops = np.ones((n, 2, len(begin)))
    for kind, tag in enumerate((begin, inside)):
        after = move[tag].copy()
        after[np.arange(len(tag)), inside] = 0
        stops[~rows.is_last, kind] = found.onward[~rows.is_first] @ after.T
    on_from = np.stack([move[begin, inside], move[inside, inside]])
    at = np.arange(n)
    parts: list[tuple[np.ndarray, ...]] = []
    reached = at.copy()
    length = 0
    while len(at):
        kind = 0 if length == 0 else 1
        prob = open_ * stops[reached, kind]
        row, label = np.nonzero(prob >= least)
        parts.append((at[row], reached[row], label, prob[row, label]))
        more = ~rows.is_last[reached] & (open_.max(axis=1) >= least / _HEADROOM)
        at, reached, open_ = at[more], reached[more] + 1, open_[more]
        open_ = open_ * on_from[kind] * found.emitted[reached][:, inside]
        length += 1
    first, last, label, prob = (np.concatenate(part) for part in zip(*parts, strict=True)) if parts else (
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    )  # fmt: skip
    order = np.lexsort((label, last, first))
    first, last, label, prob = first[order], last[order], label[order], prob[order]
    text = np.searchsorted(rows.starts + rows.lengths, first, side="right")
    offset = rows.starts[text] if len(text) else text
    return Candidates(text, first - offset, last - offset, label, np.minimum(prob, 1.0))


def best(found: Candidates, threshold: float) -> np.ndarray:
    """(m,) positions in `found` of the spans to say: those that overlap nothing else that is said, with the
    greatest sum of probability less threshold (weighted interval scheduling, text by text).
    """
    worth = found.prob - threshold
    hopeful = np.flatnonzero(worth > 0)
    kept: list[int] = []
    for text in np.unique(found.text[hopeful]):
        here = hopeful[found.text[hopeful] == text]
        kept += _schedule(here, found.first[here], found.last[here], worth[here])
    return np.array(sorted(kept), dtype=np.int64)


def _schedule(
    which: np.ndarray, first: np.ndarray, last: np.ndarray, worth: np.ndarray
) -> list[int]:
    if len(which) == 1:
        return [int(which[0])]
    order = np.lexsort((first, last))
    ends = last[order].tolist()
    totals = [0.0]
    back: list[tuple[bool, int]] = [(False, 0)]
    for number, i in enumerate(order.tolist()):
        free = bisect_right(ends, int(first[i]) - 1, 0, number)
        taken = totals[free] + float(worth[i])
        if taken > totals[-1]:
            totals.append(taken)
            back.append((True, free))
        else:
            totals.append(totals[-1])
            back.append((False, number))
    kept: list[int] = []
    at = len(order)
    while at:
        took, before = back[at]
        if took:
            kept.append(int(which[order[at - 1]]))
        at = before
    return kept


def best_f1(prob: np.ndarray, right: np.ndarray, n_true: int) -> float:
    """The greatest F1 that a threshold gives on candidates (n,) of which some are `right` (n,) bool.

    n_true: how many spans there are, those among them that are no candidate.
    """
    order = np.argsort(-prob, kind="stable")
    hits = np.cumsum(right[order])
    said = np.arange(1, len(order) + 1)
    ends = np.append(np.diff(prob[order]) != 0, True) if len(order) else np.zeros(0, bool)
    f1 = 2 * hits / (said + max(n_true, 1))
    return float(f1[ends].max(initial=0.0))


def matches(found: Candidates, truth: Sequence[set[tuple[int, int, int]]]) -> np.ndarray:
    """(n,) bool: which candidates are spans (first, last, class) of their text."""
    return np.array(
        [
            (int(f), int(e), int(c)) in truth[int(t)]
            for t, f, e, c in zip(found.text, found.first, found.last, found.label, strict=True)
        ],
        dtype=bool,
    )
