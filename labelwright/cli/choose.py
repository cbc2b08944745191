"""The command that names the next items and why: choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import DataRoot, Json, State, TaskFile, print_json, project, width

if TYPE_CHECKING:
    from labelwright.choosing import NextBatch


def choose(
    task: TaskFile,
    n: Annotated[
        int | None,
        typer.Option("-n", min=1, help="How many items (default: as many as the next run asks)."),
    ] = None,
    state: State = None,
    data_root: DataRoot = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the campaign, where none was begun.")
    ] = None,
    json: Json = False,
) -> None:
    """Name the next items to ask about, and why, without asking anybody or changing anything."""
    from labelwright.choosing_view import next_items_view
    from labelwright.terminal import RichProgress, say

    with RichProgress() as progress:
        progress.step("choosing")
        batch = project(task, state, data_root, seed, progress=progress).choose(n)
    if json:
        print_json(_as_json(batch))
    else:
        say(next_items_view(batch, width=width()))


def _as_json(batch: NextBatch) -> dict[str, object]:
    return {
        "round": batch.round,
        "phase": batch.phase,
        "strategy": batch.strategy,
        "open": batch.open,
        "holdout": batch.holdout,
        "notes": list(batch.notes),
        "choosing": batch.choosing.model_dump(mode="json") if batch.choosing else None,
        "items": [
            {
                "item": each.item,
                "fields": dict(each.fields),
                "utility": each.utility,
                "probability": each.probability,
                "reason": each.reason,
            }
            for each in batch.items
        ],
    }


COMMANDS: dict[str, Callable[..., None]] = {"choose": choose}
