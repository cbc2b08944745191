"""ActiveLab with plain loops, written from the papers; knows nothing of labelwright.

answers: by item, person -> class (-1: none that the model learns). labels: by item, the one it trains with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

EPSILON = 1e-6

Answers = Sequence[Mapping[str, int]]
Table = Sequence[Sequence[float]]


def argmax(row: Sequence[float]) -> int:
    best = 0
    for k in range(len(row)):
        if row[k] > row[best]:
            best = k
    return best


def weights(
    answers: Answers, labels: Sequence[int], probs: Table, people: Sequence[str]
) -> tuple[float, dict[str, float], float | None]:
    """(w_M, w_j by person, P)."""
    several = [i for i, given in enumerate(answers) if len(given) >= 2]
    if not several:
        return 1.0, dict.fromkeys(people, 1.0), None
    # P
    shares = []
    for i in several:
        right = 0
        for said in answers[i].values():
            if said == labels[i]:
                right += 1
        shares.append(right / len(answers[i]))
    P = sum(shares) / len(shares)
    # s_j
    agreeing, compared = dict.fromkeys(people, 0), dict.fromkeys(people, 0)
    for i in several:
        for j, mine in answers[i].items():
            for other, theirs in answers[i].items():
                if other != j:
                    compared[j] += 1
                    agreeing[j] += mine == theirs
    overall = sum(agreeing.values()) / sum(compared.values())
    s = {j: agreeing[j] / compared[j] if compared[j] else overall for j in people}
    # A_M and the accuracy of always saying the commonest label
    correct = 0
    for i in several:
        correct += argmax(probs[i]) == labels[i]
    A_M = correct / len(several)
    counts: dict[int, int] = {}
    for i in several:
        counts[labels[i]] = counts.get(labels[i], 0) + 1
    A_C = max(counts.values()) / len(several)
    error = max(1 - A_C, EPSILON)
    w = {j: max(1 - (1 - s[j]) / error, EPSILON) for j in people}
    mean_answers = sum(len(given) for given in answers) / len(answers)
    w_M = max(1 - (1 - A_M) / error, EPSILON) * sqrt(mean_answers)
    return w_M, w, P


def scores(
    answers: Answers, labels: Sequence[int], probs: Table, new: Table, people: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Of the labelled items, and of the new ones."""
    w_M, w, P = weights(answers, labels, probs, people)
    mean_w = sum(w.values()) / len(w)
    K = len(probs[0])
    labelled = []
    for given, label, row in zip(answers, labels, probs, strict=True):
        above, below = w_M * row[label], w_M
        for j, said in given.items():
            if P is None:
                likely = row[label]
            elif said == label:
                likely = P
            else:
                likely = (1 - P) / (K - 1)
            above += w[j] * likely
            below += w[j]
        labelled.append((above + mean_w / K) / (below + mean_w))
    fresh = [(w_M * max(row) + mean_w / K) / (w_M + mean_w) for row in new]
    return labelled, fresh


def allocate(
    labelled: Sequence[float], new: Sequence[float], may: Sequence[bool], n: int, most: int
) -> list[int]:
    """The labelled items asked again: take the lowest score n times, a new item before an equal one."""
    left_new = sorted(new)
    left = {i: score for i, score in enumerate(labelled) if may[i]}
    taken: list[int] = []
    for _ in range(n):
        best = min(left, key=lambda i: (left[i], i), default=None)
        if best is not None and (not left_new or left[best] < left_new[0]):
            taken.append(best)
            del left[best]
        elif left_new:
            left_new.pop(0)
    return taken[:most]
