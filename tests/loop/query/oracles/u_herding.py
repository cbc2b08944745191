"""Uncertainty herding by its definition (Bae et al. 2025, definition 5, algorithm 1, section 3.2)."""

from __future__ import annotations

import math

from oracles.max_herding import directions, max_herding, rbf


def smoothed(probs, temperature):
    powers = [p ** (1 / temperature) for p in probs]
    return [p / sum(powers) for p in powers]


def margin(probs, temperature):
    best, second, *_ = [*sorted(smoothed(probs, temperature), reverse=True), 0.0]
    return 1 - (best - second)


def calibration_error(rows, labels, temperature):
    """As many bins (low, high] of equal width as there are classes (the authors' code)."""
    n_bins = len(rows[0])
    error = 0.0
    for b in range(n_bins):
        hits, confidences = [], []
        for row, label in zip(rows, labels, strict=True):
            probs = smoothed(row, temperature)
            if b / n_bins < max(probs) <= (b + 1) / n_bins:
                confidences.append(max(probs))
                hits.append(probs.index(max(probs)) == label)
        if hits:
            gap = abs(sum(hits) / len(hits) - sum(confidences) / len(hits))
            error += len(hits) / len(rows) * gap
    return error


def temperature(rows, labels):
    best, least = 1.0, math.inf
    for tenths in range(10, 200):
        error = calibration_error(rows, labels, tenths / 10)
        if error < least - 1e-9:
            best, least = tenths / 10, error
    return best


def radius(X_training):
    rows = directions(X_training)
    distances = [
        math.dist(rows[i], rows[j])
        for i in range(len(rows))
        for j in range(i)
        if math.dist(rows[i], rows[j]) > 1 / 256
    ]
    return min(distances)


def u_herding(X, X_training, probs, n, heat):
    weights = [margin([float(p) for p in row], heat) for row in probs]
    return max_herding(X, X_training, n, rbf(radius(X_training)), weights)
