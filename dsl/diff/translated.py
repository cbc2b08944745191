"""The old definition in the new one's class names: what only follows a rename is no change."""

from __future__ import annotations

from labelwright.dsl import task as t
from labelwright.dsl.diff.pairing import Pairing


def translated(old: t.Task, new: t.Task, pairing: Pairing) -> t.Task:
    """`old` with every reference to a renamed class under its new name; its classes stay."""
    names = {
        source: new_id
        for new_id, origin in pairing.origins.items()
        if len(origin.sources) == 1
        for source in origin.sources
        if source != new_id
    }
    if not names:
        return old

    def now(class_id: str) -> str:
        return names.get(class_id, class_id)

    pseudo = old.pseudo_labels
    if pseudo is not None:
        thresholds = {now(c): value for c, value in pseudo.thresholds.items()}
        pseudo = pseudo.model_copy(update={"thresholds": thresholds})
    return old.model_copy(
        update={
            "rules": tuple(
                r.model_copy(update={"label": now(r.label)}) if r.label else r for r in old.rules
            ),
            "constraints": tuple(
                c.model_copy(
                    update={"subject": now(c.subject), "objects": tuple(map(now, c.objects))}
                )
                for c in old.constraints
            ),
            "query": old.query.model_copy(
                update={
                    "phases": tuple(
                        p.model_copy(update={"until": _condition(p.until, names)})
                        for p in old.query.phases
                    )
                }
            ),
            "pseudo_labels": pseudo,
            "accept": old.accept.model_copy(
                update={"criteria": tuple(_criterion(c, new, names) for c in old.accept.criteria)}
            ),
        }
    )


def _condition(item: t.Condition | None, names: dict[str, str]) -> t.Condition | None:
    match item:
        case t.MetricTest(of=str() as of) if of in names:
            return item.model_copy(update={"of": names[of]})
        case t.Not():
            return item.model_copy(update={"operand": _condition(item.operand, names)})
        case t.And() | t.Or():
            operands = tuple(_condition(o, names) for o in item.operands)
            return item.model_copy(update={"operands": operands})
    return item


def _criterion(item: t.Criterion, new: t.Task, names: dict[str, str]) -> t.Criterion:
    """With the new class, in the words in which the new file says the same."""
    if item.of not in names:
        return item
    said = item.model_copy(update={"of": names[item.of]})
    for other in new.accept.criteria:
        if other == said.model_copy(update={"text": other.text}):
            return other
    return said
