"""A Task as a training configuration: all that a trainer needs, as plain JSON values."""

from __future__ import annotations

from typing import Any

from labelwright.dsl.task import Argument, Call, Criterion, Day, Percent, PseudoLabels, Task, Word

FORMAT = 1
"""Counted up whenever the meaning of a key changes."""


def training_config(task: Task, definition: str) -> dict[str, Any]:
    """What the model is trained with and judged by; `definition` is the hash of the task.

    `labels` are the class ids in the order of the model's outputs. Percentages are shares in 0..1.
    """
    return {
        "format": FORMAT,
        "task": task.name,
        "definition": definition,
        "kind": task.kind,
        "choose": task.choose,
        "empty": task.empty,
        "scale": task.scale,
        "labels": [c.id for c in task.labels],
        "classes": [
            {
                "id": c.id,
                "title": c.title,
                "parent": c.parent,
                "aliases": list(c.aliases),
                "value": c.value,
                "role": c.role,
            }
            for c in task.classes
        ],
        "inputs": {
            "text": list(task.data.text),
            "image": list(task.data.image),
            "columns": list(task.data.columns),
            "unit": task.data.unit,
        },
        "encoder": _encoders(task),
        "pretrain": _optional(task.train.pretrain),
        "finetune": _call(task.train.finetune),
        "epochs": task.train.epochs,
        "augment": [_call(c) for c in task.train.augment],
        "seeds": list(task.train.seeds),
        "resolve": task.annotators.resolve,
        "pseudo_labels": _pseudo(task.pseudo_labels),
        "constraints": [c.model_dump(mode="json") for c in task.constraints],
        "criteria": [_criterion(c, task.accept.confidence) for c in task.accept.criteria],
    }


def _encoders(task: Task) -> dict[str, Any]:
    encoder = task.train.encoder
    return {
        "default": _optional(encoder.default),
        **{kind: _call(encoder.of[kind]) for kind in sorted(encoder.of)},
    }


def _pseudo(pseudo: PseudoLabels | None) -> dict[str, Any] | None:
    if pseudo is None:
        return None
    return {
        "method": _call(pseudo.method),
        "threshold": pseudo.threshold,
        "thresholds": {id_: pseudo.thresholds[id_] for id_ in sorted(pseudo.thresholds)},
        "cap_per_label": pseudo.cap.per_label if pseudo.cap else None,
        "distribution_alignment": pseudo.distribution_alignment,
    }


def _criterion(criterion: Criterion, confidence: float | None) -> dict[str, Any]:
    at = criterion.at
    return {
        "text": criterion.text,
        "metric": criterion.metric,
        "arguments": _arguments(criterion.args),
        "of": criterion.of,
        "op": criterion.op,
        "value": criterion.value,
        "unit": criterion.unit,
        "confidence": criterion.confidence if criterion.confidence is not None else confidence,
        "at": {"value": at[0], "metric": at[1]} if at else None,
        "on": criterion.on,
    }


def _optional(call: Call | None) -> dict[str, Any] | None:
    return None if call is None else _call(call)


def _call(call: Call) -> dict[str, Any]:
    return {"name": call.name, **_arguments(call.args)}


def _arguments(args: tuple[Argument, ...]) -> dict[str, Any]:
    return {
        "positional": [_value(a.value) for a in args if a.name is None],
        "named": {a.name: _value(a.value) for a in args if a.name is not None},
    }


def _value(value: Any) -> Any:
    if isinstance(value, Call):
        return _call(value)
    if isinstance(value, Percent):
        return value.fraction
    if isinstance(value, Word):
        return value.name
    if isinstance(value, Day):
        return value.day.isoformat()
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    return value
