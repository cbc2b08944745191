"""What a model says of items that people answered, for the ways to resolve that listen to one.

Only of the pool: the holdout's labels are people's alone, or the model would be measured against itself. Each
item's prediction is by a model that did not train on it (cross-validation), which learned from what most
people said. It is made only where it can matter: where the task's rule takes predictions and two people
answered an item. The same answers on the same features give the same predictions, whenever that is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labelwright.loop.labels import resolve
from labelwright.loop.learn.gate import fewest
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import POOL
from labelwright.loop.supported import single

if TYPE_CHECKING:
    from labelwright.loop.labels import Labels
    from labelwright.loop.store import Event
    from labelwright.loop.workbench import Workbench


def predictions(
    bench: Workbench, round_: int, judged: Sequence[tuple[int, Event]]
) -> dict[str, np.ndarray] | None:
    """By item of the pool, (n_choices,) out-of-sample probabilities; None where there are none or no need."""
    task, plugins = bench.task, bench.context.plugins
    if not single(task) or not plugins.takes("resolve", task.annotators.resolve, "probs"):
        return None
    pool = bench.split(round_) == POOL
    people = Counter(row for row, event in judged if pool[row] and event.labels)
    if max(people.values(), default=0) < 2 or bench.store.outcome(round_, "embed") is None:
        return None
    voted = resolve(task, plugins, judged, pool, alone=True)
    if len(voted) < fewest(bench.targets(voted)) or len(np.unique(voted.classes)) < 2:
        return None
    return _spread(bench, round_, voted)


def _spread(bench: Workbench, round_: int, voted: Labels) -> dict[str, np.ndarray]:
    """The predictions over all choices.

    A choice that nothing learns, such as that an item cannot be used, is taken to be as likely as people say.
    """
    from labelwright.loop.second_opinions import out_of_sample

    task, items = bench.task, bench.items(round_)
    features = np.asarray(bench.features(round_)[voted.rows])
    seed = derive_seed(bench.context.seed, "resolving")
    probs, _ = out_of_sample(
        bench.chooser(round_), features, bench.targets(voted), features[:0], seed
    )
    learned = {c.id: k for k, c in enumerate(task.labels)}
    columns = np.array([learned.get(c.id, -1) for c in task.choices])
    rest = columns < 0
    share = (
        (len(voted.unusable) + 1) / (len(voted.unusable) + len(voted) + 2) if rest.any() else 0.0
    )
    over = np.where(rest, share / max(int(rest.sum()), 1), probs[:, columns] * (1 - share))
    return {items.id_of(int(row)): p for row, p in zip(voted.rows, over, strict=True)}
