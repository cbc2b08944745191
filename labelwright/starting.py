"""`init`: a first task file, from flags or from a data file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from labelwright.loop.errors import LabelwrightError


def start(
    path: Path,
    *,
    data: Path | None = None,
    label: str | None = None,
    text: Sequence[str] = (),
    image: Sequence[str] = (),
    columns: Sequence[str] = (),
    id: str | None = None,
    classes: Sequence[str] = (),
    title: str = "",
    force: bool = False,
) -> str:
    """Write the task file and return what to tell the user.

    With `label`, the classes are those found in that column, and the annotators are simulated from it;
    without, they are `classes`. Raises LabelwrightError where the file is there already, or where
    neither gives a class.
    """
    from labelwright.dsl.scaffold import scaffold
    from labelwright.dsl.scaffold_classes import ProposedClass
    from labelwright.propose import propose

    if path.exists() and not force:
        raise LabelwrightError(f"{path} is there already", "choose another name, or add --force")
    found = None
    if data is not None:
        found = propose(
            data, text=text, image=image, columns=columns, label=label, id=id,
            data_root=Path(os.environ.get("LABELWRIGHT_DATA") or path.parent),
        )  # fmt: skip
    named = [ProposedClass((name,)) for name in classes] or list(found.classes if found else ())
    if not named:
        columns_there = f"; {found.path} has the columns {', '.join(found.names)}" if found else ""
        raise LabelwrightError(
            "a task needs classes, and none is given",
            f"add `--class NAME` for each, or `--data FILE --label COLUMN`{columns_there}",
        )
    written = scaffold(
        path.stem,
        title=title or path.stem,
        classes=named,
        source_call=found.source_call if found else 'csv("items.csv")',
        id=found.id if found else id,
        text=found.text if found else tuple(text) or (() if image or columns else ("text",)),
        image=found.image if found else image,
        columns=found.columns if found else columns,
        label=label if found and not classes else None,
        items=found.rows if found and found.complete else None,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written, encoding="utf-8")
    lines = [f"{path}: {len(named)} classes"]
    for each in named if found and not classes else ():
        lines.append(f"  {each.spellings[0]}: {each.count:,} items")
        lines += [f"      {sample}" for sample in each.samples]
    if found and found.set_aside:
        lines.append(f"  {found.set_aside:,} rows cannot be read and were left out")
    lines += [
        f"Next     fill in the guide and each `describe`, then labelwright check {path}",
        f"         labelwright run {path}",
    ]
    return "\n".join(lines)
