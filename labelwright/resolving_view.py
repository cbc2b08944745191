"""What resolving a file came to, for the terminal and as JSON: the labels in sum, and each annotator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright import figures
from labelwright.loop.people.records import AnnotatorScore, Mistaken
from labelwright.loop.people.scores import share
from labelwright.words import clean, fit, pad

if TYPE_CHECKING:
    from labelwright.resolving import Annotations, Labelled

_SHOWN = 20
_NAME = 18
_PEOPLE = {
    "voting": "all are taken to be alike",
    "accuracy": "each has an accuracy",
    "confusions": "each has a confusion matrix",
}


def annotators(found: Annotations) -> tuple[AnnotatorScore, ...]:
    """One score a person, by name: against the majority of each item's other people, where that is known."""
    votes, k = found.votes, found.votes.n_classes
    others = votes.counts[votes.items]
    others[np.arange(len(votes)), votes.classes] -= 1
    top = others.max(axis=1)
    known = (top > 0) & ((others == top[:, None]).sum(axis=1) == 1)
    label = others.argmax(axis=1)[known]
    who, said = votes.people[known], votes.classes[known]
    cells = np.bincount((who * k + label) * k + said, minlength=votes.n_people * k * k)
    tables = cells.reshape(votes.n_people, k, k)
    scores = []
    for name, table, given in zip(found.people, tables, votes.per_person, strict=True):
        right, n = int(np.trace(table)), int(table.sum())
        wrong = table - np.diag(np.diag(table))
        worst: tuple[Mistaken, ...] = ()
        if wrong.any():
            true, taken = np.unravel_index(int(wrong.argmax()), wrong.shape)
            worst = (
                Mistaken(
                    label=found.classes[true],
                    said=found.classes[taken],
                    answers=int(wrong[true, taken]),
                    of=int(table[true].sum()),
                ),
            )
        agreed = share(right, n)
        scores.append(
            AnnotatorScore(
                annotator=name,
                annotations=int(given),
                agreement=agreed.estimate,
                seconds=None,
                with_others=agreed,
                mistaken=worst,
            )
        )
    return tuple(scores)


def view(
    path: Path, found: Annotations, made: Labelled, people: tuple[AnnotatorScore, ...], width: int
) -> str:
    """A few lines on the labels, then the annotators, who is clearly least of one mind with others first."""
    votes = found.votes
    lines = [
        f"{path.name}: {figures.counted(len(votes), 'annotation')} of "
        f"{figures.counted(votes.n_items, 'item')} by {figures.counted(votes.n_people, 'person', 'people')}, "
        f"{figures.counted(votes.n_classes, 'class', 'classes')}",
        f"{made.method}: {figures.counted(int(made.doubtful.sum()), 'item')} in doubt, "
        f"mean agreement {figures.percent(float(made.agreement.mean()))}",
    ]
    if made.people:
        told = _PEOPLE[made.people.split(",")[0]]
        listened = f"; a model of the texts counts {made.weight:g} times" if made.weight else ""
        lines.append(f"  of people {told}, as answers that were held out say{listened}")
    if not (votes.per_item > 1).any():
        lines.append("  no item has two answers: each label is what the one person said")
    ranked = sorted(people, key=lambda p: (p.with_others.high is None, p.with_others.high or 0.0))
    lines += ["", "Annotators, and how often each is of one mind with the item's others (95%)"]
    for each in ranked[:_SHOWN]:
        lines.append(_line(each, width))
    if len(ranked) > _SHOWN:
        lines.append(f"  and {figures.count(len(ranked) - _SHOWN)} more: --json has all")
    return "\n".join(lines)


def _line(score: AnnotatorScore, width: int) -> str:
    agreed = score.with_others
    told = figures.UNKNOWN
    if agreed.low is not None and agreed.high is not None:
        told = (
            f"{figures.percent(agreed.estimate):>6}  "
            f"{figures.percent(agreed.low)} to {figures.percent(agreed.high)}"
        )
    most = ""
    if score.mistaken:
        worst = score.mistaken[0]
        most = f"{worst.label} taken for {worst.said}: {worst.answers} of {worst.of}"
    name = pad(fit(clean(score.annotator), _NAME), _NAME)
    line = f"  {name}{figures.count(score.annotations):>8}  {told:<24}{clean(most)}"
    return fit(line, width).rstrip()


def as_json(
    found: Annotations, made: Labelled, people: tuple[AnnotatorScore, ...], *, items: bool
) -> dict[str, Any]:
    """The same for programs. items: with every label, where no file holds them."""
    told: dict[str, Any] = {
        "method": made.method,
        "annotations": len(found.votes),
        "items": found.votes.n_items,
        "classes": list(found.classes),
        "people_model": made.people or None,
        "model_weight": made.weight,
        "needs_adjudication": int(made.doubtful.sum()),
        "mean_agreement": float(made.agreement.mean()),
        "replaced": found.replaced,
        "set_aside": {what: n for what, (n, _) in found.faults.items()},
        "annotators": [p.model_dump(mode="json", exclude_defaults=True) for p in people],
    }
    if items:
        from labelwright.resolving import result_table

        told["labels"] = result_table(found, made).to_pylist()
    return told
