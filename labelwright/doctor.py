"""`doctor`: what is sound and what is not, from the task file down to the last byte of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelwright.loop.errors import LabelwrightError

if TYPE_CHECKING:
    from labelwright.loop.workbench import Workbench
    from labelwright.project import Project


MOST_ROWS = 10
"""How many of the rows that were set aside are listed; the store holds them all."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    about: str
    ok: bool
    found: str
    remedy: str = ""


def examine(project: Project) -> list[Finding]:
    """Look at everything; nothing is changed and nothing raises that a finding can say."""
    from labelwright.loop.supported import unsupported, unused

    findings = [Finding("task file", True, f"{project.definition.name} has no error")]
    missing = unsupported(project.task)
    findings.append(
        Finding(
            "this version",
            not missing,
            "cannot run: " + "; ".join(missing)
            if missing
            else "can run all that the file asks for",
            "take these out of the file, or wait for a later version",
        )
    )
    findings += [Finding("left aside", True, told) for told in unused(project.task)]
    with project.looking() as bench:
        for about, look in _LOOKS.items():
            try:
                findings += [Finding(about, *told) for told in look(bench)]
            except LabelwrightError as error:
                findings.append(Finding(about, False, error.message, error.remedy))
    return findings


_Told = Iterator[tuple[bool, str] | tuple[bool, str, str]]


def _data(bench: Workbench) -> _Told:
    from labelwright.loop.items import inputs_of, open_source

    source = open_source(bench.context)
    inputs = inputs_of(bench.task.data, source)
    yield True, f"{len(source.schema().names)} columns; an item is {', '.join(inputs.all)}"
    for outcome in bench.store.outcomes("split")[-1:]:
        for fault in bench.store.set_aside_rows(outcome["snapshot"])[:MOST_ROWS]:
            where = fault.file + (f", row {fault.row:,}" if fault.row else "")
            yield (
                True,
                f"set aside: {where}: {fault.reason}"
                + (f": {fault.detail}" if fault.detail else ""),
            )
        if outcome["set_aside"] > MOST_ROWS:
            yield True, f"{outcome['set_aside']:,} rows set aside in all: table set_aside"


def _encoder(bench: Workbench) -> _Told:
    from labelwright.loop.items import inputs_of, open_source

    yield True, bench.encoder(inputs_of(bench.task.data, open_source(bench.context))).identity


def _people(bench: Workbench) -> _Told:
    source = bench.task.annotators.source.name
    if bench.annotators.rehearsal:
        yield True, f"{source}: a rehearsal, the answers come from the data"
    else:
        yield True, source
    examine = getattr(bench.annotators, "examine", None)
    if examine is not None:
        yield from examine()


def _answers(bench: Workbench) -> _Told:
    from labelwright.loop.campaign import flagged_answers
    from labelwright.words import flag_line

    flags = flagged_answers(bench)
    remedy = "whoever gave one mends it; it counts at once"
    if flags:
        found = f"{len(flags):,} break a constraint and count for no label"
        yield False, found, remedy
    elif bench.task.constraints:
        yield True, "all keep to the constraints"
    for flag in flags[:MOST_ROWS]:
        yield False, flag_line(flag.annotator, flag.item, flag.why)


def _store(bench: Workbench) -> _Told:
    check = bench.store.integrity()
    yield check == "ok", f"SQLite says {check}", "restore state.db from a backup"
    broken = bench.store.broken_link()
    yield (
        broken is None,
        "every annotation follows from the one before" if broken is None
        else f"annotation event {broken} was changed from outside",
        "restore state.db from a backup",
    )  # fmt: skip
    files = bench.store.broken_files()
    yield (
        not files,
        "every file matches its hash" if not files else f"missing or damaged: {', '.join(files)}",
        "run the task again: what can be derived is made again; restore the rest from a backup",
    )


def _campaign(bench: Workbench) -> _Told:
    from labelwright.loop.alarms import alarms
    from labelwright.loop.campaign import records
    from labelwright.loop.engine import check_meaning, last_round

    check_meaning(bench)
    done = records(bench.store)
    begun = last_round(bench.store) + 1
    yield True, f"{begun} rounds begun, {len(done)} finished; the file means what was labelled"
    found = [(record.round, told) for record in done for told in alarms(record)]
    if not found:
        yield True, "strategies tell items apart"
    for round_, told in found:
        yield (
            False,
            f"round {round_}: {told}",
            "it chose no better than chance: look at the encoder",
        )


_LOOKS: dict[str, Callable[[Workbench], _Told]] = {
    "data": _data,
    "encoder": _encoder,
    "annotators": _people,
    "answers": _answers,
    "store": _store,
    "campaign": _campaign,
}
