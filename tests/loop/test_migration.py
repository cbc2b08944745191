"""Definitions that change while people answer: nothing is lost, and every count is what a model says.

Random sequences of edits, plans, applications and annotations run against a real store, beside the
model of `definitions.py`, which is told every edit and counts by brute force.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelwright.dsl import task as t
from labelwright.dsl.definition import definition_hash, meaning
from labelwright.loop.applying import apply_plan
from labelwright.loop.engine import come_into_force
from labelwright.loop.errors import PlanOutdated
from labelwright.loop.labels import in_force, present, to_ask_again
from labelwright.loop.planning import Plan, make_plan
from labelwright.loop.ports import Context
from labelwright.loop.steps import split
from labelwright.loop.store import Choice, Event, Store
from labelwright.loop.workbench import Workbench
from tests.loop.definitions import (
    OPS,
    Edit,
    Said,
    Then,
    allowed,
    counting,
    reads,
    settled,
    waiting,
    with_edit,
)
from tests.soak import sampled

ITEMS = [f"i{n}" for n in range(8)]
PEOPLE = ("kim", "lee", "노아")
OVERLAP = 2
FIRST = t.Task(
    name="t",
    title="T",
    classes=tuple(t.Class(id=i, title=i) for i in ("A", "B", "C", "D")),
    data=t.Data(
        source=t.Call(name="csv", args=(t.Argument(value="items.csv"),)), id="id", text=("body",)
    ),
    holdout=t.Holdout(size=0.25, annotations=4),
    annotators=t.Annotators(
        source=t.Call(
            name="simulate", args=(t.Argument(name="column", value=t.Word(name="label")),)
        ),
        overlap=OVERLAP,
        resolve="majority",  # thousands of plans: what else resolves takes most of their time
    ),
    budget=t.Budget(annotations=100, price=t.Money(amount=0.5, currency="USD")),
    query=t.Query(phases=(t.Phase(name="main", strategy=t.Call(name="random")),)),
    train=t.Train(encoder=t.Encoders(), finetune=t.Call(name="head")),
)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with data and the state of a campaign whose first round was just begun."""
    folder = tmp_path_factory.mktemp("begun")
    rows = "".join(f"{i},text {i},A\n" for i in ITEMS)
    (folder / "items.csv").write_text("id,body,label\n" + rows, encoding="utf-8")
    with Store(folder / "state") as store:
        bench = bench_of(store, FIRST)
        come_into_force(bench, "", "begin", breaks=False)
        outcome = split(bench, 0)
        assert outcome is not None
        store.record_step(0, "split", outcome.values, 0.0)
        store.record_step(0, "choose", {}, 0.0)
        contents = bench.items(0).contents
        rows_of = bench.items(0).rows_of(ITEMS)
        store.add_choices(
            [
                Choice(0, n, i, bytes(contents[row]).hex(), "train", OVERLAP, None, 1.0, "")
                for n, (i, row) in enumerate(zip(ITEMS, rows_of, strict=True))
            ]
        )
    return folder


def bench_of(store: Store, task: t.Task) -> Workbench:
    root = store.folder.parent
    context = Context(task, root, root / "cache")
    digest = definition_hash(task)
    return Workbench(task, digest, context, store, annotators=None, encode=None)  # type: ignore[arg-type]


class Campaign:
    """The store and the model side by side."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "state")
        for pragma in ("synchronous=OFF", "journal_mode=MEMORY"):  # nothing here survives a crash
            self.store.connection.execute(f"PRAGMA {pragma}")
        full = {c.id: frozenset([f"{c.id}@1/"]) for c in FIRST.classes}
        self.history = [Then(FIRST, full)]
        self.said: dict[str, Said] = {}
        self.asked = dict.fromkeys(ITEMS, 0)
        self.round = 0
        self.told = 0
        snapshot = bench_of(self.store, FIRST).items(0)
        self.contents = dict(
            zip(snapshot.ids, (bytes(c).hex() for c in snapshot.contents), strict=True)
        )

    @property
    def now(self) -> Then:
        return self.history[-1]

    # --- people ----------------------------------------------------------------------------

    def annotate(self, chance: random.Random) -> None:
        item, who = chance.choice(ITEMS), chance.choice(PEOPLE)
        self.tell(f"{self.asked[item]}/{item}/{who}", item, who, chance)

    def edit(self, chance: random.Random) -> None:
        if self.said:
            said = self.said[chance.choice(sorted(self.said))]
            self.tell(said.reference, said.item, said.who, chance, said.round)

    def tell(
        self, reference: str, item: str, who: str, chance: random.Random, round_: int | None = None
    ) -> None:
        choices = [c.id for c in self.now.task.choices]
        skipped = chance.random() < 0.1
        most = 1 if self.now.task.choose == "one" and chance.random() < 0.9 else 2
        least = 0 if self.now.task.choose == "many" else 1
        labels = (
            ()
            if skipped
            else tuple(chance.sample(choices, min(len(choices), chance.randint(least, most))))
        )
        before = self.said.get(reference)
        round_ = self.asked[item] if round_ is None else round_
        self.store.add_events([self.event("answer", reference, item, who, round_, labels, skipped)])
        if before is not None and (before.labels, before.skipped) == (labels, skipped):
            return  # told again: nothing new
        self.told += 1
        self.said[reference] = Said(
            self.told, reference, item, who, round_, labels, skipped, self.now
        )

    def delete(self, chance: random.Random) -> None:
        if self.said:
            said = self.said.pop(chance.choice(sorted(self.said)))
            self.store.add_events(
                [self.event("delete", said.reference, said.item, said.who, said.round, (), False)]
            )
            self.told += 1

    def event(
        self, kind: str, reference: str, item: str, who: str, round_: int, labels: tuple[str, ...],
        skipped: bool,
    ) -> Event:  # fmt: skip
        return Event(
            kind, reference, item, self.contents[item], who, "person", "train", round_, labels,
            skipped, 4.0, definition_hash(self.now.task),
        )  # fmt: skip

    def ask_again(self) -> None:
        """What the next round would ask first."""
        bench = bench_of(self.store, self.now.task)
        again = self._again(bench)
        expected = waiting(list(self.said.values()), self.now, self.asked, OVERLAP)
        assert again == expected
        if not again:
            return
        self.round += 1
        self.store.add_choices(
            [
                Choice(self.round, n, i, self.contents[i], "train", OVERLAP, None, 1.0, "")
                for n, i in enumerate(sorted(again))
            ]
        )
        self.asked |= dict.fromkeys(again, self.round)

    def _again(self, bench: Workbench) -> set[str]:
        snapshot = bench.items(0)
        judged = present(bench.events(), snapshot)
        asked = {c.item: c.round for c in self.store.choices()}
        return {
            snapshot.id_of(row) for row in to_ask_again(judged, bench.translation, asked, OVERLAP)
        }

    # --- definitions -----------------------------------------------------------------------

    def change(self, chance: random.Random) -> None:
        edit = with_edit(self.now, len(self.history) + 1)
        for _ in range(chance.choice((1, 1, 2))):
            for op in chance.sample(OPS, len(OPS)):
                if op(edit, chance):
                    break
        there = {c.id for c in edit.task.classes}
        left = [c for c in edit.task.constraints if {c.subject, *c.objects} <= there]
        edit.task = edit.task.model_copy(update={"constraints": tuple(left)})
        self.bring_in(edit)

    def undo(self, chance: random.Random) -> None:
        then = chance.choice(self.history)
        edit = with_edit(self.now, len(self.history) + 1)
        edit.task = then.task
        self.bring_in(edit)

    def bring_in(self, edit: Edit) -> None:
        if edit.task == self.now.task:
            return
        new = Then(edit.task, settled(edit, self.history))
        bench = bench_of(self.store, edit.task)
        plan = make_plan(bench)
        self.check_plan(plan, new)
        events = self.store.last_event()
        apply_plan(bench, plan, "")
        self.history.append(new)
        assert self.store.last_event() == events
        lineage = bench.versions.now.lineage
        assert {i: paths(m) for i, m in lineage.meanings.items()} == new.full
        self.check()

    # --- what must hold --------------------------------------------------------------------

    def check_plan(self, plan: Plan, new: Then) -> None:
        everything = list(self.said.values())
        before, after = counting(everything, self.now), counting(everything, new)
        again = waiting(everything, new, self.asked, OVERLAP)
        had, has = {i for i, _ in before}, {i for i, _ in after}
        assert (plan.kept, plan.again, plan.lost, plan.back) == (
            len((had & has) - again),
            len(again),
            0,
            len(has - had - again),
        )
        assert plan.reopened == len(had - has - again)
        one, other = ({s.reference for s, _ in c.values()} for c in (before, after))
        assert (plan.annotations_aside, plan.annotations_back) == (
            len(one - other),
            len(other - one),
        )
        assert plan.cost == len(again) * OVERLAP
        assert plan.money == plan.cost * 0.5
        assert {q.item for q in plan.queue} == again
        assert plan.left == 100 - len(self.said)
        changed = (
            meaning(self.now.task) != meaning(new.task) or dict(self.now.full.items()) != new.full
        )
        assert plan.breaks == changed
        for change in plan.changes:
            if change.kind in ("rename", "nest"):
                ids = {
                    c.id
                    for c in self.now.task.classes
                    if c.id in change.old or c.parent in change.old
                }
                behind = [ls for _, ls in before.values() if ids & set(ls)]
                assert change.annotations == len(behind)

    def check(self) -> None:
        """The store reads as the model says, and every answer still reads as it was given."""
        bench = bench_of(self.store, self.now.task)
        translation = bench.translation
        events = {e.reference: e for e in self.store.events()}
        assert events.keys() == self.said.keys()
        for reference, said in self.said.items():
            event = events[reference]
            assert (event.labels, event.skipped) == (said.labels, said.skipped)
            assert event.definition == definition_hash(said.under.task)
            given = t.Task.model_validate_json(self.store.definition(event.definition)[1])
            assert set(event.labels) <= {c.id for c in given.classes}
            reading = translation.read(event)
            if said.skipped:
                assert reading.labels == ()
                continue
            assert reading.labels == reads(said, self.now)
            was_right = allowed(said.under.task, said.labels)
            assert reading.changed == (reading.labels is None and was_right)

    def in_force(self) -> list[tuple[str, str, tuple[str, ...], bool]]:
        """What the store says that counts."""
        bench = bench_of(self.store, self.now.task)
        found = in_force(bench.events(), bench.items(0), bench.translation)
        return [(e.item, e.annotator, e.labels, e.skipped) for _, e in found]

    def check_whole(self) -> None:
        """The log is whole: every event ever told is there, tied to the one before."""
        assert self.store.last_event() == self.told
        assert self.store.broken_link() is None
        assert self.store.integrity() == "ok"
        assert [a.seq for a in self.store.applied()] == list(range(1, len(self.history) + 1))


def paths(meant: Any) -> frozenset[str]:
    return frozenset("".join(f"{step}/" for step in region) for region in meant)


STEPS = ("annotate",) * 6 + ("edit", "delete", "change", "change", "change", "undo", "ask_again")


def play(begun: Path, folder: Path, numbers: list[int]) -> Campaign:
    shutil.copytree(begun, folder, dirs_exist_ok=True)
    campaign = Campaign(folder)
    for number in numbers:
        chance = random.Random(number)
        step = chance.choice(STEPS)
        if step == "ask_again":
            campaign.ask_again()
        else:
            getattr(campaign, step)(chance)
    campaign.check()
    campaign.check_whole()
    campaign.store.close()
    return campaign


def sequence(seed: int) -> list[int]:
    chance = random.Random(seed)
    return [chance.randrange(2**32) for _ in range(50)]


@pytest.mark.parametrize("number", [100, pytest.param(200, marks=pytest.mark.slow)])
def test_any_sequence_of_changes_keeps_every_answer_and_every_promise(
    begun: Path, tmp_path_factory: pytest.TempPathFactory, number: int
) -> None:
    @settings(max_examples=number, suppress_health_check=list(HealthCheck))
    @given(numbers=st.lists(st.integers(0, 2**32 - 1), min_size=12, max_size=50))
    def keeps(numbers: list[int]) -> None:
        folder = tmp_path_factory.mktemp("campaign")
        play(begun, folder, numbers)
        shutil.rmtree(folder)

    keeps()


@pytest.mark.slow
@pytest.mark.parametrize("hundred", sampled(range(10), 4))
def test_a_thousand_long_sequences(begun: Path, tmp_path: Path, hundred: int) -> None:
    for seed in range(hundred * 100, hundred * 100 + 100):
        play(begun, tmp_path / str(seed), sequence(seed))
        shutil.rmtree(tmp_path / str(seed))


# --- undoing ----------------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_undoing_restores_what_counted(
    begun: Path, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("campaign")
    shutil.copytree(begun, folder, dirs_exist_ok=True)
    campaign = Campaign(folder)
    chance = random.Random(seed)
    for _ in range(12):
        campaign.annotate(chance)
    then, counted = campaign.now, campaign.in_force()
    for _ in range(chance.randint(1, 6)):
        campaign.change(chance)
    edit = with_edit(campaign.now, len(campaign.history) + 1)
    edit.task = then.task
    campaign.bring_in(edit)
    assert campaign.in_force() == counted
    campaign.store.close()
    shutil.rmtree(folder)


# --- all or nothing ---------------------------------------------------------------------------


def changed(campaign: Campaign) -> tuple[t.Task, Workbench, Plan]:
    classes = (t.Class(id="New", title="New", was=("A",)), *campaign.now.task.classes[1:])
    task = campaign.now.task.model_copy(update={"classes": classes})
    bench = bench_of(campaign.store, task)
    return task, bench, make_plan(bench)


@pytest.fixture
def campaign(begun: Path, tmp_path: Path) -> Iterator[Campaign]:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    made = Campaign(tmp_path)
    chance = random.Random(1)
    for _ in range(10):
        made.annotate(chance)
    yield made
    made.store.close()


def test_a_plan_that_no_longer_fits_is_refused(campaign: Campaign) -> None:
    task, bench, plan = changed(campaign)
    before = len(campaign.store.applied())
    campaign.annotate(random.Random(77))
    with pytest.raises(PlanOutdated, match="1 annotation came in since"):
        apply_plan(bench, plan, "")
    plan = make_plan(bench)
    other = bench_of(campaign.store, task.model_copy(update={"title": "Other"}))
    with pytest.raises(PlanOutdated, match="the task file changed since"):
        apply_plan(other, plan, "")
    wrong = plan.model_copy(update={"kept": plan.kept + 1})
    with pytest.raises(PlanOutdated, match=r"not what it says \(kept\)"):
        apply_plan(bench, wrong, "")
    with (campaign.store.folder.parent / "items.csv").open("a", encoding="utf-8") as stream:
        stream.write("new,more,A\n")
    again = bench_of(campaign.store, task)
    with pytest.raises(PlanOutdated, match="the data changed since"):
        apply_plan(again, plan, "")
    assert len(campaign.store.applied()) == before
    plan = make_plan(again)
    apply_plan(again, plan, "")
    third = bench_of(campaign.store, task.model_copy(update={"title": "Third"}))
    with pytest.raises(PlanOutdated, match="definition 2 was applied since"):
        apply_plan(third, plan, "")


def test_an_item_that_is_gone_from_the_data_is_counted_as_lost(campaign: Campaign) -> None:
    answered = sorted({s.item for s in campaign.said.values() if not s.skipped})
    path = campaign.store.folder.parent / "items.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(
        "".join(line for line in lines if line.split(",")[0] != answered[0]), encoding="utf-8"
    )
    _, _, plan = changed(campaign)
    assert plan.lost == 1
    assert plan.kept == len(answered) - 1
    assert "1 labelled items are no longer in the data" in plan.notes


@pytest.mark.parametrize(
    "dies_at", ["record_definition", "add_applied", "set_meta", "forget_steps"]
)
def test_dying_while_applying_changes_nothing(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    task, bench, plan = changed(campaign)
    before = dump(campaign.store.folder)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, dies_at, die)
        with pytest.raises(KeyboardInterrupt):
            apply_plan(bench, plan, "")
    assert dump(campaign.store.folder) == before
    assert bench.versions.now.definition == definition_hash(FIRST)
    apply_plan(bench, plan, "")
    assert bench.versions.now.definition == definition_hash(task)


def dump(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / "state.db")
    lines = list(connection.iterdump())
    connection.close()
    return lines


def test_what_was_applied_cannot_be_changed(campaign: Campaign) -> None:
    connection = sqlite3.connect(campaign.store.folder / "state.db")
    for statement in ("UPDATE applied SET lineage = '{}'", "DELETE FROM applied"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_a_store_from_before_definitions_were_applied_is_taken_over(campaign: Campaign) -> None:
    folder = campaign.store.folder
    campaign.store.close()
    connection = sqlite3.connect(folder / "state.db")
    connection.execute("DROP TABLE applied")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'applied'")
    connection.commit()
    connection.close()
    campaign.store = Store(folder)
    (row,) = campaign.store.applied()
    assert (row.definition, row.kind, row.event) == (definition_hash(FIRST), "begin", 0)
    bench = bench_of(campaign.store, FIRST)
    assert bench.versions.now.lineage.meanings["A"] == (("A@1",),)
    campaign.check()
