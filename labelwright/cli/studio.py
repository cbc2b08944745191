"""The command that looks after a Label Studio of one's own: studio."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import Json, print_json

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.studio.home import Home


class Action(StrEnum):
    """What `studio` is to do."""

    install = "install"
    start = "start"
    stop = "stop"
    status = "status"
    open = "open"
    password = "password"  # noqa: S105


def studio(
    action: Annotated[Action, typer.Argument(help="What to do with it.")] = Action.start,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port to start it on (default: 8080, or one free)."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before it installs or shows.")
    ] = False,
    json: Json = False,
) -> None:
    """Run a Label Studio on this machine, for yourself: installs it, starts it, stops it."""
    from labelwright.connectors.label_studio.studio.home import studio_home

    _need_libraries()
    home = studio_home()
    if action is Action.install:
        _install(home, yes=yes, json=json)
    elif action is Action.start:
        _start(home, port, yes=yes, json=json)
    elif action is Action.stop:
        _stop(home, json=json)
    elif action is Action.status:
        _status(home, json=json)
    elif action is Action.open:
        _open(home, json=json)
    else:
        _password(home, yes=yes, json=json)


def _need_libraries() -> None:
    from importlib.util import find_spec

    from labelwright.loop.errors import LabelwrightError

    if not all(find_spec(name) for name in ("httpx", "keyring")):
        raise LabelwrightError(
            "the connector to Label Studio is not installed",
            "pip install 'labelwright[label-studio]'",
        )


def _install(home: Home, *, yes: bool, json: bool) -> None:
    from labelwright.connectors.label_studio.studio.home import VERSION

    new = _bring(home, yes=yes)
    if json:
        print_json({"version": VERSION, "environment": str(home.venv), "new": new})
        return
    typer.echo(f"Label Studio {VERSION} is {'now' if new else 'already'} installed in {home.venv}")
    typer.echo("Next     labelwright studio start")


def _bring(home: Home, *, yes: bool) -> bool:
    """Install what is missing, after asking; whether anything was."""
    from labelwright.connectors.label_studio.studio.home import VERSION
    from labelwright.connectors.label_studio.studio.installing import install, installed
    from labelwright.console import RichProgress
    from labelwright.loop.errors import LabelwrightError

    if installed(home) == VERSION:
        return False
    what = f"Label Studio {VERSION} (about 1 GB, some minutes) into {home.venv}"
    if not yes:
        if not sys.stdin.isatty():
            raise LabelwrightError(
                f"Label Studio {VERSION} is not installed", "labelwright studio install --yes"
            )
        typer.confirm(f"Install {what}?", default=True, abort=True, err=True)
    typer.echo(f"Installing {what}", err=True)
    with RichProgress() as progress:
        return install(home, tell=progress.step)


def _start(home: Home, port: int | None, *, yes: bool, json: bool) -> None:
    from labelwright.connectors.label_studio.studio import running
    from labelwright.connectors.label_studio.studio.home import VERSION
    from labelwright.connectors.label_studio.studio.vault import kept
    from labelwright.console import RichProgress

    _bring(home, yes=yes)
    with RichProgress() as progress:
        note = running.start(home, port=port, tell=progress.step)
    secrets = kept(home)
    assert secrets is not None  # else it would not have been let in
    if json:
        print_json({"version": VERSION, "url": note.url, "username": secrets.username})
        return
    typer.echo(f"Label Studio {VERSION} runs at {note.url}")
    typer.echo(f"Sign in  {secrets.username}; the password is in {secrets.place}:")
    typer.echo("         labelwright studio password")
    typer.echo("Next     labelwright studio open     in your browser")


def _stop(home: Home, *, json: bool) -> None:
    from labelwright.connectors.label_studio.studio import running

    stopped = running.stop(home)
    if json:
        print_json({"stopped": stopped is not None})
    elif stopped is None:
        typer.echo("No Label Studio of yours was running.")
    else:
        typer.echo(f"Label Studio at {stopped.url} was stopped; its data stays in {home.data}")
        typer.echo("Next     labelwright studio start")


def _status(home: Home, *, json: bool) -> None:
    from labelwright.connectors.label_studio.studio import running
    from labelwright.connectors.label_studio.studio.home import VERSION

    found = running.status(home)
    if json:
        print_json(
            {
                "installed": found.installed,
                "running": found.running,
                "healthy": found.healthy,
                "url": found.url if found.running else None,
                "log": list(found.log),
            }
        )
        return
    if found.running and found.healthy:
        lines = [f"Label Studio {found.installed} runs at {found.url}", _next("open")]
    elif found.running:
        lines = [
            f"Label Studio {found.installed} runs, but does not answer at {found.url}",
            f"Log      {home.log}",
            _next("stop"),
        ]
    elif found.log:
        ended = ["Label Studio ended by itself. Its last words:"]
        lines = [*ended, *(f"  | {line}" for line in found.log), _next("start")]
    elif found.installed == VERSION:
        lines = [f"Label Studio {VERSION} is installed and does not run.", _next("start")]
    else:
        lines = [f"Label Studio {VERSION} is not installed.", _next("install")]
    typer.echo("\n".join(lines))


def _next(action: str) -> str:
    return f"Next     labelwright studio {action}"


def _open(home: Home, *, json: bool) -> None:
    import os
    import webbrowser

    from labelwright.connectors.label_studio.studio import process, running, vault
    from labelwright.loop.errors import ConnectorError

    note = running.read_note(home)
    secrets = vault.kept(home)
    if note is None or secrets is None or not note.runs:
        raise ConnectorError("your Label Studio does not run", "labelwright studio start")
    for name in os.environ.keys() - process.passed_on(os.environ).keys():
        del os.environ[name]  # the browser inherits what is left
    opened = webbrowser.open(note.url)
    if json:
        print_json({"url": note.url, "username": secrets.username, "opened": opened})
        return
    typer.echo(f"{'Opened' if opened else 'Open'}   {note.url}")
    typer.echo(f"Sign in  {secrets.username}; the password: labelwright studio password")


def _password(home: Home, *, yes: bool, json: bool) -> None:
    """Show the password, to eyes only, or to whoever says that it may be seen."""
    from labelwright.connectors.label_studio.studio.vault import kept
    from labelwright.loop.errors import ConnectorError, LabelwrightError

    secrets = kept(home)
    if secrets is None:
        raise ConnectorError("there is no Label Studio of yours yet", "labelwright studio start")
    if not (yes or sys.stdout.isatty()):
        raise LabelwrightError(
            "the password is shown on a terminal only", "with --yes it is printed all the same"
        )
    if json:
        print_json({"username": secrets.username, "password": secrets.password})
    else:
        typer.echo(secrets.password)


COMMANDS: dict[str, Callable[..., None]] = {"studio": studio}
