"""What encoders read: the task's columns of one kind, and text as one string an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    from labelwright.loop.ports import Context, Items


def input_columns(
    context: Context, kind: Literal["text", "image", "columns"], encoder: str
) -> tuple[str, ...]:
    """The task's columns of this kind. Raises PluginError where there is none."""
    found: tuple[str, ...] = getattr(context.task.data, kind)
    if not found:
        given = [k for k in ("text", "image", "columns") if getattr(context.task.data, k)]
        raise PluginError(
            f"encoder {encoder} needs `{kind}` in the task's data, which has "
            + (" and ".join(given) or "no input"),
            f"write `{kind} = …` in `data`, or choose another encoder",
        )
    return found


def texts(items: Items, columns: Sequence[str]) -> list[str]:
    """One text an item: its columns joined by newlines, missing ones left out."""
    table = items.columns(columns)
    parts = [table.column(name).to_pylist() for name in columns]
    return [
        "\n".join(str(cell) for cell in cells if cell is not None)
        for cells in zip(*parts, strict=True)
    ]
