"""A task at work, from Python: the same verbs as the command line.

import labelwright as lw

task = lw.load("tasks/digits.task")
project = lw.Project("tasks/digits.task")
decision = project.run()
project.report()
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.definition import Definition, read_file
from labelwright.loop.errors import DataError, LockedError, NotYet, StoreError
from labelwright.loop.ports import Progress, no_progress

if TYPE_CHECKING:
    from labelwright.choosing import NextBatch
    from labelwright.dsl.task import Call, Task
    from labelwright.loop.deciding import Decision
    from labelwright.loop.engine import Moment
    from labelwright.loop.history import (
        AppliedDefinition,
        Awaited,
        Campaign,
        Distribution,
        RoundRecord,
        Synced,
    )
    from labelwright.loop.planning import Plan
    from labelwright.loop.ports import AnnotatorSource, Context
    from labelwright.loop.store import Store
    from labelwright.loop.workbench import Workbench
    from labelwright.model.predictor import Predictor


def load(path: str | Path) -> Task:
    """The Task that a file defines.

    Raises TaskFileError, whose message holds every diagnostic, where the file has errors.
    """
    return read_file(Path(path)).task


def load_model(folder: str | Path, *, models: str | Path | None = None) -> Predictor:
    """The model in a folder that `Project.export_model` wrote.

    models: where the folder of a pretrained encoder lies, where it is none of a package or a hub.
    """
    from labelwright.model.predictor import Predictor

    return Predictor.load(Path(folder), models=Path(models) if models else None)


class Project:
    """One task with its data and its history.

    task: a task file, or a Task from `load` (its state then lies in the working folder).
    state: the folder that holds `<task>/state.db`; default `LABELWRIGHT_STATE`, else `.labelwright`
    beside the task file. data_root: what the paths in the file are relative to; default
    `LABELWRIGHT_DATA`, else the task file's folder. seed: default the one the campaign began with,
    else the first of `train.seeds`.
    """

    def __init__(
        self,
        task: str | Path | Task,
        *,
        state: str | Path | None = None,
        data_root: str | Path | None = None,
        seed: int | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self.definition = (
            read_file(Path(task)) if isinstance(task, (str, Path)) else Definition.of(task)
        )
        self.task = self.definition.task
        beside = self.definition.folder
        where = state or os.environ.get("LABELWRIGHT_STATE") or beside / ".labelwright"
        self.state = Path(where) / self.task.name
        self.data_root = Path(data_root or os.environ.get("LABELWRIGHT_DATA") or beside)
        self._seed = seed
        self._progress = progress
        self.doubts: list[str] = []  # what the last plan was made, or applied, in spite of
        self.told: tuple[str, ...] = ()  # what the last run or sync found where people answer

    # --- working ------------------------------------------------------------------------------

    def run(self, observe: Callable[[Moment], None] = lambda moment: None) -> Decision:
        """Go through rounds until the campaign stops or waits for people; resumes where it stopped.

        observe: told when a step begins and when it is done. Raises LockedError where another run
        holds the task, DefinitionChanged where the file means something else than what was labelled,
        NotYet where the task needs what this version cannot run.
        """
        from labelwright.loop import engine
        from labelwright.tracking import Tracking

        self.refuse_unsupported()
        with self._holding("run"), self.bench() as bench:
            bench.store.supersede()
            engine.enter(bench, self.definition.text, self.definition.name)
            own = self.definition
            tracking = Tracking(bench, own.folder, own.text, own.name)

            def both(moment: Moment) -> None:
                tracking.observe(moment)
                observe(moment)

            decision = engine.run(bench, both)
            tracking.log()
            self.told = (*_told(bench), *tracking.told)
            return decision

    def choose(self, n: int | None = None) -> NextBatch:
        """What the next run would ask for training, and why; nobody is asked and nothing changes.

        n: how many items; default as many as that run would ask. Raises what a run would raise before
        it asks anybody.
        """
        from labelwright.choosing import choose

        self.refuse_unsupported()
        return choose(self, n)

    def sync(self) -> Synced:
        """Fetch what people did since last time and store it; nothing is learned and nothing is sent.

        Answers are taken under the definition that holds, whatever the file says meanwhile.
        """
        from labelwright.loop.applying import catch_up
        from labelwright.loop.collecting import awaited
        from labelwright.loop.history import Synced

        with self._holding("sync"), self.looking() as bench:
            bench.store.supersede()
            before = bench.store.last_event()
            with self._as_applied(bench) as applied:
                catch_up(applied)
                self.told = _told(applied)
                count = getattr(applied.annotators, "requests", None)
                came = bench.store.events_since(before)
                return Synced(
                    answers=came.get("answer", 0),
                    edits=came.get("edit", 0),
                    deletions=came.get("delete", 0),
                    requests=None if count is None else count(),
                    told=self.told,
                    awaited=awaited(applied),
                )

    def awaited(self) -> Awaited | None:
        """Where the batch under way stands, by what was fetched last; None where none is out."""
        from labelwright.loop.collecting import awaited

        with self.looking() as bench:
            return awaited(bench)

    def where(self) -> str | None:
        """Where people answer, as an address or a path; None where there is no such place (yet)."""
        with self.looking() as bench:
            place = getattr(bench.annotators, "where", None)
            return None if place is None else str(place() or "") or None

    # --- changing ------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """What applying the file would do to the labels that are there; nothing is changed.

        Its `base` is 0 where no campaign was begun: a run begins with the file then. Answers that are
        waiting to be collected are stored first, under the definition that they were given under.
        Raises DefinitionChanged where the change cannot be applied to this campaign at all.
        """
        from labelwright.loop.applying import drift
        from labelwright.loop.planning import Plan, make_plan

        if not self.began():
            return Plan(task=self.task.name, definition=self.definition.digest, base=0, event=0)
        self.refuse_unsupported()
        self.doubts = []
        with self.bench() as bench:
            # Whoever holds the task stores the answers himself.
            with contextlib.suppress(LockedError), self._holding("plan"):
                bench.store.supersede()
                self._catch_up(bench)
            made = make_plan(bench, drift(bench))
            try:
                _check(bench)
            except (DataError, StoreError) as error:
                self.doubts.append(f"`apply` refuses this for now: {error.message}; {error.remedy}")
            return made

    def apply(self, plan: Plan) -> AppliedDefinition:
        """Bring the file into force, exactly as the plan says, and return what holds now.

        Raises PlanOutdated, with the reason, where it would do anything else; nothing is changed then.
        """
        from labelwright.loop.applying import apply_plan, drift, finish
        from labelwright.loop.campaign import definitions

        self.refuse_unsupported()
        self.doubts = []
        with self._holding("apply"), self.looking() as bench:
            bench.store.supersede()
            with self._as_applied(bench) as applied:
                left = finish(applied)
            if left and plan.definition == bench.versions.now.definition:
                return definitions(bench.store, bench.versions)[-1]  # it was interrupted half-way
            _check(bench)
            self._catch_up(bench)
            with self._as_applied(bench) as applied:
                apply_plan(bench, plan, self.definition.text, drift(bench), applied=applied)
            return definitions(bench.store, bench.versions)[-1]

    def _catch_up(self, bench: Workbench) -> None:
        """Store answers on their way. Under a definition by which none can be read there are none to store.

        The change at hand may be what mends that: it must not be refused for it.
        """
        from labelwright.loop.applying import catch_up

        try:
            with self._as_applied(bench) as applied:
                catch_up(applied)
        except DataError as error:
            self.doubts.append(f"answers on their way were left: {error.message}")

    def applied(self) -> Task:
        """The definition that holds. Raises StoreError where no campaign was begun."""
        with self.looking() as bench:
            return bench.versions.now.task

    def history(self) -> tuple[AppliedDefinition, ...]:
        """Every definition that was in force, oldest first; none before the first run."""
        from labelwright.past import history

        return history(self.state) if self.began() else ()

    # --- looking ------------------------------------------------------------------------------

    def campaign(self, *, doubts: bool = False) -> Campaign:
        """All that happened so far. With `doubts`, the items that the model is least sure of."""
        from labelwright import __version__
        from labelwright.loop.campaign import campaign

        with self.looking() as bench:
            return campaign(bench, __version__, doubts=doubts)

    def people(self) -> tuple[Campaign, dict[str, str]]:
        """All that happened, with how people agree; and by id the texts of the items they are divided on."""
        from labelwright import __version__
        from labelwright.loop.campaign import campaign
        from labelwright.reporting import divided_texts

        with self.looking() as bench:
            told = campaign(bench, __version__, agreement=True)
            return told, divided_texts(bench, told)

    def distribution(self) -> Distribution:
        """Whether pool, holdout and new rows differ, and which regions of the pool were never asked."""
        from labelwright.loop.campaign import records
        from labelwright.loop.shift.looking import distribution

        with self.looking() as bench:
            return distribution(bench, records(bench.store), whole=True)

    def report(self, path: str | Path | None = None) -> Path:
        """Write the report, one offline HTML file; default `output.report`, else the state folder."""
        from labelwright.reporting import write_report

        with self.looking() as bench:
            return write_report(bench, self._output("report", path, "report.html"))

    def export(self, path: str | Path | None = None, *, format: str | None = None) -> Path:
        """Write the labelled data set with its provenance, as parquet, jsonl or csv."""
        from labelwright.reporting import write_dataset

        with self.looking() as bench:
            return write_dataset(bench, self._output("dataset", path, "dataset.parquet"), format)

    def export_model(self, folder: str | Path | None = None, *, merge: bool = False) -> Path:
        """Write the newest model as a folder with its card; default `output.model`, else the state folder.

        merge: what `lora` learned is folded into the network, whose weights are all written then.
        `load_model`, and `labelwright predict`, read it anywhere. Raises StoreError where nothing was learned
        yet, ExportError where something else lies there.
        """
        from labelwright.model.packing import write_model

        with self.looking() as bench:
            where = self._output("model", folder, "model")
            write_model(bench, where, name=self.definition.name, merge=merge)
            return where

    def export_tables(self, folder: str | Path | None = None) -> list[Path]:
        """Write all that the campaign knows as csv files, one a kind of record; default in the state folder.

        `tables.tables_of` says how they follow from the records; `annotations` is the log of all judgements.
        """
        from labelwright import __version__, tables
        from labelwright.loop.campaign import campaign

        with self.looking() as bench:
            found = tables.tables_of(campaign(bench, __version__, doubts=True))
            found.rows["annotations"] = list(tables.annotations_of(bench.store))
        return tables.write_tables(found, Path(folder) if folder else self.state / "tables")

    def _output(self, what: str, path: str | Path | None, default: str) -> Path:
        if path is not None:
            return Path(path)
        call = getattr(self.task.output, what)
        if call is None:
            return self.state / default
        positional, _ = call.python_arguments()
        return self.definition.folder / str(positional[0])

    def heading(self) -> str:
        """One line that says what is at work."""
        from labelwright import __version__

        people = self.task.annotators.source.name
        rehearsal = " · REHEARSAL: simulated annotators" if people == "simulate" else ""
        return f"labelwright {__version__} · {self.definition.name} · {self.task.title}{rehearsal}"

    def notes(self) -> list[str]:
        """What of the file a run leaves aside, in this version."""
        from labelwright.loop.supported import unused

        return unused(self.task)

    def rounds_so_far(self) -> list[RoundRecord]:
        """Rounds that are finished; none before the first run."""
        from labelwright.loop.campaign import records

        if not self.began():
            return []
        with self.looking() as bench:
            return records(bench.store)

    # --- inside -------------------------------------------------------------------------------

    def refuse_unsupported(self) -> None:
        """Raise NotYet where the task needs what this version cannot run."""
        from labelwright.loop.supported import unsupported

        if missing := unsupported(self.task):
            raise NotYet(
                f"{self.definition.name}: this version cannot run yet: {'; '.join(missing)}",
                "take these out of the task file to run it now; `labelwright check` accepts them",
            )

    def _holding(self, what: str) -> contextlib.AbstractContextManager[None]:
        """The task's lock."""
        from labelwright.loop.lock import locked

        now = datetime.now(UTC).isoformat(timespec="seconds")
        return locked(self.state, f"{what} {self.definition.name}", now)

    @contextlib.contextmanager
    def _as_applied(self, bench: Workbench) -> Iterator[Workbench]:
        """The same campaign under the definition that holds, as people have seen it so far."""
        versions = bench.versions
        if not len(versions) or versions.now.definition == bench.definition:
            yield bench
            return
        context = replace(bench.context, task=versions.now.task)
        source = versions.now.task.annotators.source
        with _annotators(context, source, bench.store) as annotators:
            yield type(bench)(
                task=versions.now.task,
                definition=versions.now.definition,
                context=context,
                store=bench.store,
                annotators=annotators,
                encode=bench.encode,
            )

    def began(self) -> bool:
        """Whether there is anything to look at."""
        return (self.state / "state.db").exists()

    def looking(self) -> contextlib.AbstractContextManager[Workbench]:
        """The workbench of a campaign that was begun. Raises StoreError where there is none."""
        if not self.began():
            raise StoreError(
                f"{self.definition.name} was not run yet: {self.state} holds no campaign",
                f"run `labelwright run {self.definition.name}` first",
            )
        return self.bench()

    @contextlib.contextmanager
    def bench(self) -> Iterator[Workbench]:
        """The workbench of this campaign, which begins here where there is none yet."""
        from labelwright.connectors.encode_cache import encode_cached
        from labelwright.loop.ports import Context
        from labelwright.loop.store import Store
        from labelwright.loop.workbench import Workbench

        with Store(self.state) as store:
            began_with = store.meta("seed")
            seed = self._seed if self._seed is not None else began_with
            context = Context(
                task=self.task,
                data_root=self.data_root,
                cache=cache_folder(),
                seed=int(seed if seed is not None else self.task.train.seeds[0]),
                progress=self._progress,
            )
            with _annotators(context, self.task.annotators.source, store) as annotators:
                yield Workbench(
                    task=self.task,
                    definition=self.definition.digest,
                    context=context,
                    store=store,
                    annotators=annotators,
                    encode=lambda encoder, items, c: encode_cached(
                        encoder, items, c.cache, c.progress
                    ),
                )


@contextlib.contextmanager
def _annotators(context: Context, source: Call, store: Store) -> Iterator[AnnotatorSource]:
    """The people of a task; whatever they hold open is closed afterwards."""
    from labelwright.loop.outbox import Outbox

    made: AnnotatorSource = context.plugins.invoke(
        "annotate", source, context=context, outbox=Outbox(store)
    )
    try:
        yield made
    finally:
        close = getattr(made, "close", None)
        if close is not None:
            close()


def _told(bench: Workbench) -> tuple[str, ...]:
    """What the source of answers found that somebody should know."""
    told = getattr(bench.annotators, "told", None)
    return () if told is None else tuple(told())


def _check(bench: Workbench) -> None:
    """Raise DataError where the annotators' answers could not be read by the bench's definition, and
    StoreError where others were asked before."""
    from labelwright.loop.engine import check_people

    check_people(bench)
    if check := getattr(bench.annotators, "check", None):
        check()


def cache_folder() -> Path:
    """Where embeddings and the like are kept between tasks: `LABELWRIGHT_CACHE`, else the user's."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("LABELWRIGHT_CACHE") or user_cache_path("labelwright"))
