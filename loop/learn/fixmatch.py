"""Consistency training of an encoder's network: FixMatch and its family, behind the gate.

`unlabelled/consistency.py` says what is learned, `unlabelled/sureness.py` which of the model's own labels
count: FixMatch (`adaptive = none`), FlexMatch (`flex`), FreeMatch (`free`), SoftMatch (`soft`), each with the
distribution alignment of AdaMatch unless the task's `distribution_alignment` is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import needs

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import Call, PseudoLabels
    from labelwright.loop.ports import Learner, Pseudo
    from labelwright.loop.unlabelled.beside import Beside, NetworkLearner, Start
    from labelwright.loop.unlabelled.consistency import Consistency
    from labelwright.loop.unlabelled.sureness import Rule


@needs("network")
def fixmatch(
    *,
    learner: Learner,
    X_labelled: np.ndarray,
    targets: np.ndarray,
    X_unlabelled: np.ndarray,
    settings: PseudoLabels,
    class_ids: Sequence[str],
    random_state: int,
    adaptive: Literal["none", "flex", "free", "soft"] = "soft",
    strong: Sequence[Call | str] = (),
    ratio: int | None = None,
    weight: float = 1.0,
    steps: int | None = None,
    average: float = 0.99,
) -> Pseudo:
    """A network labels a strongly changed item as it labels the item itself, if that helps.

    adaptive: which of its own labels count: those above `threshold` (none), by a threshold that learns (flex,
    free), all by how sure it is (soft). strong: augmentations after the weak ones, which are the task's
    `augment`. ratio: unlabelled items for each labelled one of a step. average: decay of the moving average
    of weights, which is the model. Implements `pseudo.PseudoMethod`, for a `finetune` that trains a network.
    """
    from labelwright.loop.unlabelled.beside import network_learner
    from labelwright.loop.unlabelled.sureness import RULES
    from labelwright.loop.unlabelled.trying import decay_of, lasting, one_class, positive, tried

    network = network_learner(learner, "fixmatch")
    one_class(network, "fixmatch")
    if adaptive not in RULES:
        raise PluginError(
            f"fixmatch: there is no adaptive {adaptive!r}", f"write {', '.join(RULES)}"
        )
    long, ratio = lasting("fixmatch", steps, ratio, X_labelled)
    positive("fixmatch", weight=weight)
    family = Family(
        adaptive=adaptive,
        limits=tuple(settings.thresholds.get(c, settings.threshold) for c in class_ids),
        aligned=settings.distribution_alignment,
        strong=_calls(strong),
        ratio=ratio,
        weight=weight,
        steps=long,
        average=decay_of("fixmatch", average),
    )
    return tried(
        network,
        X_labelled,
        targets,
        X_unlabelled,
        lambda U: family.beside(network, U),
        random_state,
    )


@dataclass(frozen=True)
class Family:
    """A member of the FixMatch family. limits: (n_classes,) what it takes to be sure of a class.

    aligned: whether labels are brought to the prior first; the rest as `fixmatch` has it.
    """

    limits: tuple[float, ...]
    adaptive: Rule = "soft"
    aligned: bool = True
    strong: tuple[Call, ...] = ()
    ratio: int = 4
    weight: float = 1.0
    steps: int = 1_000
    average: float = 0.99

    def beside(self, learner: NetworkLearner, U: np.ndarray) -> Beside:
        """What a network learns of unlabelled inputs U (m, ...), beside its labels."""
        from labelwright.loop.augment.views import strong_calls, view
        from labelwright.loop.train.settings import BATCH
        from labelwright.loop.unlabelled.beside import Beside

        calls = strong_calls(learner.context, U, self.strong)
        strongly = view(calls, U, learner.encoder, learner.context)

        def make(start: Start) -> Consistency:
            import torch

            from labelwright.loop.unlabelled.alignment import Alignment, prior_of
            from labelwright.loop.unlabelled.consistency import Consistency
            from labelwright.loop.unlabelled.sureness import rule

            of_seen = torch.tensor([self.limits[c] for c in start.seen])
            return Consistency(
                U=U, weak=start.weak, strong=strongly,
                size=BATCH * self.ratio, steps=start.steps, seed=start.seed,
                sureness=rule(self.adaptive, of_seen, len(U)),
                alignment=Alignment(prior_of(start.counts)) if self.aligned else None,
                weight=self.weight,
            )  # fmt: skip

        return Beside(U, make, f"fixmatch 2 {self!r} {strongly!r}", self.steps, self.average)


def _calls(named: Sequence[Call | str]) -> tuple[Call, ...]:
    from labelwright.dsl.task import Call

    return tuple(Call(name=call) if isinstance(call, str) else call for call in named)
