"""The step `pretrain`: the encoder's network learns from the pool, once, before anything is asked.

What it learned is a file of the store, named by all that decides it: the encoder, the call in the task file,
the seed, and the items of the pool. While these are the same the file is used again; one that is missing or
damaged is made again. The holdout is never read, nor a label.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.dsl.printing import call as written
from labelwright.loop.errors import PluginError
from labelwright.loop.pretrain.encoder import PretrainedEncoder
from labelwright.loop.seeds import derive_seed
from labelwright.loop.split import POOL

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.encoding import Pretrained
    from labelwright.loop.ports import Context, Encoder
    from labelwright.loop.workbench import Workbench

NOTHING: dict[str, Any] = {"file": None}
"""The step's outcome where the task file asks for no pretraining."""


def prepared(task: Task, encoder: Encoder, context: Context) -> Encoder:
    """The encoder, or with `pretrain` what it will be afterwards; not fitted, its weights not known.

    Raises PluginError for an encoder without a network, and for a learner that would forget all of it.
    """
    if task.train.pretrain is None:
        return encoder
    call = written(task.train.pretrain)
    if task.train.finetune.name == "scratch":
        raise PluginError(
            f"`finetune = scratch` draws all weights anew: what `pretrain = {call}` learned would be lost",
            "write `finetune = full`, which tunes from there, or take `pretrain` out of `train`",
        )
    if not hasattr(encoder, "network"):
        name = encoder.identity.partition(" ")[0]
        raise PluginError(
            f"`pretrain = {call}` needs an encoder with a network, and {name} has none",
            "take `pretrain` out of `train`, or choose resnet or vision for pictures, and for text a "
            "quoted name or minilm",
        )
    return PretrainedEncoder(encoder, call, context.progress)  # type: ignore[arg-type]


def pretrain(bench: Workbench, round_: int) -> dict[str, Any]:
    """The step's outcome: the file, and the objective on items apart, before and after."""
    if bench.task.train.pretrain is None or bench.store.outcome(round_, "embed") is not None:
        return NOTHING  # or the round was begun by a version without this step
    name = _name(bench, round_)
    before = bench.store.outcome(round_ - 1, "pretrain") if round_ else None
    if before is not None and before["file"] == name:
        return before
    if bench.store.file(name) is not None:
        told = [o for o in bench.store.outcomes("pretrain") if o["file"] == name]
        if told:
            return told[-1]
    made = _make(bench, round_, name)
    return {
        "file": name,
        "watched": list(made.watched),
        "best": made.best,
    }


def begin(bench: Workbench, round_: int, encoder: Encoder) -> Encoder:
    """The encoder, fitted on the pool, with the weights that it learned there."""
    if isinstance(encoder, PretrainedEncoder):
        from safetensors.numpy import load_file

        told = bench.store.outcome(round_, "pretrain") or NOTHING
        name = told["file"] or _name(bench, round_)  # `pretrain` may be new since the round began
        if bench.store.file(name) is None:
            _make(bench, round_, name)
        encoder.begin_from(load_file(bench.store.folder / name))
    return encoder


def _make(bench: Workbench, round_: int, name: str) -> Pretrained:
    from safetensors.numpy import save_file

    assert bench.task.train.pretrain is not None
    wrapped = bench.fitted_on_pool(round_)
    assert isinstance(wrapped, PretrainedEncoder)
    pool = bench.items(round_).take(np.flatnonzero(bench.split(round_) == POOL))
    made: Pretrained = bench.context.plugins.invoke(
        "pretrain",
        bench.task.train.pretrain,
        encoder=wrapped.encoder,
        X=wrapped.inputs(pool),
        context=bench.context,
        random_state=derive_seed(bench.context.seed, "pretrain"),
    )
    whole = {k: np.ascontiguousarray(v) for k, v in made.weights.items()}
    bench.store.write_file(name, lambda path: save_file(whole, path))
    return made


def _name(bench: Workbench, round_: int) -> str:
    items = bench.items(round_)
    whole = hashlib.blake2b(digest_size=8)
    for part in (bench.encoder(items.inputs).identity, bench.context.seed):
        whole.update(f"{part}\0".encode())
    whole.update(np.ascontiguousarray(items.contents[bench.split(round_) == POOL]).tobytes())
    return f"pretrained-{whole.hexdigest()}.safetensors"
