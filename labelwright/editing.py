"""What the language server is told of the outside: installed plug-ins, columns of the data.

Somebody is typing meanwhile: nothing here fails, and what cannot be found out is logged.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from labelwright.columns import column_type
from labelwright.dsl.plugins import Kind, Parameter, Signature
from labelwright.dsl.surroundings import Column, Surroundings
from labelwright.loop.errors import LabelwrightError, PluginError
from labelwright.loop.plugins import Installed

if TYPE_CHECKING:
    from labelwright.dsl.task import Call, Data, Task

log = logging.getLogger("labelwright")

_ANYTHING = (
    Parameter("arguments", "any", required=False, variadic=True),
    Parameter("named", "any", required=False, open=True),
)


class EditingCatalogue(Installed):
    """The installed plug-ins. One that cannot be imported takes any arguments, and says so when hovered."""

    def __init__(self) -> None:
        super().__init__()
        self._broken: dict[tuple[str, str], Signature] = {}

    def find(self, kind: Kind, name: str) -> Signature | None:
        """As `Installed.find`, but never raises."""
        broken = self._broken.get((kind, name))
        if broken is not None:
            return broken
        try:
            return super().find(kind, name)
        except PluginError as error:
            log.warning("%s: %s", error.message, error.remedy)
            signature = Signature(kind, name, _ANYTHING, error.message)
            return self._broken.setdefault((kind, name), signature)


class Survey:
    """Looks at the data of a task file: `survey(path, data)`. Remembers what has not changed since."""

    def __init__(self, data_root: Path | None = None) -> None:
        self._root = data_root
        self._known: dict[tuple[Path, Data], tuple[str, tuple[Column, ...]]] = {}

    def __call__(self, path: Path, data: Data) -> Surroundings:
        """The columns of the data and of what is joined to them; none where they cannot be read."""
        try:
            return Surroundings(columns=self._columns(path, data))
        except LabelwrightError as error:
            log.warning("%s: the columns of the data are not known: %s", path, error.message)
        except Exception as error:
            log.warning("%s: the columns of the data are not known", path, exc_info=error)
        return Surroundings()

    def _columns(self, path: Path, data: Data) -> tuple[Column, ...]:
        from labelwright.loop.items import open_source
        from labelwright.loop.ports import Context

        root = self._root or Path(os.environ.get("LABELWRIGHT_DATA") or path.parent)
        context = Context(_task(data), root, root / ".labelwright" / "cache")
        calls = [data.source, *([data.join.source] if data.join else [])]
        sources = [open_source(context, call) for call in calls]
        state = "\n".join(source.fingerprint() for source in sources)
        key = path, data
        if self._known.get(key, ("",))[0] != state:
            fields = [field for source in sources for field in source.schema()]
            columns = {f.name: Column(f.name, column_type(f, set(data.image))) for f in fields}
            self._known = {key: (state, tuple(columns.values()))}
        return self._known[key][1]


def _task(data: Data) -> Task:
    """A Task that says nothing but what its data are: the rest of the file may not be written yet."""
    from labelwright.dsl import task as t

    def call(name: str) -> Call:
        return t.Call(name=name)

    return t.Task(
        name="task",
        title="task",
        classes=(),
        data=data,
        holdout=t.Holdout(size=0.2, annotations=1),
        annotators=t.Annotators(source=call("terminal")),
        budget=t.Budget(annotations=1),
        query=t.Query(phases=(t.Phase(name="first", strategy=call("random")),)),
        train=t.Train(encoder=t.Encoders(), finetune=call("head")),
    )
