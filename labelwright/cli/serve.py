"""The command that answers Label Studio with suggestions: serve."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import DataRoot, State, project

if TYPE_CHECKING:
    from labelwright.project import Project

PORT = 9090


def serve(
    task: Annotated[
        Path | None, typer.Argument(metavar="[TASK]", help="The task file; none with --model.")
    ] = None,
    state: State = None,
    data_root: DataRoot = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")] = PORT,
    host: Annotated[
        str,
        typer.Option(help="Where to listen; others than 127.0.0.1 can be reached from outside."),
    ] = "127.0.0.1",
    address: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where Label Studio finds it (default: host and port)."),
    ] = None,
    connect: Annotated[
        bool, typer.Option(help="Have the campaign's project in Label Studio ask it.")
    ] = True,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Serve what `export --model` wrote, without a TASK."),
    ] = None,
) -> None:
    """Answer Label Studio with suggestions of the newest model, while people label."""
    from labelwright.connectors.label_studio import hosting
    from labelwright.connectors.label_studio.backend import USER, app, by_uid
    from labelwright.connectors.label_studio.shared_secret import shared_secret
    from labelwright.loop.errors import LabelwrightError
    from labelwright.serving import Serving

    if (task is None) == (model is None):
        raise LabelwrightError(
            "serve needs a TASK or --model FOLDER, one of the two",
            "labelwright serve TASK for a campaign, labelwright serve --model FOLDER for a model",
        )
    if model is not None:
        if state or data_root or address or not connect:
            raise LabelwrightError(
                "--state, --data-root, --address and --no-connect are of a campaign, and --model has none",
                f"labelwright serve --model {model}",
            )
        _serve_model(model, host, port)
        return
    assert task is not None
    hosting.need_libraries()
    serving = Serving(lambda: project(task, state, data_root), tell=_tell)
    if connect:
        serving.need_project()
        _need_address(host, address)
    secret = shared_secret()
    made = app(
        by_uid(serving.predict),
        versions=serving.versions,
        train=lambda: f"labelwright run {task.name}",
        project=serving.project,
        secret=secret.text,
    )
    _warn(host)
    with hosting.hosted(made, host=host, port=port) as url:
        typer.echo(f"Serving  {serving.standing()}")
        typer.echo(f"At       {url}, to whoever brings the secret in {secret.place}")
        called = (address or url).rstrip("/")
        if connect:
            typer.echo(_connected(project(task, state, data_root), called, secret.text))
        else:
            typer.echo(f"User     {USER}, with the secret as password (Settings, Model)")
        with contextlib.suppress(KeyboardInterrupt):
            typer.echo(f"Next     labelwright run {task}     trains; Ctrl-C ends this")
            sys.stdout.flush()
            threading.Event().wait()


def _serve_model(folder: Path, host: str, port: int) -> None:
    from labelwright.connectors.label_studio import hosting
    from labelwright.connectors.label_studio.backend import USER, app
    from labelwright.connectors.label_studio.shared_secret import shared_secret
    from labelwright.serving_model import ServingModel

    hosting.need_libraries()
    models = Path(os.environ.get("LABELWRIGHT_DATA") or ".")
    serving = ServingModel(folder, models=models, tell=_tell)
    for note in serving.notes:
        _tell(f"note: {note}")
    secret = shared_secret()
    made = app(
        serving.predict,
        versions=lambda: (serving.version,),
        train=lambda: "none: an exported model learns nothing more",
        project=lambda: None,
        secret=secret.text,
    )
    _warn(host)
    with hosting.hosted(made, host=host, port=port) as url:
        typer.echo(f"Serving  {serving.version}")
        typer.echo(f"At       {url}, to whoever brings the secret in {secret.place}")
        typer.echo(f"User     {USER}, with the secret as password (Settings, Model)")
        with contextlib.suppress(KeyboardInterrupt):
            typer.echo("Next     enter the address in Label Studio; Ctrl-C ends this")
            sys.stdout.flush()
            threading.Event().wait()


def _warn(host: str) -> None:
    from labelwright.connectors.label_studio import hosting

    if not hosting.is_loopback(host):
        _tell(
            f"warning: listening at {host}: everybody who can reach this machine can reach it, and "
            "what is said is not encrypted: put a proxy with TLS before it"
        )


def _need_address(host: str, address: str | None) -> None:
    from labelwright.loop.errors import LabelwrightError

    if host in ("0.0.0.0", "::") and address is None:  # noqa: S104 - it is refused
        raise LabelwrightError(
            f"{host} is every address of this machine, and Label Studio needs one",
            "say it with --address URL, or use --no-connect",
        )


def _connected(at_work: Project, url: str, secret: str) -> str:
    from labelwright.connectors.label_studio.connecting import connect
    from labelwright.serving import site_of

    with at_work.looking() as bench:
        site = site_of(bench)
        with contextlib.closing(site):
            number = site.project()
            new = connect(site.client, number, url, secret)
            where = f"project {number} at {site.client.url}"
    return f"Asked by {where}, {'from now on' if new else 'as before'}"


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)


COMMANDS: dict[str, Callable[..., None]] = {"serve": serve}
