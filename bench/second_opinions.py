"""Second opinions: test accuracy by annotations, with the allocator and without, where people err.

AG News on ready MiniLM vectors (`sets.py`), margin with 10% random after 40 spread-out items, batches of
20, the built-in head, majority. Five simulated people answer as `simulate` has them answer; their mean
error is an axis. Every annotation is counted, whatever it was about. A run differs from its partner of the
same seed in `second_opinions` alone.

    python bench/second_opinions.py [--seeds 5] [--budget 400] [--errors 5% 20% 30%] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field

import campaign
import numpy as np
import sets
from curves import error as standard_error

from labelwright.connectors.annotate.simulate import Habits
from labelwright.dsl.task import (
    Annotators,
    Budget,
    Call,
    Class,
    Data,
    Encoders,
    Holdout,
    Query,
    Task,
    Train,
)  # fmt: skip
from labelwright.loop.allocating import Votes, allocate, labelled_scores, new_scores, trust
from labelwright.loop.learn.gate import usable
from labelwright.loop.learn.head import head
from labelwright.loop.people.majority import majority
from labelwright.loop.query.contract import nothing
from labelwright.loop.second_opinions import MOST_PEOPLE, out_of_sample

PEOPLE, BATCH, COLD = 5, 20, 40
ARMS = {"none": 0.0, "at_most(25%)": 0.25, "auto": 1.0}
SHOWN = (100, 200, 300, 400)
Answers = dict[int, dict[str, str]]
"""By position in the pool, person -> what they said."""


@dataclass
class Run:
    """A campaign: what was asked and answered, and the accuracy after each batch."""

    accuracy: list[float] = field(default_factory=list)
    further: int = 0
    labels_right: float = 0.0


def crowd(classes: tuple[str, ...], seed: int, error: float) -> Habits:
    """The people of `simulate(…, people = 5, error = …)`."""
    call = Call(name="bench")
    task = Task(
        name="bench", title="bench",
        classes=tuple(Class(id=c, title=c) for c in classes),
        data=Data(source=call), holdout=Holdout(size=0.2, annotations=1),
        annotators=Annotators(source=call), budget=Budget(annotations=1),
        query=Query(phases=()), train=Train(encoder=Encoders(), finetune=call),
    )  # fmt: skip
    return Habits(task, seed, PEOPLE, error, confusion=0.5, seconds=0.0)


def run(data: sets.Set, seed: int, error: float, share: float, budget: int) -> Run:
    """One campaign of `budget` annotations; share: the most of a batch that may be further opinions."""
    habits = crowd(data.classes, seed, error)
    start = campaign.Campaign.begin(data, seed)
    X, truth = start.X, [data.classes[k] for k in start.y]
    answers: Answers = defaultdict(dict)
    found, learner = Run(), head(random_state=0)

    def ask(item: int) -> None:
        (person,) = habits.who(str(item), 1, answers[item])
        answers[item][person] = habits.label(person, str(item), truth[item])

    cold, main = campaign.ours("k_means"), campaign.ours("mix(margin, random(10%))")
    for number in range(budget // BATCH):
        rows, y = resolved(answers, data.classes)
        left = np.setdiff1d(np.arange(len(X)), rows)
        seen = campaign.Campaign(
            X, start.y, data.classes, rows, left, campaign.Learner(X[rows], y, data.classes)
        )
        if number * BATCH < COLD:
            picked = left[cold(seen, BATCH, number)]
            again = nothing().indices
        else:
            picked = left[
                main(seen, BATCH, int(np.random.SeedSequence((seed, number)).generate_state(1)[0]))
            ]
            again = rows[weighed(X, rows, y, answers, picked, data.classes, share)]
        for item in (*again, *picked[: BATCH - len(again)]):
            ask(int(item))
        found.further += len(again)
        rows, y = resolved(answers, data.classes)
        model = learner.fit(X[rows], np.eye(len(data.classes))[y])
        guess = model.predict_proba(data.X_test).argmax(axis=1)
        found.accuracy.append(float((guess == data.y_test).mean()))
    found.labels_right = float((start.y[rows] == y).mean())
    return found


def resolved(answers: Answers, classes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) positions that were answered, ascending; (n,) the class index that most people gave."""
    given = [(str(i), who, said) for i, each in answers.items() for who, said in each.items()]
    labels = {int(i): r.label for i, r in majority(given, classes).items()}
    rows = np.array(sorted(labels), dtype=np.int64)
    return rows, np.array([classes.index(labels[i]) for i in rows.tolist()], dtype=np.int64)


def weighed(
    X: np.ndarray,
    rows: np.ndarray,
    y: np.ndarray,
    answers: Answers,
    picked: np.ndarray,
    classes: tuple[str, ...],
    share: float,
) -> np.ndarray:
    """Positions in `rows` of the items that are asked again instead of the last of `picked`."""
    if not share:
        return nothing().indices
    targets = np.eye(len(classes))[y]
    probs, new = out_of_sample(head(random_state=0), X[rows], targets, X[picked], seed=len(rows))
    said = np.array(
        [
            (i, int(who.removeprefix("person_")) - 1, classes.index(label))
            for i, row in enumerate(rows.tolist())
            for who, label in answers[row].items()
        ]
    )
    votes = Votes(said[:, 0], said[:, 1], said[:, 2], PEOPLE)
    trusted = trust(votes, y, probs)
    may = usable(targets) & (votes.count(len(rows)) < min(MOST_PEOPLE, PEOPLE))
    scores = np.where(may, labelled_scores(votes, y, probs, trusted), np.inf)
    return allocate(scores, new_scores(new, trusted), len(picked), int(share * len(picked)))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=400)
    parser.add_argument("--errors", nargs="+", default=["5%", "20%", "30%"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = sets.load("ag_news")
    told = {}
    for said in options.errors:
        rate = float(said.rstrip("%")) / 100
        base: np.ndarray | None = None
        for arm, share in ARMS.items():
            runs = [run(data, seed, rate, share, options.budget) for seed in range(options.seeds)]
            curves = np.array([r.accuracy for r in runs])
            told[f"{said} {arm}"] = {
                "accuracy": curves.tolist(),
                "further": [r.further for r in runs],
                "labels_right": [r.labels_right for r in runs],
            }
            if not options.json:
                base = curves if base is None else base
                print(line(f"{said} {arm}", curves, base, runs), flush=True)
    if options.json:
        print(json.dumps(told))
    return 0


def line(name: str, curves: np.ndarray, base: np.ndarray, runs: list[Run]) -> str:
    """Accuracy at some budgets, the gain at the last one over the run of the same seed without."""
    shown = [n for n in SHOWN if n <= curves.shape[1] * BATCH]
    at = [curves[:, n // BATCH - 1] for n in shown]
    each = "  ".join(
        f"{n}: {a.mean():.3f} ± {standard_error(a):.3f}" for n, a in zip(shown, at, strict=True)
    )
    gain = curves[:, -1] - base[:, -1]
    further = np.mean([r.further for r in runs])
    right = np.mean([r.labels_right for r in runs])
    return (
        f"{name:18} {each}  gain {gain.mean():+.3f} ± {standard_error(gain):.3f}  "
        f"further {further:.0f}  labels right {right:.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
