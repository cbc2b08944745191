"""`init`: a first task file, from flags, from labelled data, or from what people have already."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import LabelwrightError

if TYPE_CHECKING:
    from labelwright.dsl.scaffold import Answer
    from labelwright.dsl.scaffold_classes import ProposedClass
    from labelwright.importing.found import Imported
    from labelwright.propose import Proposal

_LISTED = 20  # classes that the terminal shows


@dataclass(frozen=True)
class Wish:
    """What the user said: files, columns, classes. Empty: to be found out."""

    source: Path | None = None  # --from
    data: Path | None = None
    label: str | None = None
    text: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    id: str | None = None
    classes: tuple[str, ...] = ()
    control: str | None = None
    title: str = ""
    bare: bool = False


@dataclass(frozen=True)
class Draft:
    """A task file before it is written, and what there is to say about it."""

    path: Path
    text: str
    classes: tuple[ProposedClass, ...]
    rules: tuple[tuple[str, str], ...]  # name, what was seen of it
    remarks: tuple[str, ...]
    set_aside: int
    chosen: str = ""  # what of the data is labelled, where nobody said it

    def told(self) -> str:
        """What to tell the user, ending with what to do next."""
        from labelwright.dsl.scaffold_classes import in_order

        every = in_order(self.classes)
        lines = [f"{self.path}: {len(every)} classes"]
        for each in every[:_LISTED]:
            count = "" if each.count is None else f": {each.count:,} items"
            lines.append(f"  {each.shown}{count}")
            lines += [f"      {sample}" for sample in each.examples or each.samples]
        if len(every) > _LISTED:
            lines.append(f"  and {len(every) - _LISTED} more")
        if self.chosen:
            lines.append(
                f"  what is labelled: {self.chosen}; --text, --image or --columns says otherwise"
            )
        for name, seen in self.rules[:_LISTED]:
            lines.append(f"  rule {name}: {seen}")
        if len(self.rules) > _LISTED:
            lines.append(f"  and {len(self.rules) - _LISTED} more rules")
        if self.set_aside:
            lines.append(f"  {self.set_aside:,} rows cannot be read and were left out")
        lines += [f"note     {remark}" for remark in self.remarks]
        lines += [
            f"Next     fill in the guide and each `describe`, then labelwright check {self.path}",
            f"         labelwright run {self.path}",
        ]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The same for other programs."""
        from labelwright.dsl.scaffold_classes import named_classes

        return {
            "file": str(self.path),
            "classes": [
                {
                    "id": named.id,
                    "title": named.proposed.shown,
                    "items": named.proposed.count,
                    "examples": list(named.proposed.examples),
                }
                for named in named_classes(self.classes)
            ],
            "rules": [{"name": name, "seen": seen} for name, seen in self.rules],
            "remarks": list(self.remarks),
            "text": self.text,
        }


def start(path: Path, wish: Wish, *, force: bool = False) -> Draft:
    """Write the task file. Raises LabelwrightError, with nothing written, where it cannot be made.

    With `label`, a column of answers, the annotators are simulated from it.
    """
    if path.exists() and not force:
        raise LabelwrightError(f"{path} is there already", "choose another name, or add --force")
    made = draft(path, wish)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(made.text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise LabelwrightError(
            f"{path} cannot be written: {error.strerror}", "name a place that can be written to"
        ) from error
    return made


def draft(path: Path, wish: Wish) -> Draft:
    """The task file for a wish, checked but not written."""
    from labelwright.dsl.scaffold import scaffold
    from labelwright.importing.found import Imported

    wish, brought = _brought(wish)
    given = _named(wish.classes) or (brought.classes if brought else ())
    found = _proposal(path, wish, brought, given) if wish.data else None
    classes = found.classes if found else tuple(given)
    if not classes:
        has = f"; {found.path} has the columns {', '.join(found.names)}" if found else ""
        raise LabelwrightError(
            "a task needs classes, and none is given",
            f"add `--class NAME` for each, or `--from FILE` with `--label COLUMN`{has}",
        )
    told = brought or Imported(())
    answer = _answer(told, found)
    text, image, columns = _inputs(wish, told, found)
    simulated = bool(found and wish.label) and answer.choose == "one"
    remarks = [*told.remarks, *(found.remarks if found else ())]
    if found and not (wish.text or wish.image or wish.columns):
        remarks += [
            f"{found.path.name} has no column {column}, which the import names"
            for column in (*told.text, *told.image)
            if column not in found.names
        ]
    if not found:
        remarks.append("Put your items into items.csv, or name your own file in `data`")
    written = scaffold(
        path.stem,
        title=wish.title or told.title or path.stem,
        classes=classes,
        source_call=found.source_call if found else 'csv("items.csv")',
        answer=answer,
        guide=told.guide,
        id=found.id if found else wish.id,
        text=text,
        image=image,
        columns=columns,
        show=tuple(c for c in told.show if not found or c in found.names),
        label=wish.label if simulated and answer.kind == "classification" else None,
        items=found.rows if found and found.complete else None,
        measured_by=found.measured_by if found else "",
        rules=found.rules if found else (),
        rules_remarks=_about_rules(found) if found else (),
        remarks=(*remarks, *(_about_examples(found) if found else ())),
    )
    return Draft(
        path=path,
        text=_checked(path, written),
        classes=classes,
        rules=tuple((r.name, r.remark) for r in found.rules) if found else (),
        remarks=tuple(remarks),
        set_aside=found.set_aside if found else 0,
        chosen=_chosen(text, image, columns)
        if found and not (wish.text or wish.image or wish.columns)
        else "",
    )


def _chosen(text: Sequence[str], image: Sequence[str], columns: Sequence[str]) -> str:
    kinds = {"text": text, "image": image, "columns": columns}
    return " and ".join(f"{kind} {', '.join(names)}" for kind, names in kinds.items() if names)


# --- what was given ---------------------------------------------------------------------------


def _brought(wish: Wish) -> tuple[Wish, Imported | None]:
    """What `--from` brings; where it names items, it is the data."""
    from labelwright.importing.door import holds_rows, imported

    brought = None
    if wish.source is not None and not holds_rows(wish.source):
        brought = imported(
            wish.source, control=wish.control, label=None if wish.data else wish.label
        )
    elif wish.source is not None:
        if wish.data is not None:
            raise LabelwrightError(
                f"both {wish.source} and {wish.data} hold items", "give one of them"
            )
        wish = replace(wish, data=wish.source)
    if wish.control is not None and (brought is None or wish.source is None):
        raise LabelwrightError(
            "`--control` is about a labelling config, and none is given", "leave it out"
        )
    if wish.data is not None and wish.data.suffix.casefold() == ".parquet" and not brought:
        brought = _features(wish)
        if brought is not None and wish.label is None:
            wish = replace(wish, label=brought.label)
    if wish.data is None and wish.label is not None and brought is None:
        raise LabelwrightError(
            f"`--label {wish.label}` names a column, and no data are given",
            "add `--from FILE`: a csv, parquet or jsonl file",
        )
    return wish, brought


def _features(wish: Wish) -> Imported | None:
    """The classes that a parquet file itself names for its label column."""
    from labelwright.importing.hugging_face import hugging_face, is_features, parquet_features

    assert wish.data is not None
    features = parquet_features(wish.data)
    if not is_features(features) or wish.classes:
        return None
    try:
        found = hugging_face(wish.data, features, wish.label)
    except LabelwrightError:
        return None  # the column's own values say what the classes are
    return found if found.label else None


def _named(names: Sequence[str]) -> tuple[ProposedClass, ...]:
    from labelwright.dsl.scaffold_classes import ProposedClass

    return tuple(ProposedClass((name,)) for name in names)


def _proposal(
    path: Path, wish: Wish, brought: Imported | None, given: Sequence[ProposedClass]
) -> Proposal:
    from labelwright.propose import propose

    assert wish.data is not None
    hints = _hinted(wish, brought)
    return propose(
        wish.data,
        text=wish.text or hints.text,
        image=wish.image or hints.image,
        columns=wish.columns,
        label=wish.label,
        id=wish.id,
        data_root=Path(os.environ.get("LABELWRIGHT_DATA") or path.parent),
        given=given,
        learn=not wish.bare and (brought is None or brought.answer.kind == "classification"),
    )


def _hinted(wish: Wish, brought: Imported | None) -> Imported:
    """The inputs that an import names, where the data have such columns and the user names none."""
    from labelwright.importing.found import Imported
    from labelwright.propose import column_names

    if brought is None or wish.text or wish.image or wish.columns:
        return Imported(())
    assert wish.data is not None
    there = column_names(wish.data)
    return replace(
        Imported(()),
        text=tuple(c for c in brought.text if c in there),
        image=tuple(c for c in brought.image if c in there),
    )


def _answer(brought: Imported, found: Proposal | None) -> Answer:
    from labelwright.dsl.scaffold import Answer

    if not brought.classes:
        return found.answer if found else Answer()
    if found and found.answer.choose == "many":
        return replace(brought.answer, choose="many", empty=found.answer.empty)
    return brought.answer


def _inputs(
    wish: Wish, brought: Imported, found: Proposal | None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    if found:
        return found.text, found.image, found.columns
    if wish.text or wish.image or wish.columns:
        return wish.text, wish.image, wish.columns
    text, image, columns = brought.text, brought.image, brought.columns
    return (text, image, columns) if text or image or columns else (("text",), (), ())


# --- what is said -----------------------------------------------------------------------------


def _about_rules(found: Proposal) -> list[str]:
    return [
        "Put together on one half of the labelled rows, kept where the other half bears them out.",
        "Look at each: `labelwright rules` shows what it votes on."
        if found.measured_by
        else "The holdout is drawn from the same rows, so that there they look a little too good.",
    ]


def _about_examples(found: Proposal) -> list[str]:
    if not any(c.examples for c in found.classes):
        return []
    rows = "are not among those that measure" if found.measured_by else "may be measured on too"
    return [
        f"Examples are items of {found.path.name} and {rows}: keep those that teach, or write better."
    ]


def _checked(path: Path, written: str) -> str:
    """The text itself. Raises LabelwrightError where it is no task file."""
    from labelwright.dsl.diagnostics import SourceText
    from labelwright.dsl.read import read
    from labelwright.dsl.render import render
    from labelwright.loop.plugins import Installed

    reading = read(SourceText(str(path), written), Installed())
    if reading.errors:
        raise LabelwrightError(
            f"no task file can be made of this\n\n{render(reading.errors, reading.source, color=False)}",
            "name the classes with --class, and the columns with --text, --image or --columns",
        )
    return written
