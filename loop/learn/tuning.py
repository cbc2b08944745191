"""Learners that train the encoder's network: what `lora`, `adapter`, `prefix`, `full` and `scratch` share.

A way of tuning says what is trained and how fast. Where the network knows something already, the head is
first fitted on its frozen vectors and only then tuned with it: tuning from a random head distorts what the
network knows before the head has learned anything (Kumar et al. 2022, LP-FT).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.checks import require_labels

if TYPE_CHECKING:
    import numpy as np
    import torch

    from labelwright.loop.encoding import Trainable
    from labelwright.loop.ports import Context
    from labelwright.loop.train.classifier import Classifier
    from labelwright.loop.unlabelled.beside import Beside

_LEARNED = "network."
_FOLDS, _FEWEST_TO_CALIBRATE = 5, 50


class Way(Protocol):
    """What of a network is trained. Its `repr` says all that decides it."""

    @property
    def name(self) -> str:
        """What a task file calls it."""

    @property
    def rate(self) -> float:
        """The largest learning rate of what is trained, but for the head."""

    @property
    def decay(self) -> float:
        """Shrinkage a step, in units of the rate."""

    @property
    def knows(self) -> bool:
        """Whether the network keeps what it knows, so that the head can begin on its vectors."""

    def attach(self, network: torch.nn.Module, sample: torch.Tensor, seed: int) -> None:
        """Make the parts that are trained, and only them, require gradients. sample: some inputs."""

    def attach_for(self, network: torch.nn.Module, state: Mapping[str, np.ndarray]) -> None:
        """The same before a state is put back: names and shapes tell the parts."""

    def merge(self, network: torch.nn.Module) -> None:
        """Fold the parts into the network. Raises PluginError where they do not fold."""


@dataclass(eq=False)
class TunedModel:
    """A trained network with its head.

    seen: indices of the classes that had labels, out of `n_classes`; each other one gets the probability
    `unseen`. many: each class has an answer of its own. shape: of one input.
    """

    module: Classifier
    learned: dict[str, np.ndarray]
    seen: np.ndarray
    n_classes: int
    unseen: float
    many: bool
    shape: tuple[int, ...]
    way: Way
    temperature: float = 1.0

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probabilities, (n_items, n_classes) float64; rows sum to one, but with `choose = many`."""
        import numpy as np

        from labelwright.loop.learn.calibrate import softmax

        probs = np.full((len(X), self.n_classes), self.unseen)
        logits = self.logits(X) / self.temperature
        if self.many:
            probs[:, self.seen] = 1 / (1 + np.exp(-logits))
        else:
            mass = 1 - self.unseen * (self.n_classes - len(self.seen))
            probs[:, self.seen] = mass * softmax(logits)
        return probs

    def logits(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_seen) float64, before the temperature."""
        import numpy as np

        from labelwright.loop.train.running import lengths_of, outputs

        self.check(X)
        if len(X) == 0:
            return np.zeros((0, len(self.seen)))
        found = outputs(self.module, X, lengths=lengths_of(self.module.network, X))
        return found.astype(np.float64)

    def check(self, X: np.ndarray) -> None:
        """Raise DataError where X is not what the network was trained on."""
        if X.shape[1:] != self.shape:
            raise DataError(
                f"the model reads inputs of the shape {self.shape}, got {X.shape[1:]}",
                "make the inputs with the encoder that the model was trained with",
            )

    def state(self) -> dict[str, np.ndarray]:
        """All that was learned, and nothing of what the encoder brings."""
        import numpy as np

        return {
            **self.learned,
            "seen": self.seen,
            "n_classes": np.array([self.n_classes], dtype=np.int64),
            "unseen": np.array([self.unseen]),
            "temperature": np.array([self.temperature]),
            "shape": np.array(self.shape, dtype=np.int64),
        }

    def merge(self) -> TunedModel:
        """The same model with what was learned folded into the weights, as fast as the encoder alone.

        It stores all weights then. Raises PluginError where the way does not fold.
        """
        from copy import deepcopy

        from labelwright.loop.learn.full import Full

        module = deepcopy(self.module)
        self.way.merge(module.network)
        whole = {
            name: value.detach().cpu().numpy().copy() for name, value in module.state_dict().items()
        }
        return TunedModel(
            module, whole, self.seen, self.n_classes, self.unseen, self.many, self.shape,
            Full(), self.temperature,
        )  # fmt: skip


@dataclass(eq=False)
class Tuned:
    """A `labelwright.loop.ports.Learner` that trains the encoder's network in some way."""

    way: Way
    encoder: Trainable
    context: Context
    random_state: int
    reads: Literal["inputs"] = field(default="inputs", init=False)

    def __post_init__(self) -> None:
        require_network(self.encoder, self.way.name)

    @property
    def many(self) -> bool:
        """Whether each class has an answer of its own."""
        return self.context.task.choose == "many"

    def fit(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        calibrate: bool | float = True,
    ) -> TunedModel:
        """Train on inputs X (n, ...), targets (n, n_classes), weights (n,).

        Inputs are changed as the task's `augment` says. An interrupted training goes on where it was when it
        is asked for again. With fifty labels or more a second network, trained on four fifths of them, says
        on the rest how sure the first one may be; `calibrate` may be that temperature, or off.
        """
        import numpy as np

        weights = np.ones(len(X)) if weights is None else weights
        known = self._temperature(X, targets, weights) if calibrate is True else float(calibrate)
        return replace(self.learn(X, targets, weights), temperature=known or 1.0)

    def _temperature(self, X: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
        """From one fold, of items that the network giving the logits was not trained on."""
        import numpy as np

        from labelwright.loop.learn.calibrate import temperature
        from labelwright.loop.learn.folds import balanced, stratified

        if len(X) < _FEWEST_TO_CALIBRATE or len(X) != len(targets):
            return 1.0
        seed = self.random_state
        folds = (
            balanced(targets, _FOLDS, seed)
            if self.many
            else stratified(targets.argmax(axis=1), _FOLDS, seed)
        )
        held = folds == 0
        part = self.learn(X[~held], targets[~held], weights[~held])
        logits, wanted, counted = part.logits(X[held]), targets[held][:, part.seen], weights[held]
        if self.many:  # each answer by itself, as one of two classes
            wanted = np.stack([wanted, 1 - wanted], axis=2).reshape(-1, 2)
            logits = np.stack([logits, np.zeros_like(logits)], axis=2).reshape(-1, 2)
            return temperature(logits, wanted, np.repeat(counted, len(part.seen)))
        usable = wanted.sum(axis=1) > 1 - 1e-9
        if usable.sum() < _FEWEST_TO_CALIBRATE // _FOLDS or len(part.seen) < 2:
            return 1.0
        return temperature(logits[usable], wanted[usable], counted[usable])

    def learn(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        beside: Beside | None = None,
    ) -> TunedModel:
        """`fit`, and beside the labels from items that have none."""
        import numpy as np
        import torch

        from labelwright.loop.augment.views import view, weak_calls
        from labelwright.loop.seeds import derive_seed
        from labelwright.loop.train.average import Average
        from labelwright.loop.train.batches import Batches
        from labelwright.loop.train.checkpoint import Checkpoint
        from labelwright.loop.train.classifier import Classifier, learned
        from labelwright.loop.train.objective import labelled
        from labelwright.loop.train.running import lengths_of
        from labelwright.loop.train.settings import BATCH, Settings, steps_for
        from labelwright.loop.train.training import train
        from labelwright.loop.unlabelled.beside import Start

        require_labels(X, targets)
        weights = np.ones(len(X)) if weights is None else weights
        n_classes, total = targets.shape[1], float(weights.sum())
        seen = np.flatnonzero((targets * weights[:, None]).sum(axis=0) > 0)
        unseen = 1 / (total + n_classes) if len(seen) < n_classes else 0.0
        wanted = targets[:, seen]

        network = self.encoder.network(self.random_state)
        lengths = lengths_of(network, X)
        module = Classifier(network, len(seen))
        if self.way.knows:
            self._begin(module, X, targets, weights, seen, lengths)
        else:  # as frequent as the labels say, and nothing else
            share = ((wanted * weights[:, None]).sum(axis=0) + 1) / (total + 2)
            odds = np.log(share) - (np.log1p(-share) if self.many else 0)
            module.head.bias.data.copy_(torch.from_numpy(odds))
        sample = torch.from_numpy(np.ascontiguousarray(X[:8]))
        self.way.attach(network, sample, derive_seed(self.random_state, "attach"))
        calls = self.context.task.train.augment if beside is None else weak_calls(self.context, X)
        weak = view(calls, X, self.encoder, self.context)
        steps = steps_for(len(X), BATCH, self.context.task.train.epochs, knows=self.way.knows)
        settings = Settings(
            steps=steps if beside is None else max(steps, beside.steps),
            seed=self.random_state,
            rate=_rate(self.way, network),
            rates={"head.": HEAD_RATE},
            decay=self.way.decay,
        )
        average = Average(module, beside.decay) if beside is not None and beside.decay else None
        extra = None
        if beside is not None:
            counts = torch.from_numpy((wanted * weights[:, None]).sum(axis=0)).float()
            extra = beside.make(
                Start(counts, seen, weak, average, self.random_state, settings.steps)
            )
        train(
            module,
            Batches(len(X), BATCH, derive_seed(self.random_state, "batches"), lengths),
            labelled(
                X, wanted, weights, many=self.many,
                view=weak if calls else None, seed=derive_seed(self.random_state, "labelled"),
            ),
            settings,
            checkpoint=Checkpoint.under(
                self.context.cache, self.encoder.identity, self.way, settings, X, wanted, weights,
                weak, beside, *([] if beside is None else [beside.U]),
            ),
            progress=self.context.progress,
            what=f"training ({self.way.name})",
            extra=extra,
            average=average,
        )  # fmt: skip
        if average is not None:
            average.put(module)
        kept = learned(module)
        module.zero_grad(set_to_none=True)
        return TunedModel(module, kept, seen, n_classes, unseen, self.many, X.shape[1:], self.way)

    def restore(self, state: dict[str, np.ndarray]) -> TunedModel:
        """The model whose `state()` this is, on the encoder's own weights."""
        from labelwright.loop.train.classifier import Classifier, put

        kept = {k: v for k, v in state.items() if k.startswith((_LEARNED, "head."))}
        network = self.encoder.network(self.random_state)
        module = Classifier(network, len(state["seen"]))
        own = {k.removeprefix(_LEARNED): v for k, v in kept.items() if k.startswith(_LEARNED)}
        try:
            self.way.attach_for(network, own)
            put(module, kept)
        except (AttributeError, KeyError, RuntimeError, ValueError) as error:
            raise DataError(
                f"what was learned does not fit the network of the encoder: {error}",
                "use the encoder and the finetune that the model was trained with",
            ) from error
        return TunedModel(
            module.eval(), kept, state["seen"], int(state["n_classes"][0]), float(state["unseen"][0]),
            self.many, tuple(int(n) for n in state["shape"]), self.way,
            float(state["temperature"][0]),
        )  # fmt: skip

    def _begin(
        self,
        module: Classifier,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray,
        seen: np.ndarray,
        lengths: np.ndarray | None,
    ) -> None:
        """The head as it is fitted on the frozen network's vectors."""
        import torch

        from labelwright.loop.learn.head import head
        from labelwright.loop.train.running import outputs

        vectors = outputs(
            module.network, X, lengths=lengths, progress=self.context.progress, what="encoding"
        )
        first = head(random_state=self.random_state, context=self.context)
        linear: Any = first.fit(vectors, targets, weights, calibrate=False)
        rows = seen if self.many else slice(None)  # of one class an item it knows those seen only
        with torch.no_grad():
            module.head.weight.copy_(torch.from_numpy(linear.weight[rows]))
            module.head.bias.copy_(torch.from_numpy(linear.intercept[rows]))


HEAD_RATE = 1e-3


def _rate(way: Way, network: Any) -> float:
    """Of all weights: what the network says itself, where it does."""
    return (
        float(getattr(network, "rate", way.rate)) if way.name in ("full", "scratch") else way.rate
    )


def require_network(encoder: Any, name: str) -> None:
    """Raise PluginError where the encoder has no network that could be trained."""
    if not callable(getattr(encoder, "network", None)):
        raise PluginError(
            f"finetune = {name} trains the encoder's network, but this encoder has none",
            "choose `finetune = head`, or an encoder with a network, such as minilm or resnet",
        )
