"""A campaign's newest model as a folder, held against the campaign's own predictions before it appears."""

from __future__ import annotations

import sys
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.dsl import printing
from labelwright.dsl.task import Call
from labelwright.loop.campaign import campaign
from labelwright.loop.engine import check_meaning, finished, last_round
from labelwright.loop.errors import NotYet, StoreError
from labelwright.loop.scaling import Scaling
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import POOL
from labelwright.loop.supported import learnable
from labelwright.loop.workbench import encoder_call, reads_vectors
from labelwright.model.card import card
from labelwright.model.folder import CARD, Content, read, refuse_foreign, replacing, write
from labelwright.model.manifest import (
    Check,
    ClassEntry,
    Column,
    EncoderEntry,
    LearnerEntry,
    Manifest,
    ModelError,
)
from labelwright.model.predictor import Predictor

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.items import Snapshot
    from labelwright.loop.workbench import Workbench

_CHECKED = 256  # items whose predictions must come out the same
_SAME, _SAME_MERGED = 1e-6, 1e-3  # folded weights are rounded anew
_ENCODED_SAME = 1e-5
_LIBRARIES = {
    "numpy": "numpy", "scipy": "scipy", "scikit-learn": "sklearn", "torch": "torch",
    "transformers": "transformers", "sentence-transformers": "sentence_transformers", "peft": "peft",
    "pillow": "PIL", "pyarrow": "pyarrow", "safetensors": "safetensors",
}  # fmt: skip
"""Distribution -> its module; told where it was in use."""


def write_model(bench: Workbench, folder: Path, *, name: str, merge: bool = False) -> Manifest:
    """Write the newest model, with its card. name: what the task file is called, for messages.

    merge: what `lora` learned is folded into the network, and all of its weights are written.
    Raises StoreError where no round has learned yet, ModelError where the folder would predict otherwise
    than the campaign does, ExportError where the place is taken or cannot be written.
    """
    from labelwright import __version__

    refuse_foreign(folder)
    round_ = _newest(bench, name)
    content = _content(bench, round_, f"labelwright {__version__}", merge)
    told = campaign(bench, __version__)
    with replacing(folder) as made:
        write(made, content)
        manifest = content.manifest.model_copy(update={"check": _check(bench, round_, made, merge)})
        manifest = write(made, Content(manifest, content.task, content.arrays))
        text = card(bench.task, told, manifest, _taught(bench, round_), folder.name)
        (made / CARD).write_text(text, encoding="utf-8")
    return manifest


def _newest(bench: Workbench, name: str) -> int:
    if not learnable(bench.task):
        raise NotYet(f"{name}: no model learns this kind of task yet: there is none to export")
    check_meaning(bench, name)
    for round_ in range(last_round(bench.store), -1, -1):
        if finished(bench.store, round_) and bench.current(round_) and bench.learned(round_):
            return round_
    raise StoreError(
        f"{name}: no round has learned a model yet", f"run `labelwright run {name}` first"
    )


def _content(bench: Workbench, round_: int, made_by: str, merge: bool) -> Content:
    task, items = bench.task, bench.items(round_)
    model, learner = bench.final(round_), bench.learner(round_)
    learned_by = written = bench.learner_call(round_)
    if merge:
        model, learned_by = _merged(model, written), Call(name="full")
    encoder: Any = bench.fitted_encoder(round_)
    call = encoder_call(task, items.inputs)
    arrays = {f"model/{k}": v for k, v in model.state().items()}
    values: dict[str, Any] = {}
    if encoder.fitted:
        if not hasattr(encoder, "state"):
            raise ModelError(
                f"the encoder {printing.call(call)} learns from the pool and cannot be kept",
                "tell its author that it needs `state` and `restore` (loop/ports.py, Keepable)",
            )
        kept = encoder.state()
        arrays |= {f"encoder/{k}": v for k, v in kept.arrays.items()}
        values = dict(kept.values)
    if _reads(task, learner) == "vectors":
        scaling = _scaling(bench, round_)
        arrays |= {"scaling/centre": scaling.centre, "scaling/scale": np.array([scaling.scale])}
    heat = arrays.get("model/temperature")
    manifest = Manifest(
        made_by=made_by,
        task=task.name,
        definition=bench.definition,
        kind=task.kind,
        choose=task.choose,
        round=round_,
        seed=bench.context.seed,
        id=items.inputs.id,
        classes=tuple(ClassEntry(id=c.id, title=c.title) for c in task.labels),
        encoder=EncoderEntry(
            call=call,
            written=printing.call(call),
            identity=encoder.identity,
            fitted=encoder.fitted,
            values=values,
            columns=_columns(items),
        ),
        learner=LearnerEntry(
            call=learned_by,
            written=printing.call(written),
            seed=derive_seed(bench.context.seed, "learn"),
            reads=_reads(task, learner),
            temperature=float(heat[0]) if heat is not None and heat.size == 1 else None,
            gate=bench.needed(round_, "pseudo_label")["gate"],
        ),
        libraries=_libraries(),
    )
    return Content(manifest, task, arrays)


def _merged(model: Any, call: Call) -> Any:
    if not hasattr(model, "merge"):
        raise ModelError(
            f"finetune = {call.name} leaves nothing to fold into a network",
            "leave --merge out",
        )
    return model.merge()


def _reads(task: Task, learner: Any) -> str:
    if task.kind == "spans":
        return "tokens"
    return "vectors" if reads_vectors(learner) else "inputs"


def _columns(items: Snapshot) -> tuple[Column, ...]:
    schema, inputs = items.table.schema, items.inputs
    return tuple(
        Column(name=name, kind=kind, type=str(schema.field(name).type))
        for kind in ("text", "image", "columns")
        for name in getattr(inputs, kind)
    )


def _scaling(bench: Workbench, round_: int) -> Scaling:
    """How the round's vectors were scaled; the encoder must give the same ones now."""
    vectors = bench.encode(bench.fitted_encoder(round_), bench.items(round_), bench.context)
    scaling = Scaling.of(vectors, bench.split(round_) == POOL)
    features, step = bench.features(round_), 2**14
    for start in range(0, len(vectors), step):
        again = scaling.apply(vectors[start : start + step])
        kept = features[start : start + step]
        if again.shape != kept.shape or not np.allclose(again, kept, atol=_ENCODED_SAME):
            raise ModelError(
                "the encoder gives other vectors now than those that the model learned from: the task "
                "file's `encoder`, its files or a library changed since that round",
                "go on with a round (raise `budget`), or put back what was changed",
            )
    return scaling


def _check(bench: Workbench, round_: int, made: Path, merge: bool) -> Check:
    """Predictions from the folder beside the campaign's own, on items from all over the data."""
    items = bench.items(round_)
    rows = np.unique(np.linspace(0, len(items) - 1, min(_CHECKED, len(items))).astype(np.int64))
    own = bench.final(round_).predict_proba(bench.seen(round_, rows))
    context = bench.context
    predictor = Predictor.of(
        read(made), made, data_root=context.data_root, models=context.model_root
    )
    difference = float(np.abs(predictor.probabilities(items.take(rows)) - own).max())
    if not difference <= (_SAME_MERGED if merge else _SAME):
        raise ModelError(
            f"read back from its folder the model predicts otherwise than in the campaign: a "
            f"probability differs by {difference:.2g}",
            "tell the author of the encoder or the learner; nothing was written",
        )
    return Check(items=len(rows), difference=difference)


def _taught(bench: Workbench, round_: int) -> dict[str, int]:
    """How many training labels come from people, and how many were there already ("existing")."""
    training, _ = bench.labels(round_, bench.needed(round_, "collect")["watermark"])
    return dict(Counter("existing" if s == "existing" else "people" for s in training.sources))


def _libraries() -> dict[str, str]:
    in_use = {name for name, module in _LIBRARIES.items() if module in sys.modules}
    return {name: metadata.version(name) for name in _LIBRARIES if name in in_use}
