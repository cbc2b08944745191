"""What a task file may write for a pretraining, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    from labelwright.loop.ports import Context


def mirrors(context: Context) -> bool:
    """Whether pictures may be mirrored: not where the task's `augment` names changes, and `flip` not."""
    named = [call.name for call in context.task.train.augment]
    return not named or "flip" in named


def sensible(
    name: str,
    *,
    epochs: int | None = None,
    batch: int | None = None,
    temperature: float | None = None,
    share: float | None = None,
) -> None:
    """Raise PluginError for a number that cannot be meant; None is what was not written."""
    if epochs is not None and epochs < 1:
        raise PluginError(f"{name}: epochs = {epochs} teaches nothing", "write 1 or more")
    if batch is not None and batch < 2:
        raise PluginError(f"{name}: a batch of {batch} compares nothing", "write 2 or more")
    if temperature is not None and not 0 < temperature <= 10:
        raise PluginError(
            f"{name}: temperature = {temperature:g} is out of range",
            "write a number above 0 and at most 10",
        )
    if share is not None and not 0 < share < 1:
        raise PluginError(
            f"{name}: share = {share:g} hides nothing, or all", "write a share between 0% and 100%"
        )
