"""Consistency training of an encoder's network: FixMatch and its family, behind the gate.

`unlabelled/consistency.py` says what is learned, `unlabelled/sureness.py` which of the model's own labels
count: FixMatch (`adaptive = none`), FlexMatch (`flex`), FreeMatch (`free`), SoftMatch (`soft`), each with the
distribution alignment of AdaMatch unless the task's `distribution_alignment` is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import needs

if TYPE_CHECKING:
    import numpy as np

    from labelwright.dsl.task import Call, PseudoLabels
    from labelwright.loop.ports import Learner, Pseudo
    from labelwright.loop.unlabelled.beside import Beside, Start
    from labelwright.loop.unlabelled.consistency import Consistency


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
    limits = [settings.thresholds.get(c, settings.threshold) for c in class_ids]
    aligned = settings.distribution_alignment
    decay = decay_of("fixmatch", average)

    def beside(U: np.ndarray) -> Beside:
        from labelwright.loop.augment.views import strong_calls, view
        from labelwright.loop.train.settings import BATCH
        from labelwright.loop.unlabelled.beside import Beside

        calls = strong_calls(network.context, X_labelled, _calls(strong))
        strongly = view(calls, X_labelled, network.encoder, network.context)

        def make(start: Start) -> Consistency:
            import torch

            from labelwright.loop.unlabelled.alignment import Alignment, prior_of
            from labelwright.loop.unlabelled.consistency import Consistency
            from labelwright.loop.unlabelled.sureness import rule

            of_seen = torch.tensor([limits[c] for c in start.seen])
            return Consistency(
                U=U, weak=start.weak, strong=strongly, size=BATCH * ratio, seed=start.seed,
                sureness=rule(adaptive, of_seen, len(U)),
                alignment=Alignment(prior_of(start.counts)) if aligned else None,
                weight=weight,
            )  # fmt: skip

        told = f"fixmatch 1 {adaptive} {limits} {aligned} {ratio} {weight} {strongly!r}"
        return Beside(U, make, told, long, decay)

    return tried(network, X_labelled, targets, X_unlabelled, beside, random_state)


def _calls(named: Sequence[Call | str]) -> tuple[Call, ...]:
    from labelwright.dsl.task import Call

    return tuple(Call(name=call) if isinstance(call, str) else call for call in named)
