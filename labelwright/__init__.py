"""labelwright: define a labelling task in one file; get labels, a model and an honest verdict from it.

    import labelwright as lw

    task = lw.load("tasks/digits.task")           # a frozen, validated Task
    decision = lw.Project("tasks/digits.task").run()
    model = lw.load_model("out/model")            # what `export --model` wrote

The command line (`labelwright --help`) has the same verbs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labelwright.definition import TaskFileError
    from labelwright.project import Project, load, load_model

__version__ = "0.1.0"
__all__ = ["Project", "TaskFileError", "__version__", "load", "load_model"]


def __getattr__(name: str) -> Any:
    # Lazy, so that `labelwright check` starts without what only a run needs.
    if name in ("Project", "load", "load_model"):
        from labelwright import project

        return getattr(project, name)
    if name == "TaskFileError":
        from labelwright.definition import TaskFileError

        return TaskFileError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
