"""The command line: a thin face over `labelwright.project` and `labelwright.dsl`, with the same verbs.

Reading order: `common` (options, errors), then the modules of `_MODULES`. Of them only that of the
command asked for is imported, and each command imports what it needs when it runs.
"""

from __future__ import annotations

import importlib
import sys

import typer

app = typer.Typer(
    name="labelwright",
    help="Define a labelling task in one file; get labels, a model and an honest verdict from it.",
    epilog=(
        "Exit codes: 0 done · 1 error · 2 usage · 3 stopped with a criterion not met or not yet "
        "known · 4 waiting for annotators · 5 locked by another run · 6 the task file changed its "
        "meaning · 130 interrupted"
    ),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from labelwright import __version__

        typer.echo(f"labelwright {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


_MODULES = {
    "init": "begin",
    "audit": "audit",
    **dict.fromkeys(("check", "show", "compile"), "define"),
    "fmt": "fmt",
    "explain": "explain",
    "rules": "rules",
    **dict.fromkeys(("plan", "apply", "diff", "history"), "change"),
    "choose": "choose",
    **dict.fromkeys(("run", "sync"), "run"),
    **dict.fromkeys(("status", "curve", "report", "export", "doctor"), "work"),
    "people": "people",
    "shift": "shift",
    "predict": "predict",
    "resolve": "resolve",
    "compare-finetuning": "compare",
    "simulate": "simulate",
    "studio": "studio",
    "serve": "serve",
    "label": "label",
    "lsp": "lsp",
}
_asked = sys.argv[1] if len(sys.argv) > 1 else ""
# Typer looks at every command's parameters at every start: only at those of the one that is asked for.
for _name in [_asked] if _asked in _MODULES else _MODULES:
    _module = importlib.import_module(f"labelwright.cli.{_MODULES[_name]}")
    app.command(_name)(_module.COMMANDS[_name])
