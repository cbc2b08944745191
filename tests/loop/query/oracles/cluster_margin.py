"""Cluster-Margin after Citovsky et al. 2021: small margins, parted by k-means, clusters in turn."""

from __future__ import annotations

Row = list[float]


def margin(probs: Row) -> float:
    ranked = sorted(probs, reverse=True)
    return ranked[0] - ranked[1]


def candidates(probs: list[Row], n: int) -> list[int]:
    """The n items of smallest margin, of equal ones the lower position."""
    return sorted(range(len(probs)), key=lambda item: (margin(probs[item]), item))[:n]


def nearest(row: Row, centres: list[Row]) -> int:
    distances = [sum((a - b) ** 2 for a, b in zip(row, c, strict=True)) for c in centres]
    return distances.index(min(distances))


def lloyd(rows: list[Row], centres: list[Row], rounds: int) -> list[int]:
    """The cluster of each row; a cluster without rows keeps its centre."""
    cluster: list[int] = []
    for _ in range(rounds):
        before, cluster = cluster, [nearest(row, centres) for row in rows]
        if before == cluster:
            break
        for number in range(len(centres)):
            own = [row for row, c in zip(rows, cluster, strict=True) if c == number]
            if own:
                centres[number] = [sum(column) / len(own) for column in zip(*own, strict=True)]
    return [nearest(row, centres) for row in rows]


def cluster_margin(
    X: list[Row], probs: list[Row], n_instances: int, seeds: list[int], rounds: int = 15
) -> list[int]:
    """Items in the order chosen. seeds: the candidates, by rank, that k-means starts from."""
    ranked = candidates(probs, 10 * n_instances)
    rows = [X[item] for item in ranked]
    cluster = lloyd(rows, [rows[seed] for seed in seeds], rounds)
    queues = [
        [item for item, c in zip(ranked, cluster, strict=True) if c == number]
        for number in sorted(set(cluster))
    ]
    queues.sort(key=lambda queue: (len(queue), ranked.index(queue[0])))
    chosen: list[int] = []
    while len(chosen) < n_instances:
        for queue in queues:
            if queue and len(chosen) < n_instances:
                chosen.append(queue.pop(0))
    return chosen
