"""Logging a campaign to the tracker that its task file names, round by round."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

from labelwright.loop.errors import LabelwrightError

if TYPE_CHECKING:
    from labelwright.loop.engine import Moment
    from labelwright.loop.ports import Tracker
    from labelwright.loop.workbench import Workbench

_KEY = "campaign"


class Tracking:
    """A campaign and its tracker; does nothing where the task names none.

    A tracker that cannot be reached stops no campaign: `told` says so, and the next round catches up.
    folder: what the paths of outputs are relative to. text, name: of the task file.
    """

    def __init__(self, bench: Workbench, folder: Path, text: str, name: str) -> None:
        self._bench = bench
        self._text, self._name = text, name
        self.told: tuple[str, ...] = ()
        call = bench.task.output.track
        self._tracker: Tracker | None = (
            None
            if call is None
            else bench.context.plugins.invoke("track", call, context=bench.context, outputs=folder)
        )

    def observe(self, moment: Moment) -> None:
        """Log a round that was finished."""
        if moment.record is not None:
            self.log()

    def log(self) -> None:
        """Log what is not there yet."""
        from labelwright import __version__
        from labelwright.dsl.show import settings
        from labelwright.loop.campaign import campaign

        if self._tracker is None:
            return
        told = {
            f"{block}.{name}": value.removeprefix("= ")
            for block, named in settings(self._bench.task).items()
            for name, value in named.items()
        }
        try:
            with TemporaryDirectory() as scratch:
                file = Path(scratch) / Path(self._name).name
                file.write_text(self._text, encoding="utf-8")
                self._tracker.log(
                    self._campaign_key(), campaign(self._bench, __version__), told, {"task": file}
                )
            self.told = ()
        except LabelwrightError as error:
            self.told = (f"not logged: {error.message}; {error.remedy}",)

    def _campaign_key(self) -> str:
        store = self._bench.store
        known = store.meta(_KEY)
        if known is None:
            known = str(uuid4())
            store.set_meta(_KEY, known)
        return known
