"""Gold: items whose answer is known, hidden among the others, that tell how often each person is right.

The answers come from the adjudicator, who is asked first (`gold = 40 items`), or from a file
(`gold = file("gold.csv")`, columns id and label). A person's first answer to an item counts; the adjudicator
is never graded, nor is a person on what they were asked before for another purpose. Where three or more
people were asked and most of them give one and the same other answer, the known one is taken to be wrong:
the item is gold no more, and nobody is graded on it.

Gold never trains and never measures. What people say of it is a sample of how they work, not of what the
model gets right, and a label that people are graded by must not teach what they are shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from labelwright.dsl.task import Argument, Call
from labelwright.loop.errors import DataError
from labelwright.loop.labels import closer, present
from labelwright.loop.matching import ClassMatcher, each_of, is_missing
from labelwright.loop.split import POOL
from labelwright.loop.supported import several, single

if TYPE_CHECKING:
    from labelwright.dsl.task import Task
    from labelwright.loop.store import Event
    from labelwright.loop.workbench import Workbench

GOLD = "gold"
FEWEST_DISSENTERS = 3
"""Who must have answered an item before its known answer can be doubted."""

_READERS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".jsonl": "jsonl"}


@dataclass(frozen=True)
class GoldItem:
    """An item of the gold set. truth: None until the adjudicator answered, or where it fits no more."""

    item: str
    truth: Hashable | None = None
    said: Mapping[str, Hashable] = field(default_factory=dict)  # by annotator, who is graded on it
    seen: frozenset[str] = frozenset()  # everybody who answered or skipped it, for whatever purpose
    asked: int = 0  # people it was hidden for so far
    batches: int = 0  # in which it was hidden

    @property
    def doubted(self) -> bool:
        """Whether most people agree upon another answer than the known one."""
        if self.truth is None or len(self.said) < FEWEST_DISSENTERS:
            return False
        ranked = Counter(self.said.values()).most_common(1)
        answer, n = ranked[0]
        return answer != self.truth and 2 * n > len(self.said)

    @property
    def active(self) -> bool:
        """Whether people can be graded on it."""
        return self.truth is not None and not self.doubted


def gold_answers(
    bench: Workbench, until: int | None = None
) -> tuple[tuple[str, str, Hashable, Hashable], ...]:
    """(annotator, item, what was said, what is true) of every graded answer, by item and annotator.

    An answer is a class id; with several classes an item, or marks, a tuple of what was given. until: by the
    events up to this one.
    """
    return tuple(
        (annotator, gold.item, said, gold.truth)
        for gold in gold_set(bench, until).values()
        if gold.active and gold.truth is not None
        for annotator, said in sorted(gold.said.items())
    )


def gold_set(bench: Workbench, until: int | None = None) -> dict[str, GoldItem]:
    """The gold set by item id, in a stable order; empty where the task has none and never had."""
    if bench.task.annotators.gold is None:
        return {}
    last = bench.store.last_event() if until is None else until
    asked = len(bench.store.outcomes("choose"))
    key = ("gold", last, asked, len(bench.versions))
    return bench.once(key, lambda: _gold_set(bench, last))  # type: ignore[no-any-return]


def _gold_set(bench: Workbench, until: int) -> dict[str, GoldItem]:
    round_ = len(bench.store.outcomes("split")) - 1
    if round_ < 0:
        return {}
    snapshot, events = bench.items(round_), bench.events(until)
    choices = [c for c in bench.store.choices() if c.purpose == GOLD]
    experts = {c.item: bench.only_by(c.round)[c.item] for c in choices if _by_expert(bench, c)}
    truths: dict[str, Hashable | None] = dict.fromkeys(experts)
    if bench.task.annotators.gold is not None and bench.task.annotators.gold.file is not None:
        truths |= from_file(bench)
    seen: dict[str, set[str]] = defaultdict(set)
    said: dict[str, dict[str, Hashable]] = defaultdict(dict)
    before: set[tuple[str, str]] = set()
    for _, event in present(events, snapshot):
        if event.item not in truths or event.source == "existing":
            continue
        seen[event.item].add(event.annotator)
        now = bench.translation.now(event)
        answer = None if now is None or now.skipped else answer_of(bench.task, now)
        if event.annotator in experts.get(event.item, ()):
            if answer is not None and event.purpose == GOLD:
                truths[event.item] = answer
        elif event.purpose != GOLD:
            before.add((event.item, event.annotator))
        elif answer is not None and (event.item, event.annotator) not in before:
            said[event.item].setdefault(event.annotator, answer)
    adjudicator = bench.task.annotators.adjudicator
    hidden = [c for c in choices if not _by_expert(bench, c)]
    times = Counter(c.item for c in hidden)
    people: Counter[str] = Counter()
    for choice in hidden:
        people[choice.item] += choice.people
    return {
        item: GoldItem(
            item,
            truth,
            {who: answer for who, answer in said[item].items() if who != adjudicator},
            frozenset(seen[item]),
            people[item],
            times[item],
        )
        for item, truth in sorted(truths.items())
    }


def _by_expert(bench: Workbench, choice: Any) -> bool:
    """Whether the adjudicator alone was asked: such a question makes gold, others are hidden."""
    return choice.item in bench.only_by(choice.round)


def answer_of(task: Task, event: Event) -> Hashable:
    """An answer as it is compared: a class id, or all that was given where that may be several things."""
    if single(task):
        return event.labels[0]
    if event.spans:
        marks = zip(event.labels, event.spans, strict=True)
        return tuple(sorted((label, s.start, s.end) for label, s in marks))
    return tuple(sorted(closer(task)(event.labels)))


def from_file(bench: Workbench) -> dict[str, Hashable]:
    """Known answers by item id, of the pool's items alone: what measures is never gold.

    Raises DataError where the file is not there, has other columns, or names what is no class.
    """
    gold = bench.task.annotators.gold
    assert gold is not None
    return bench.once(("gold file", len(bench.versions)), lambda: _read(bench, str(gold.file)))  # type: ignore[no-any-return]


def _read(bench: Workbench, path: str) -> dict[str, Hashable]:
    from labelwright.loop.items import read_column

    reader = _READERS.get(PurePosixPath(path).suffix.lower())
    if reader is None:
        raise DataError(
            f"gold: {path} is no file that can be read", f"write one of {', '.join(_READERS)}"
        )
    source = Call(name=reader, args=(Argument(name=None, value=path),))
    values = read_column(bench.context, "label", call=source, key="id")
    matcher, task = ClassMatcher(bench.task), bench.task
    choices = {c.id for c in task.choices}
    round_ = len(bench.store.outcomes("split")) - 1
    snapshot, split = bench.items(round_), bench.split(round_)
    found: dict[str, Hashable] = {}
    for identity, row in zip(values, snapshot.rows_of(list(values)), strict=True):
        value = values[identity]
        if is_missing(value):
            continue
        each = (each_of(value) or []) if several(task) else [value]
        labels = [matcher.match(one) for one in each]
        wrong = [str(one) for one, label in zip(each, labels, strict=True) if label not in choices]
        if wrong:
            raise DataError(
                f"gold: {path} says {', '.join(wrong)} of item {identity}, which is no class to choose",
                "write a class's name, or add the word as one of its `aliases`",
            )
        if row < 0 or split[row] != POOL:
            continue
        named = tuple(label for label in labels if label is not None)
        found[identity] = tuple(sorted(closer(task)(named))) if several(task) else named[0]
    if not found:
        raise DataError(
            f"gold: {path} names no item of the pool",
            "its column id holds the items' ids; items of the holdout are never gold",
        )
    return found


def asked_for_gold(bench: Workbench, until_round: int) -> int:
    """Judgements on gold that were asked for before a round, answered or not."""
    return sum(
        c.people for c in bench.store.choices() if c.purpose == GOLD and c.round < until_round
    )


def without_gold(events: Sequence[Event]) -> list[Event]:
    """What trains and measures."""
    return [e for e in events if e.purpose != GOLD]
