"""The command that serves editors: lsp."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from labelwright.cli.common import DataRoot


def lsp(
    tcp: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65535,
            help="Wait for one editor on 127.0.0.1:PORT, instead of serving stdin and stdout.",
        ),
    ] = None,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Serve stdin and stdout, as without any option.")
    ] = False,
    data_root: DataRoot = None,
) -> None:
    """Serve an editor: diagnostics while typing, completion, hover, rename, format.

    Editors start this themselves; it speaks the Language Server Protocol.
    """
    from labelwright.loop.errors import LabelwrightError

    if stdio and tcp is not None:
        raise typer.BadParameter("say either --stdio or --tcp PORT")
    try:
        from labelwright.dsl.lsp.features import make_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise LabelwrightError(
            "the language server is not installed", "pip install 'labelwright[lsp]'"
        ) from error
    from labelwright import __version__
    from labelwright.dsl.lsp.serving import serve_stdio, serve_tcp
    from labelwright.editing import EditingCatalogue, Survey

    server = make_server(__version__, EditingCatalogue(), Survey(data_root))
    if tcp is not None:
        typer.echo(f"Waiting for an editor on 127.0.0.1:{tcp}", err=True)
        serve_tcp(server, tcp)
    else:
        if sys.stdin.isatty():
            typer.echo("This speaks with an editor, not with people: see `--help`.", err=True)
        serve_stdio(server)


COMMANDS: dict[str, Callable[..., None]] = {"lsp": lsp}
