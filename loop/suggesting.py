"""What may be shown beside an item before anybody looked at it: a suggestion, and what the task says.

Suggestions come from the model of the round before, or from the task's rules, as `suggestions` in
`annotators` says; before there is a model, from the rules in its place. Hints are the rules that fire on
the item and the counterexamples of their classes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labelwright.dsl.checks_rules import SPAN_FIELDS
from labelwright.dsl.compile.words import words
from labelwright.loop.conditions import fields
from labelwright.loop.labels import closer
from labelwright.loop.ports import Model, Suggestion
from labelwright.loop.rules.at_work import rules_at
from labelwright.loop.rules.firing import firing
from labelwright.loop.sets import Sets
from labelwright.loop.supported import several
from labelwright.loop.tagging import suggestion_of

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.workbench import Workbench

_CLEAR = 1e-6  # by which the likeliest class must be ahead


def suggestions(bench: Workbench, round_: int, rows: Sequence[int]) -> dict[int, Suggestion]:
    """By row, as far as there is one; nothing where the task wants none."""
    wanted = bench.task.annotators.suggestions
    if wanted == "none" or not len(rows):
        return {}
    if wanted == "rules" and bench.task.kind == "spans":
        return {}  # a rule says what a text may hold, not yet where a mark of it ends
    return _of_rules(bench, round_, rows) if wanted == "rules" else _of_model(bench, round_, rows)


def _of_model(bench: Workbench, round_: int, rows: Sequence[int]) -> dict[int, Suggestion]:
    model = model_before(bench, round_)
    if model is None:
        return {} if bench.task.kind == "spans" else _of_rules(bench, round_, rows)
    found = by_model(bench.task, model, bench.seen(round_, list(rows)), round_ - 1)
    return {int(row): suggestion for row, suggestion in zip(rows, found, strict=True)}


def by_model(task: Task, model: Model, X: np.ndarray, round_: int) -> list[Suggestion]:
    """What the model of this round proposes for each item of X (n_items, …)."""
    if task.kind == "spans":
        found = model.predict_spans(X)  # type: ignore[attr-defined]
        named = model_version(task, round_)
        return [suggestion_of(task, x.text, f, named) for x, f in zip(X, found, strict=True)]
    probs = model.predict_proba(np.asarray(X))
    version = model_version(task, round_)
    if several(task):
        return _sets(task, model, probs, version)
    return [
        Suggestion((task.labels[int(c)].id,), float(p[c]), version)
        for c, p in zip(probs.argmax(axis=1), probs, strict=True)
    ]


def _sets(task: Task, model: Model, probs: np.ndarray, version: str) -> list[Suggestion]:
    """The classes given; the score is the mean probability that the model is right about a class."""
    sets = Sets(task)
    given = sets.decide(probs, getattr(model, "thresholds", None))
    likely = np.where(given, sets.coherent(probs), 1 - probs).mean(axis=1)
    return [
        Suggestion(sets.named(row), float(score), version)
        for row, score in zip(given, likely, strict=True)
    ]


def model_version(task: Task, round_: int) -> str:
    """The name of the model that a round learned."""
    return f"{task.name} round {round_}"


def model_before(bench: Workbench, round_: int, *, supervised: bool = False) -> Model | None:
    """The model of the round before, where it is of the same classes and features as this round.

    supervised: the one without pseudo-labels.
    """
    if round_ < 1 or not bench.current(round_ - 1) or not bench.learned(round_ - 1):
        return None
    if bench.store.outcome(round_ - 1, "embed") != bench.store.outcome(round_, "embed"):
        return None
    return bench.supervised(round_ - 1) if supervised else bench.final(round_ - 1)


def _of_rules(bench: Workbench, round_: int, rows: Sequence[int]) -> dict[int, Suggestion]:
    """What the votes on an item come to; none where they leave it open, or a rule says veto.

    Of one class an item the likeliest by the label model (`rules/learned.py`), if a rule votes for that very
    class; of several all that have a vote. Unusable classes are none that a model knows: where one has a
    vote, the weights alone count.
    """
    task = bench.task
    votes: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    silent: set[int] = set()
    fired = _fired(bench, round_, rows)
    for rule in task.rules:
        for row in fired.get(rule.name, ()):
            if rule.action == "vote" and rule.label is not None:
                votes[row][rule.label] += rule.weight
            elif rule.action == "veto":
                silent.add(row)
    version = f"{task.name} rules"
    open_ = [row for row in votes if row not in silent]
    if several(task):
        close = closer(task)
        sets = {
            row: close(tuple(c.id for c in task.choices if c.id in votes[row])) for row in open_
        }
        return {row: Suggestion(named, 1.0, version) for row, named in sets.items() if named}
    learned = {c.id: i for i, c in enumerate(task.labels)}
    by_weight = [row for row in open_ if not all(label in learned for label in votes[row])]
    found = {row: _heaviest(task, votes[row], version) for row in by_weight}
    modelled = [row for row in open_ if row not in found]
    rules = rules_at(bench, round_) if modelled else None
    if rules is not None:
        probs = rules.probabilities(np.array(modelled, dtype=np.int64))
        for row, told in zip(modelled, probs, strict=True):
            best = int(told.argmax())
            clear = told[best] > np.delete(told, best).max(initial=0) + _CLEAR
            label = task.labels[best].id
            if clear and label in votes[row]:
                found[row] = Suggestion((label,), float(told[best]), version)
    return {row: suggestion for row, suggestion in found.items() if suggestion is not None}


def _heaviest(task: Task, weights: dict[str, float], version: str) -> Suggestion | None:
    """The choice with the most weight of votes; None where two have as much."""
    most = max(weights.values())
    best = [label for label, weight in weights.items() if weight == most]
    if len(best) > 1 or best[0] not in {c.id for c in task.choices}:
        return None
    return Suggestion((best[0],), most / sum(weights.values()), version)


def hints(bench: Workbench, round_: int, rows: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """By row: a sentence for each rule that fires, and the counterexamples of the class it names."""
    task = bench.task
    if not task.rules or not len(rows):
        return {}
    fired = _fired(bench, round_, rows)
    said = words(task)
    told: dict[int, list[str]] = defaultdict(list)
    for rule in task.rules:
        if rule.label is None:
            continue
        title = next(c.title for c in task.classes if c.id == rule.label)
        against = rule.action == "against"
        told_rule = (said.hint_against if against else said.hint).format(
            rule=rule.name, title=title
        )
        for row in fired.get(rule.name, ()):
            told[row] += [told_rule, *_counterexamples(task, rule.label)]
    return {row: tuple(dict.fromkeys(sentences)) for row, sentences in told.items()}


def _counterexamples(task: Task, label: str) -> list[str]:
    each = next(c for c in task.classes if c.id == label)
    said = words(task)
    texts = [s.value for s in each.counterexamples if s.kind != "image"]
    return [said.hint_not.format(title=each.title, text=text) for text in texts[:1]]


def _fired(bench: Workbench, round_: int, rows: Sequence[int]) -> dict[str, list[int]]:
    """Rule -> the rows on which it fires, of the rules whose columns the items have."""
    snapshot = bench.items(round_)
    known = {*snapshot.table.column_names, *SPAN_FIELDS}
    rules = tuple(r for r in bench.task.rules if r.when is None or fields(r.when) <= known)
    if not rules:
        return {}
    wanted = np.asarray(rows, dtype=np.int64)
    task = bench.task.model_copy(update={"rules": rules})
    hits = firing(task, snapshot.take(wanted).table)
    return {name: [int(row) for row in wanted[hit]] for name, hit in hits.items()}
