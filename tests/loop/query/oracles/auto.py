"""What `auto` promises, in plain loops: see the formula in its docstring."""

from __future__ import annotations

import math


def likeness(x, y, power):
    dot = sum(float(a) * float(b) for a, b in zip(x, y, strict=True))
    long_x, long_y = math.dist(x, [0] * len(x)), math.dist(y, [0] * len(y))
    if min(long_x, long_y) == 0:
        return 0.0
    cosine = max(0.0, dot / (long_x * long_y))
    return (cosine * min(long_x, long_y) / max(long_x, long_y)) ** power


def values(probs, prior, counts, trust):
    n_classes = len(prior[0])
    mean = sum(counts) / n_classes
    found = []
    for x in range(len(prior)):
        believed = belief(probs, prior, trust, x)
        balance = sum(
            believed[c] * math.sqrt((mean + 0.3) / (counts[c] + 0.3)) for c in range(n_classes)
        )
        margin = 0.0
        if probs is not None:
            first, second = sorted((float(p) for p in probs[x]), reverse=True)[:2]
            margin = first - second
        found.append((1 - trust + trust * (1 - margin)) * balance)
    return found


def belief(probs, prior, trust, x):
    if probs is None:
        return [float(p) for p in prior[x]]
    return [
        trust * float(p) + (1 - trust) * float(q) for p, q in zip(probs[x], prior[x], strict=True)
    ]


def worths(X, probs, prior, X_training, y_training, n_classes, by_chance, picks):
    """For each pick in turn: what it was worth, and the most that any open item was worth."""
    trust = len(y_training) / (len(y_training) + 5 * n_classes)
    power = 4**trust
    if prior is None:
        prior = [[1 / n_classes] * n_classes for _ in X]
    counts = [sum(1 for y in y_training if y == c) for c in range(n_classes)]
    weight = values(probs, prior, counts, trust)
    dim = len(X[0])
    centre = [sum(float(x[d]) for x in X) / len(X) for d in range(dim)]

    def around(rows):
        return [[float(x[d]) - centre[d] for d in range(dim)] for x in rows]

    pool = around(X)
    covered = [
        max(
            (
                likeness(s, other, power)
                for other in [*around(X_training), *(pool[i] for i in by_chance)]
            ),
            default=0.0,
        )
        for s in pool
    ]
    is_open = [i not in by_chance for i in range(len(X))]
    found = []
    for pick in picks:
        every = []
        value = values(probs, prior, counts, trust)
        for x in range(len(X)):
            if is_open[x]:
                gain = sum(
                    weight[s] * max(0.0, likeness(pool[x], pool[s], power) - covered[s])
                    for s in range(len(X))
                )
                every.append((x, value[x] * gain / len(X)))
        found.append((dict(every).get(pick, -1.0), max(worth for _, worth in every)))
        is_open[pick] = False
        counts = [n + q for n, q in zip(counts, belief(probs, prior, trust, pick), strict=True)]
        covered = [max(covered[s], likeness(pool[pick], pool[s], power)) for s in range(len(X))]
    return found
