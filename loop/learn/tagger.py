"""The built-in learner of spans: a conditional random field on frozen vectors of words and their looks.

A linear chain over the tags of `loop/spans/bio.py`, in which no tagging is possible that is none. It reads
the encoder's vector of each token, where the encoder has any, and the words, shapes and stretches of
`loop/spans/surface.py`. Tokens outside spans are many times as frequent as others, so that a model of few
labels is far too shy: out of fold, one temperature and one score of the tag O are fitted (Guo et al. 2017;
both enter the chain, so that tokens, spans and whole taggings are calibrated together), and spans are said
that are likelier than half the F1 that can be had (Lipton et al. 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.checks import require_labels

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.learn.chain import Chain
    from labelwright.loop.ports import Context, Learner
    from labelwright.loop.spans.crf import Rows
    from labelwright.loop.spans.posterior import Candidates

_FOLDS = 4
_FEWEST = 12  # items, and spans, that cross-validation needs
_THRESHOLD = 0.25  # without it
_BLOCK = 2_048  # items that are predicted together


def tagger(strength: float = 1.0, *, context: Context, random_state: int) -> Learner:
    """A tagger of spans: a conditional random field on frozen vectors of tokens and what they look like.

    strength: how far labels may pull the weights; 1 is right for most.
    """
    if not 0 < strength < 1e6:
        raise PluginError(
            f"tagger: strength = {strength:g} makes no sense", "leave it out: it is 1"
        )
    if context.task.kind != "spans":
        raise PluginError(
            "tagger marks parts of texts", "write `finetune = head` for classes of items"
        )
    return Tagger(len(context.task.labels), context.task.nesting, strength, random_state)


@dataclass(frozen=True)
class Found:
    """A span that a model says is there; prob: how likely it is, just so. Offsets in code points."""

    start: int
    end: int
    label: int
    prob: float


@dataclass(frozen=True)
class Tagged:
    """A trained tagger.

    chains: one over the tags of all classes, or one a class where spans may overlap. centre (dim,) and
    scale bring vectors of tokens to mean zero and unit root-mean-square length. heat, shift (n_chains,):
    all scores are divided by the one, the other is added to those of O. threshold (n_chains,): the least
    probability of a span that is said.
    """

    chains: tuple[Chain, ...]
    centre: np.ndarray
    scale: float
    n_classes: int
    nesting: str
    heat: np.ndarray
    shift: np.ndarray
    threshold: np.ndarray

    def predict_spans(self, X: np.ndarray) -> list[list[Found]]:
        """The spans of each text, by place. X: see `spans.tokens.as_array`."""
        from labelwright.loop.spans.posterior import best

        said: list[list[Found]] = [[] for _ in X]
        for start in range(0, len(X), _BLOCK):
            block = X[start : start + _BLOCK]
            for number, found in enumerate(self._candidates(block)):
                kept = found.take(best(found, float(self.threshold[number])))
                label = kept.label if len(self.chains) == 1 else kept.label * 0 + number
                for t, first, last, c, p in zip(
                    *(a.tolist() for a in (kept.text, kept.first, kept.last, label, kept.prob)),
                    strict=True,
                ):
                    places = block[t].places
                    said[start + t].append(Found(int(places[first, 0]), int(places[last, 1]), c, p))
        for spans in said:
            spans.sort(key=lambda s: (s.start, s.end, s.label))
        return [uncrossed(spans) for spans in said] if self.nesting == "nested" else said

    def predict_tokens(self, X: np.ndarray) -> list[np.ndarray]:
        """For each text the probabilities of its tokens' tags, (n_tokens, n_tags), rows sum to one.

        Where spans may overlap every class has tags of its own, and a token as many rows as classes.
        """
        import numpy as np

        told: list[np.ndarray] = []
        for start in range(0, len(X), _BLOCK):
            rows, all_found = self._beliefs(X[start : start + _BLOCK])
            ends = np.cumsum(rows.lengths)[:-1]
            parts = [np.split(found.tags, ends) for found in all_found]
            told += [np.concatenate(of_item) for of_item in zip(*parts, strict=True)]
        return told

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """(n_items, n_classes): how likely a text has a span of each class, its tokens taken one by one."""
        import numpy as np

        probs = np.zeros((len(X), self.n_classes))
        for start in range(0, len(X), _BLOCK):
            rows, all_found = self._beliefs(X[start : start + _BLOCK])
            text = np.repeat(np.arange(len(rows.lengths)), rows.lengths)
            begins = np.concatenate([found.tags[:, 1::2] for found in all_found], axis=1)
            for c in range(self.n_classes):
                none = np.log1p(-np.minimum(begins[:, c], 1 - 1e-12))
                told = np.bincount(text, weights=none, minlength=len(rows.lengths))
                probs[start : start + len(rows.lengths), c] = -np.expm1(told)
        return probs

    def state(self) -> dict[str, np.ndarray]:
        """All that was learned; `Tagger.restore` reads it."""
        import numpy as np

        arrays = {
            "centre": self.centre,
            "scale": np.array([self.scale]),
            "n_classes": np.array([self.n_classes], dtype=np.int64),
            "heat": self.heat,
            "shift": self.shift,
            "threshold": self.threshold,
        }
        for number, chain in enumerate(self.chains):
            for name in ("dense", "sparse", "bias", "start", "transitions"):
                arrays[f"chain.{number}.{name}"] = getattr(chain, name)
        return arrays

    def _beliefs(self, X: np.ndarray) -> tuple[Rows, list[Any]]:
        from labelwright.loop.spans.crf import beliefs

        rows, scored = self._scored(X)
        return rows, [beliefs(e, start, move, rows) for e, start, move in scored]

    def _candidates(self, X: np.ndarray) -> list[Candidates]:
        from labelwright.loop.spans.crf import beliefs
        from labelwright.loop.spans.posterior import candidates

        rows, scored = self._scored(X)
        return [
            candidates(beliefs(e, start, move, rows), start, move, rows)
            for e, start, move in scored
        ]

    def _scored(self, X: np.ndarray) -> tuple[Rows, list[tuple[np.ndarray, ...]]]:
        """Emissions, scores of first tags and of transitions of each chain, calibrated."""
        import numpy as np

        from labelwright.loop.spans.crf import Rows
        from labelwright.loop.spans.tokens import features

        vectors, looks, lengths = features(X)
        rows = Rows(lengths)
        if not len(vectors):
            vectors = np.zeros((0, len(self.centre)), np.float32)
        if vectors.shape[1] != len(self.centre):
            raise DataError(
                f"the model reads tokens of {len(self.centre)} numbers, got {vectors.shape[1]}",
                "encode the items with the encoder that the model was trained with",
            )
        dense = ((vectors - self.centre) / self.scale).astype(np.float32)
        scored: list[tuple[np.ndarray, ...]] = []
        for number, chain in enumerate(self.chains):
            emissions = chain.emissions(dense, looks)
            emissions[:, 0] += self.shift[number]
            heat = self.heat[number]
            scored.append((emissions / heat, chain.start / heat, chain.transitions / heat))
        return rows, scored


@dataclass(frozen=True)
class Tagger:
    """A learner of spans; see the module. `random_state` decides the folds only."""

    n_classes: int
    nesting: str
    strength: float
    random_state: int
    reads: Literal["tokens"] = field(default="tokens", init=False)

    def fit(
        self,
        X: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        calibrate: bool | float = True,
    ) -> Tagged:
        """Train on X (n,) `Tokens`, targets (n,) the marks of each: see `spans.tokens`; weights (n,)."""
        import numpy as np

        from labelwright.loop.spans.tokens import features

        require_labels(X, targets)
        weights = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=np.float64)
        vectors, looks, lengths = features(X)
        centre = vectors.mean(axis=0, dtype=np.float64) if len(vectors) else np.zeros(0)
        scale = float(np.sqrt(((vectors - centre) ** 2).sum() / max(len(vectors), 1))) or 1.0
        dense = ((vectors - centre) / scale).astype(np.float32)
        given = _Given(dense, looks, lengths, weights)
        fitted = [self._one(given, tags, n, calibrate) for tags, n in self._tags(X, targets)]
        return Tagged(
            chains=tuple(chain for chain, *_ in fitted),
            centre=centre,
            scale=scale,
            n_classes=self.n_classes,
            nesting=self.nesting,
            heat=np.array([heat for _, heat, _, _ in fitted]),
            shift=np.array([shift for _, _, shift, _ in fitted]),
            threshold=np.array([threshold for *_, threshold in fitted]),
        )

    def restore(self, state: dict[str, np.ndarray]) -> Tagged:
        """The model whose `state()` this is."""
        from labelwright.loop.learn.chain import Chain

        names = ("dense", "sparse", "bias", "start", "transitions")
        return Tagged(
            chains=tuple(
                Chain(*(state[f"chain.{number}.{name}"] for name in names))
                for number in range(len(state["heat"]))
            ),
            centre=state["centre"],
            scale=float(state["scale"][0]),
            n_classes=int(state["n_classes"][0]),
            nesting=self.nesting,
            heat=state["heat"],
            shift=state["shift"],
            threshold=state["threshold"],
        )

    def _tags(self, X: np.ndarray, targets: np.ndarray) -> list[tuple[list[np.ndarray], int]]:
        """For each chain the tags of every text, and of how many classes they are."""
        from labelwright.loop.spans.bio import encode

        if self.nesting == "flat":
            return [
                (
                    [encode(m, x.places).tags for x, m in zip(X, targets, strict=True)],
                    self.n_classes,
                )
            ]
        return [
            (
                [
                    encode([(a, z, 0) for a, z, c in m if c == label], x.places).tags
                    for x, m in zip(X, targets, strict=True)
                ],
                1,
            )
            for label in range(self.n_classes)
        ]

    def _one(
        self, given: _Given, tags: list[np.ndarray], n_classes: int, calibrate: bool | float
    ) -> tuple[Chain, float, float, float]:
        """A chain, its temperature, the shift of O, and the threshold of spans."""
        import numpy as np

        everything = np.arange(len(tags))
        chain = given.fit(tags, everything, n_classes, self.strength)
        has_spans = np.array([bool(t.any()) for t in tags])
        spans = sum(int((t % 2 == 1).sum()) for t in tags)
        if calibrate is not True or min(len(tags), spans) < _FEWEST:
            return chain, float(calibrate) or 1.0, 0.0, _THRESHOLD
        from labelwright.loop.learn.chain import calibrated
        from labelwright.loop.learn.folds import stratified

        folds = stratified(has_spans.astype(np.int64), _FOLDS, self.random_state)
        held_out = []
        for fold in range(_FOLDS):
            held = np.flatnonzero(folds == fold)
            part = given.fit(tags, np.flatnonzero(folds != fold), n_classes, self.strength)
            held_out.append(given.scored(part, tags, held))
        return chain, *calibrated(held_out)


@dataclass(frozen=True)
class _Given:
    """Training texts: dense (n_tokens, dim), looks (n_tokens, SIZE), lengths and weights (n_texts,)."""

    dense: np.ndarray
    looks: Any
    lengths: np.ndarray
    weights: np.ndarray

    def fit(
        self, tags: list[np.ndarray], rows: np.ndarray, n_classes: int, strength: float
    ) -> Chain:
        """A chain of these texts."""
        import numpy as np

        from labelwright.loop.learn.chain import fit_chain
        from labelwright.loop.spans.bio import forbidden
        from labelwright.loop.spans.crf import Rows

        tokens = self._tokens(rows)
        return fit_chain(
            self.dense[tokens],
            self.looks[tokens],
            np.concatenate([tags[i] for i in rows]),
            Rows(self.lengths[rows]),
            self.weights[rows],
            forbidden=forbidden(n_classes),
            C=(_DENSE * strength, _SPARSE * strength),
        )

    def scored(self, chain: Chain, tags: list[np.ndarray], rows: np.ndarray) -> Any:
        """What a chain makes of texts, beside the truth: see `chain.HeldOut`."""
        import numpy as np

        from labelwright.loop.learn.chain import HeldOut
        from labelwright.loop.spans.crf import Rows

        tokens = self._tokens(rows)
        return HeldOut(
            chain,
            chain.emissions(self.dense[tokens], self.looks[tokens]),
            np.concatenate([tags[i] for i in rows]),
            Rows(self.lengths[rows]),
        )

    def _tokens(self, rows: np.ndarray) -> np.ndarray:
        import numpy as np

        ends = np.cumsum(self.lengths)
        return np.concatenate([np.arange(ends[i] - self.lengths[i], ends[i]) for i in rows])


_DENSE, _SPARSE = 100.0, 30.0  # C of vectors, and of looks and transitions


def uncrossed(spans: Sequence[Found]) -> list[Found]:
    """Of spans that cross, neither within the other, the likelier."""
    kept: list[Found] = []
    for span in sorted(spans, key=lambda s: (-s.prob, s.start, s.end, s.label)):
        if not any(
            s.start < span.start < s.end < span.end or span.start < s.start < span.end < s.end
            for s in kept
        ):
            kept.append(span)
    return sorted(kept, key=lambda s: (s.start, s.end, s.label))


__all__ = ["Found", "Tagged", "Tagger", "replace", "tagger", "uncrossed"]
