"""A model read from its folder, and what it predicts. Knows no campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.encoding import Kept
from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.items import Inputs
from labelwright.loop.ports import Context, Items, Progress, no_progress
from labelwright.loop.pretraining import prepared
from labelwright.loop.scaling import Scaling
from labelwright.loop.tagging import reader_of
from labelwright.loop.workbench import complete
from labelwright.model.answers import Prediction, answers
from labelwright.model.folder import Content, read
from labelwright.model.manifest import Manifest, ModelError
from labelwright.project import cache_folder

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.ports import Encoder, Model

_LIBRARY = re.compile(r"(?<!\S)([\w.-]+)=(\d+\.[\w.+-]+|float32|bfloat16)")
"""Of an encoder's identity: what may differ where a model is used, a library's version or a number type."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model at work. notes: a sentence for each thing that may make it predict otherwise than it did."""

    manifest: Manifest
    task: Task
    encoder: Encoder
    model: Model
    scaling: Scaling | None
    context: Context
    notes: tuple[str, ...]

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        data_root: Path | None = None,
        models: Path | None = None,
        progress: Progress = no_progress,
    ) -> Predictor:
        """The model in a folder that `export --model` wrote.

        data_root: what paths of pictures are relative to. models: what the folder of a pretrained encoder
        is relative to. Raises ModelError: no model, a damaged one, another encoder than it was trained on.
        """
        content = read(folder)
        return cls.of(content, folder, data_root=data_root, models=models, progress=progress)

    @classmethod
    def of(
        cls,
        content: Content,
        folder: Path,
        *,
        data_root: Path | None,
        models: Path | None,
        progress: Progress = no_progress,
    ) -> Predictor:
        """From what was read of `folder`."""
        manifest, task = content.manifest, content.task
        context = Context(
            task=complete(task, inputs_of(manifest)),
            data_root=data_root or Path(),
            cache=cache_folder(),
            seed=manifest.seed,
            progress=progress,
            models=models,
        )
        encoder, notes = _encoder(content, context)
        learner = _learner(manifest, encoder, replace(context, task=task))
        scaled = content.part("scaling")
        scaling = Scaling(scaled["centre"], float(scaled["scale"][0])) if scaled else None
        model = learner.restore(content.part("model"))
        return cls(manifest, task, encoder, model, scaling, context, notes)

    def see(self, items: Items) -> np.ndarray:
        """What the model reads of the items: scaled vectors, or the inputs of the encoder's network."""
        if self.task.kind == "spans":
            return reader_of(items, self.encoder, self.context)(range(len(items)))  # type: ignore[arg-type]
        if self.scaling is None:
            return np.asarray(self.encoder.inputs(items))  # type: ignore[attr-defined]
        return self.scaling.apply(self.encoder.encode(items))

    def probabilities(self, items: Items) -> np.ndarray:
        """(n_items, n_classes) float64, in the order of the manifest's classes."""
        if not len(items):
            return np.empty((0, len(self.manifest.classes)))
        return self.model.predict_proba(self.see(items))

    def batches(self, items: Iterable[Items]) -> Iterator[list[Prediction]]:
        """Predictions, as many at a time as there are items together."""
        render = answers(self.manifest)
        for some in items:
            X = self.see(some) if len(some) else None
            yield [] if X is None else render(self.task, self.model, some, X)

    def predict(
        self, rows: Sequence[Mapping[str, Any]], *, id: str | None = None
    ) -> list[Prediction]:
        """Of rows of Python values by the names of the columns that the model reads.

        id: the key that names an item; without it, they are called by their place. Raises DataError where a
        row lacks what the model reads.
        """
        from labelwright.model.reading import in_memory

        if not rows:
            return []
        return next(self.batches([in_memory(rows, self.manifest, id or self.manifest.id)]))

    @property
    def version(self) -> str:
        """What the model is called."""
        return f"{self.manifest.task} round {self.manifest.round}"


def inputs_of(manifest: Manifest) -> Inputs:
    """The columns that the model reads."""
    of_kind = {
        kind: tuple(c.name for c in manifest.encoder.columns if c.kind == kind)
        for kind in ("text", "image", "columns")
    }
    return Inputs(manifest.id, of_kind["text"], of_kind["image"], of_kind["columns"])


def _encoder(content: Content, context: Context) -> tuple[Any, tuple[str, ...]]:
    told = content.manifest.encoder
    try:
        encoder: Any = context.plugins.invoke("encode", told.call, context=context)
        encoder = prepared(context.task, encoder, context)
        if told.fitted:
            encoder.restore(Kept(content.part("encoder"), told.values))
        return encoder, _same(told.identity, encoder.identity, told.written)
    except (PluginError, DataError) as error:
        raise ModelError(
            f"the model needs its encoder, {told.written}: {error.message}", error.remedy
        ) from error


def _same(then: str, now: str, written: str) -> tuple[str, ...]:
    """What differs of the libraries. Raises ModelError where the encoder itself is another one."""
    if then == now:
        return ()
    if _LIBRARY.sub(r"\1", then) != _LIBRARY.sub(r"\1", now):
        raise ModelError(
            f"the encoder {written} is not the one that the model was trained on: it was "
            f"{then}, and here it is {now}",
            "put the same files of the encoder where it is looked for (`--models FOLDER`)",
        )
    before, here = dict(_LIBRARY.findall(then)), dict(_LIBRARY.findall(now))
    return tuple(
        f"the model was made with {name} {before[name]}, here it is {here.get(name)}: predictions "
        "may differ a little"
        for name in before
        if before[name] != here.get(name)
    )


def _learner(manifest: Manifest, encoder: Any, context: Context) -> Any:
    told, plugins = manifest.learner, context.plugins
    supplied: dict[str, Any] = {"context": context, "random_state": told.seed}
    if plugins.takes("learn", told.call.name, "encoder"):
        supplied["encoder"] = encoder
    return plugins.invoke("learn", told.call, **supplied)
