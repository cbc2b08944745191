"""The definitions that were in force in a campaign, and their texts, from its state folder alone.

A task file that was just emptied (`labelwright history news.task --show 1 > news.task`) or is broken can
still be looked up: the state remembers what the file was called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.loop.errors import StoreError

if TYPE_CHECKING:
    from labelwright.loop.history import AppliedDefinition


def history(state: Path) -> tuple[AppliedDefinition, ...]:
    """Every definition that was in force, oldest first. state: the folder of `state.db`."""
    from labelwright.loop.campaign import definitions
    from labelwright.loop.store import Store
    from labelwright.loop.versions import Versions

    with Store(state) as store:
        return definitions(store, Versions.read(store))


def text_of(state: Path, number: int) -> str:
    """The text of a definition. Raises StoreError where there is none of this number."""
    from labelwright.loop.store import Store

    with Store(state) as store:
        known = {a.seq: a.definition for a in store.applied()}
        if number not in known:
            raise StoreError(
                f"there is no definition {number}", f"the numbers are 1 to {max(known, default=0)}"
            )
        return store.definition(known[number])[0]


def state_of(folder: Path, file: Path) -> Path:
    """The state folder of the task whose file had this name when it was last run.

    folder: holds one folder a task. Raises StoreError where it cannot be told which.
    """
    from labelwright.loop.store import Store

    found = []
    every = sorted(path.parent for path in folder.glob("*/state.db"))
    for state in every:
        with Store(state) as store:
            if store.meta("file") == file.name:
                found.append(state)
    if len(found) == 1:
        return found[0]
    if not found and len(every) == 1:
        return every[0]
    raise StoreError(
        f"{file} cannot be read as a task file, and which campaign of {folder} is its cannot be told",
        f"put a line `task NAME {{}}` into it; there are: {', '.join(s.name for s in every) or 'none'}",
    )
