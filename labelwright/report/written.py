"""Settings as a task file writes them: `mix(margin, random(10%))`."""

from __future__ import annotations

from labelwright.dsl.task import Call, Day, Percent, Task, Value, Word


def written(value: Value) -> str:
    """`value` as it would stand in a task file."""
    if isinstance(value, Call):
        if not value.args:
            return value.name
        args = (
            f"{a.name} = {written(a.value)}" if a.name else written(a.value) for a in value.args
        )
        return f"{value.name}({', '.join(args)})"
    if isinstance(value, Percent):
        return f"{value.percent:g}%"
    if isinstance(value, Word):
        return value.name
    if isinstance(value, Day):
        return value.day.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return f"[{', '.join(written(v) for v in value)}]"
    return f'"{value}"' if isinstance(value, str) else f"{value:,}".replace(",", "_")


def _opinions(most: float) -> str:
    """How many of a round's questions they may be; empty where there are none."""
    return "" if most == 0 else "auto" if most == 1 else f"at most {most:.0%} of each round"


def settings(task: Task) -> list[tuple[str, str]]:
    """What decided the campaign, as (name, words); what has no value is left out."""
    encoders = [written(task.train.encoder.default)] if task.train.encoder.default else []
    encoders += [f"{kind}: {written(call)}" for kind, call in task.train.encoder.of.items()]
    inputs = [", ".join(part) for part in (task.data.text, task.data.image, task.data.columns)]
    phases = [f"{p.name}: {written(p.strategy)}" for p in task.query.phases]
    pseudo = task.pseudo_labels
    people = "1 person an item"
    if task.annotators.overlap > 1:
        people = f"{task.annotators.overlap} people an item, {task.annotators.resolve}"
    rows = [
        ("source", written(task.data.source)),
        ("inputs", " + ".join(part for part in inputs if part)),
        ("annotators", f"{written(task.annotators.source)}, {people}"),
        ("query", " → ".join(phases)),
        ("second opinions", _opinions(task.query.second_opinions)),
        ("encoder", ", ".join(encoders)),
        ("finetune", written(task.train.finetune)),
        ("training seeds", ", ".join(str(seed) for seed in task.train.seeds)),
        (
            "pseudo-labels",
            f"{written(pseudo.method)} at {pseudo.threshold:.0%}" if pseudo else "none",
        ),
    ]
    return [(name, words) for name, words in rows if words]
