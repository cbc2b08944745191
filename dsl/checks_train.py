"""Whether what trains fits the encoder, and what learns from unlabelled items fits what trains: by what
plug-ins say that they need, and give.
"""

from __future__ import annotations

from labelwright.dsl import task as t
from labelwright.dsl.context import Context, Place, listed
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.plugins import Kind

_ENCODER: Place = ("train", "encoder")
_FINETUNE: Place = ("train", "finetune")
_PRETRAIN: Place = ("train", "pretrain")

_METHOD: Place = ("pseudo_labels", "method")

_OF_VECTORS = ("head", "sklearn")
"""Learners that say that they need nothing, and read vectors; of others that say nothing, nobody knows."""
OWN_HEAD = ("infomax",)
"""Methods that make a head of their own: they work with no other learner."""

_WANTED = {"network": "an encoder with a network", "table": "an encoder of tables"}
_READS = {"network": "trains its network", "table": "reads a table's columns"}
_LACKS = {"network": "has no network", "table": "is not for tables"}


def check_train(ctx: Context, draft: t.Task) -> None:
    """Add each of `finetune` and `pretrain` that cannot work with the encoder."""
    encoder = _one(draft.train.encoder)
    if encoder is not None and ctx.sure(_ENCODER):
        for kind, call, place in (
            ("learn", draft.train.finetune, _FINETUNE),
            ("pretrain", draft.train.pretrain, _PRETRAIN),
        ):
            if call is not None and ctx.sure(place):
                _encoder(ctx, kind, call, place, encoder)  # type: ignore[arg-type]
    if draft.pseudo_labels is not None and ctx.sure(_METHOD, _FINETUNE) and _METHOD in ctx.places:
        _method(ctx, draft.pseudo_labels.method.name, draft.train.finetune.name)


def _one(encoders: t.Encoders) -> t.Call | None:
    """The encoder, or what several kinds of input are joined by."""
    if encoders.default is not None or not encoders.of:
        return encoders.default
    return next(iter(encoders.of.values())) if len(encoders.of) == 1 else t.Call(name="joined")


def _encoder(ctx: Context, kind: Kind, call: t.Call, place: Place, encoder: t.Call) -> None:
    """Whether the encoder gives what a learner, or a pretraining, needs of it."""
    needed = _needs(ctx, kind, call.name)
    given = ctx.catalogue.find("encode", encoder.name)
    if needed is None or given is None or given.gives is None or needed in given.gives:
        return
    where = place if place in ctx.places else _ENCODER
    if where not in ctx.places:
        return  # neither was written: it is no fault of the file's
    labels: tuple[Label, ...] = ()
    if where != _ENCODER and _ENCODER in ctx.places:
        labels = (Label(ctx.places[_ENCODER], f"this encoder {_LACKS[needed]}"),)
    ctx.error(
        "E312",
        ctx.places[where],
        f"`{call.name}` needs {_WANTED[needed]}, and `{encoder.name}` {_LACKS[needed]}",
        f"write `encoder = …` with one of {listed(_encoders_with(ctx, needed))}",
        labels=labels,
    )


def _method(ctx: Context, method: str, finetune: str) -> None:
    """Whether the way of learning from unlabelled items works with what the labels train."""
    clash = _clash(ctx, method, finetune)
    if clash is None:
        return
    fit = [n for n in ctx.catalogue.names("pseudo") if _clash(ctx, n, finetune) is None]
    learners = set(ctx.catalogue.names("learn")) - {"tagger"}  # that one is for parts of texts
    able = sorted(n for n in learners if _clash(ctx, method, n) is None)
    label = Label(ctx.places[_FINETUNE], "this trains") if _FINETUNE in ctx.places else None
    ctx.error(
        "E313",
        ctx.places[_METHOD],
        f"`{method}` {clash[0]}, and `{finetune}` {clash[1]}",
        f"write one of {listed(fit)}, or another `finetune`",
        labels=() if label is None else (label,),
        notes=(f"With `{method}`, `finetune` is {'one of ' * (len(able) > 1)}{listed(able)}.",),
    )


def _clash(ctx: Context, method: str, finetune: str) -> tuple[str, str] | None:
    """What the method is, and the learner, where these two do not fit."""
    if (
        ctx.catalogue.find("pseudo", method) is None
        or ctx.catalogue.find("learn", finetune) is None
    ):
        return None
    wanted, learner = _needs(ctx, "pseudo", method), _needs(ctx, "learn", finetune)
    if wanted == "network" and (learner == "table" or finetune in _OF_VECTORS):
        return "trains a network", "does not"
    if wanted == "vectors" and learner is not None:
        return "works on an encoder's vectors", _READS.get(learner, "reads something else")
    if method in OWN_HEAD and finetune in _OF_VECTORS and finetune != "head":
        return "makes a head of its own", "is not one"
    return None


def _needs(ctx: Context, kind: Kind, name: str) -> str | None:
    found = ctx.catalogue.find(kind, name)
    return None if found is None else found.needs


def _encoders_with(ctx: Context, needed: str) -> list[str]:
    found = [(name, ctx.catalogue.find("encode", name)) for name in ctx.catalogue.names("encode")]
    return [name for name, each in found if each is not None and needed in (each.gives or ())]
