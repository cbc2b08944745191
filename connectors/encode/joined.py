"""Several kinds of input as one vector: text, pictures and columns, each by its own encoder, side by side.

The parts' numbers mean different things: pixels from 0 to 1, sentences on a sphere, columns in standard
deviations. So each part is centred on the pool and brought to a mean squared length of 1 there: every kind
weighs the same, however many numbers it has, and which of them tell the classes apart the learner finds out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labelwright.connectors.encode_cache import encode_cached
from labelwright.dsl.task import Call
from labelwright.loop.encoding import Kept
from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Encoder, Items

if TYPE_CHECKING:
    import numpy as np

    from labelwright.loop.plugins import Installed

_Encode = Callable[[Encoder, Items], "np.ndarray"]


@gives()
def joined(
    *,
    text: Call | None = None,
    image: Call | None = None,
    columns: Call | None = None,
    context: Context,
    plugins: Installed,
) -> Encoder:
    """The vectors of several encoders side by side, one for each kind of input, each of equal weight."""
    calls = {"text": text, "image": image, "columns": columns}
    parts: dict[str, Encoder] = {
        kind: plugins.invoke("encode", call, context=context)
        for kind, call in calls.items()
        if call is not None
    }
    if not parts:
        raise PluginError(
            "joined needs encoders", "write for instance joined(text = tfidf, image = pixels)"
        )
    return Joined(parts, context)


@dataclass(frozen=True, eq=False)
class Scale:
    """A part's mean over the pool, (dim,) float64, and the root of its mean squared distance from there."""

    centre: np.ndarray
    size: float

    @classmethod
    def of(cls, vectors: np.ndarray) -> Scale:
        """That of the pool's vectors, (n, dim)."""
        import numpy as np

        doubles = vectors.astype(np.float64)
        centre = doubles.mean(axis=0)
        return cls(centre, float(np.sqrt(((doubles - centre) ** 2).sum(axis=1).mean())) or 1.0)

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """(n, dim) float32."""
        import numpy as np

        return np.asarray((vectors - self.centre) / self.size, dtype=np.float32)


@dataclass(eq=False)
class Joined:
    """See the module. It learned from the pool (`fitted`), if only how large its parts' vectors are.

    parts: encoders by kind, in the order of their numbers. Those that learn nothing are cached item by item,
    as they are by themselves: `encode_by` is how the cache reaches them.
    """

    parts: Mapping[str, Encoder]
    context: Context
    fitted: bool = field(default=True, init=False)

    @property
    def identity(self) -> str:
        """The parts'."""
        return "joined " + "; ".join(f"{kind}: {e.identity}" for kind, e in self.parts.items())

    def fit(self, items: Items) -> None:
        """Fit the parts, and learn their scales. Raises what a part raises."""
        self._scales: dict[str, Scale] = {}
        for kind, part in self.parts.items():
            if part.fitted:
                part.fit(items)
            vectors = encode_cached(part, items, self.context.cache, self.context.progress)
            self._scales[kind] = Scale.of(vectors)

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, the parts' dims together) float32. Raises what a part raises."""
        return self.encode_by(lambda part, some: part.encode(some), items)

    def encode_by(self, encode: _Encode, items: Items) -> np.ndarray:
        """The same, each part encoded by `encode`: through a cache."""
        import numpy as np

        return np.hstack(
            [self._scales[kind].apply(encode(part, items)) for kind, part in self.parts.items()]
        )

    def place(self, kind: str) -> slice:
        """Where in a vector the numbers of a part stand."""
        start = 0
        for name, scale in self._scales.items():
            if name == kind:
                return slice(start, start + len(scale.centre))
            start += len(scale.centre)
        raise KeyError(kind)

    def state(self) -> Kept:
        """The scales, and what the parts learned."""
        import numpy as np

        kept = {kind: _kept(kind, part) for kind, part in self.parts.items() if part.fitted}
        scales = {f"{kind}.centre": scale.centre for kind, scale in self._scales.items()}
        scales |= {f"{kind}.size": np.array([s.size]) for kind, s in self._scales.items()}
        return Kept.of_parts({**kept, "scales": Kept(scales)})

    def restore(self, kept: Kept) -> None:
        """Know what `fit` learned."""
        scales = kept.part("scales").arrays
        self._scales = {
            kind: Scale(scales[f"{kind}.centre"], float(scales[f"{kind}.size"][0]))
            for kind in self.parts
        }
        for kind, part in self.parts.items():
            if part.fitted:
                part.restore(kept.part(kind))  # type: ignore[attr-defined]


def _kept(kind: str, part: Any) -> Kept:
    if not hasattr(part, "state"):
        raise PluginError(
            f"the encoder of {kind} learns from the pool and cannot be kept",
            "tell its author that it needs `state` and `restore` (loop/ports.py, Keepable)",
        )
    return part.state()  # type: ignore[no-any-return]
