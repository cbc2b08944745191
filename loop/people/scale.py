"""Classes on a scale: which of them a distribution comes to.

On a scale an error costs more the further off it is. So the label is the class with the least expected cost:
by the number of steps on an ordinal scale (the median of the beliefs), by the squared difference of the
values on an interval scale (the class nearest to their mean).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import Task


@dataclass(frozen=True)
class Scale:
    """values: where each class lies, in the order of the classes that a resolver is given.

    None for a class that has no place, such as one for items that cannot be used.
    """

    kind: Literal["ordinal", "interval"]
    values: tuple[float | None, ...]

    def placed(self) -> np.ndarray:
        """(n_classes,) whether each class has a place."""
        import numpy as np

        return np.array([value is not None for value in self.values])

    def apart(self) -> np.ndarray:
        """(n_classes, n_classes) how far classes lie apart: steps, or the difference of their values.

        A class without a place is as far from every other as the ends of the scale are from each other.
        """
        import numpy as np

        known = self.placed()
        place = np.array([0.0 if v is None else v for v in self.values])
        if self.kind == "ordinal":
            place = np.searchsorted(np.unique(place[known]), place).astype(np.float64)
        found = np.abs(place[:, None] - place[None, :])
        widest = found[np.ix_(known, known)].max(initial=0.0)
        found[~known, :] = found[:, ~known] = widest
        np.fill_diagonal(found, 0.0)
        return np.asarray(found)

    def decide(self, probs: np.ndarray) -> np.ndarray:
        """(n,) the class of each row of beliefs probs (n, n_classes): that of the least expected cost.

        The first of equal ones; or the class without a place, where that is the likeliest.
        """
        import numpy as np

        known = np.flatnonzero(self.placed())
        cost = self.apart()[np.ix_(known, known)]
        expected = probs[:, known] @ (cost if self.kind == "ordinal" else cost**2)
        labels = known[np.argmin(np.round(expected, 9), axis=1)]
        top = probs.argmax(axis=1)
        return np.where(np.isin(top, known), labels, top)


def scale_of(task: Task) -> Scale | None:
    """The scale of a task's choices; None where classes are only different.

    An ordinal scale without values has the order of the file. An interval scale without them is none.
    """
    if task.scale == "nominal":
        return None
    usable = {c.id for c in task.labels}
    values = [c.value if c.id in usable else None for c in task.choices]
    if all(c.value is not None for c in task.labels):
        return Scale(task.scale, tuple(values))
    if task.scale == "ordinal":
        order = {c.id: float(i) for i, c in enumerate(task.labels)}
        return Scale("ordinal", tuple(order.get(c.id) for c in task.choices))
    return None
