"""`compare-finetuning`: what each way of tuning costs and gives on a campaign's own labels.

Parameter-efficient tuning claims to store less, to need less memory and less time, and to be as accurate as
tuning everything. Each way is trained once, in a process of its own, so that its peak of memory is its own;
all learn from the same labels and are measured on the same holdout. `trial` is what such a process runs.
"""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import DataError, LabelwrightError, NotYet

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.ports import Progress
    from labelwright.project import Project

WAYS = ("head", "lora", "adapter", "prefix", "full", "scratch")
AGAINST = "full"


@dataclass(frozen=True)
class Trial:
    """One way, tried. why: what kept it from being tried; all else is empty then.

    stored: bytes of the file of what it learned. peak: the most bytes that its process held while training.
    before: what it held before. seconds: of training. right: which holdout items it answered rightly.
    """

    way: str
    stored: int = 0
    before: int = 0
    peak: int = 0
    seconds: float = 0.0
    right: tuple[bool, ...] = ()
    why: str = ""

    @property
    def accuracy(self) -> float:
        """The share of holdout items it answered rightly."""
        return sum(self.right) / len(self.right)

    def points(self, other: Trial) -> tuple[float, float]:
        """Accuracy minus the other's on the same items, in points, and its standard error (paired)."""
        apart = [a - b for a, b in zip(self.right, other.right, strict=True)]
        n = len(apart)
        mean = sum(apart) / n
        spread = sum((d - mean) ** 2 for d in apart) / max(1, n - 1)
        return 100 * mean, 100 * math.sqrt(spread / n)


@dataclass(frozen=True)
class Comparison:
    """All ways. simulated: where no campaign was begun, and simulated people gave the labels."""

    labels: int
    holdout: int
    simulated: bool
    encoder: int  # bytes of the encoder's weights
    device: str
    trials: tuple[Trial, ...]

    @property
    def against(self) -> Trial | None:
        """Full tuning, where it could be tried."""
        return next((t for t in self.trials if t.way == AGAINST and not t.why), None)


def compare(project: Project, ways: Sequence[str], labels: int, progress: Progress) -> Comparison:
    """Try every way. labels: how many simulated people are asked for, where no campaign was begun.

    Raises DataError where there is nothing to learn from or to measure on.
    """
    unknown = [way for way in ways if way not in WAYS]
    if unknown or not ways:
        raise DataError(
            f"{unknown[0]} is no way to tune that can be compared"
            if unknown
            else "no way is named",
            f"they are: {', '.join(WAYS)}",
        )
    project.refuse_unsupported()
    if project.task.kind == "spans":
        raise NotYet(
            "ways to tune cannot be compared on spans yet: a tagger learns these, on tokens",
            "compare them on a task that gives texts a class",
        )
    with _labelled(project, labels) as spec:
        found: list[Trial] = []
        facts: dict[str, Any] = {}
        for place, way in enumerate(ways):
            progress(f"trying {way}", place, len(ways))
            told = _apart({**spec, "way": way, "call": _call(project.task, way)}, progress)
            facts |= {
                k: v for k, v in told.items() if k in ("labels", "holdout", "encoder", "device")
            }
            if "why" in told:
                found.append(Trial(way, why=told["why"]))
            else:
                own = ("stored", "before", "peak", "seconds")
                found.append(Trial(way, right=tuple(told["right"]), **{k: told[k] for k in own}))
        progress("trying", len(ways), len(ways))
    if all(trial.why for trial in found):
        raise DataError(f"no way could be tried; {found[0].way}: {found[0].why}")
    return Comparison(simulated=bool(spec["simulated"]), trials=tuple(found), **facts)


def _call(task: Task, way: str) -> dict[str, Any]:
    """As the task has it where it is the task's own way, with defaults else."""
    from labelwright.dsl.task import Call

    own = task.train.finetune
    return (own if own.name == way else Call(name=way)).model_dump(mode="json")


@contextlib.contextmanager
def _labelled(project: Project, labels: int) -> Iterator[dict[str, Any]]:
    """Where a trial finds a task, its labels and its data, for as long as it needs them."""
    spec: dict[str, Any] = {
        "task": project.task.model_dump_json(),
        "state": str(project.state.parent),
        "data_root": str(project.data_root.resolve()),
        "simulated": False,
    }
    if project.rounds_so_far():
        yield spec
        return
    if project.task.annotators.source.name != "simulate":
        raise DataError(
            "there are no labels yet to learn from",
            f"run `labelwright run {project.definition.name}` first, until a round is done",
        )
    from labelwright.project import Project

    with tempfile.TemporaryDirectory(prefix="labelwright-") as folder:
        asked = _one_round(project.task, labels)
        Project(asked, state=folder, data_root=project.data_root).run()
        yield {**spec, "task": asked.model_dump_json(), "state": folder, "simulated": True}


def _one_round(task: Task, labels: int) -> Task:
    """The task as one round that asks about so many items at random, and about its holdout."""
    from labelwright.dsl.task import Accept, Call, Phase

    held = task.holdout.annotations
    people = task.annotators.overlap
    return task.model_copy(
        update={
            "train": task.train.model_copy(update={"finetune": Call(name="head")}),
            "query": task.query.model_copy(
                update={
                    "phases": (Phase(name="all", strategy=Call(name="random")),),
                    "second_opinions": 0.0,
                }
            ),
            "budget": task.budget.model_copy(
                update={
                    "annotations": held + labels * people, "per_round": labels, "rounds": 1,
                    "money": None, "hours": None,
                }
            ),
            "pseudo_labels": None,
            "accept": Accept(),
        }
    )  # fmt: skip


def _apart(spec: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """What a process of its own tells of one way. Raises LabelwrightError where it broke down."""
    command = [sys.executable, "-m", "labelwright.trial"]
    told: dict[str, Any] = {}
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own module, in this Python
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps(spec))
                process.stdin.close()
                for line in process.stdout:
                    said = json.loads(line)
                    if "progress" in said:
                        what, done, total = said["progress"]
                        progress(f"{spec['way']}: {what}", done, total)
                    else:
                        told = said
            except BaseException:
                process.kill()
                raise
        if not told:
            errors.seek(0)
            last = (errors.read().strip().splitlines() or [f"exit code {process.returncode}"])[-1]
            raise LabelwrightError(
                f"trying {spec['way']} broke down: {last}",
                "there may be too little memory for it; --ways leaves it out",
            )
    return told


def as_json(compared: Comparison) -> dict[str, Any]:
    """The same for other programs."""
    against = compared.against
    trials = []
    for trial in compared.trials:
        if trial.why:
            trials.append({"way": trial.way, "why": trial.why})
            continue
        row: dict[str, Any] = {k: v for k, v in asdict(trial).items() if k not in ("right", "why")}
        row["accuracy"] = trial.accuracy
        if against is not None:
            row["points"], row["points_error"] = trial.points(against)
        trials.append(row)
    return {**{k: v for k, v in asdict(compared).items() if k != "trials"}, "trials": trials}
