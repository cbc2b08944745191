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


def values(probs, y_training, trust):
    if len(y_training) == 0:
        return None
    n_classes = len(probs[0])
    counts = [sum(1 for y in y_training if y == c) for c in range(n_classes)]
    mean = sum(counts) / n_classes
    found = []
    for row in probs:
        first, second = sorted((float(p) for p in row), reverse=True)[:2]
        balance = sum(
            float(row[c]) * math.sqrt((mean + 1) / (counts[c] + 1)) for c in range(n_classes)
        )
        found.append((1 - trust + trust * (1 - (first - second))) * balance**trust)
    return found


def worths(X, probs, X_training, y_training, n_classes, by_chance, picks):
    """For each pick in turn: what it was worth, and the most that any open item was worth."""
    trust = len(y_training) / (len(y_training) + 5 * n_classes)
    power = 4**trust
    value = values(probs, y_training, trust) or [1.0] * len(X)
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
        for x in range(len(X)):
            if is_open[x]:
                gain = sum(
                    value[s] * max(0.0, likeness(pool[x], pool[s], power) - covered[s])
                    for s in range(len(X))
                )
                every.append((x, value[x] * gain / len(X)))
        found.append((dict(every).get(pick, -1.0), max(worth for _, worth in every)))
        is_open[pick] = False
        covered = [max(covered[s], likeness(pool[pick], pool[s], power)) for s in range(len(X))]
    return found
