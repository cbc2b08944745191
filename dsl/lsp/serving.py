"""The server's connection to the editor: stdin and stdout, or one port of this machine."""

from __future__ import annotations

import logging
import os
import sys

from pygls.exceptions import JsonRpcContentModified

from labelwright.dsl.lsp.server import RefusedRequest, TaskServer


def serve_stdio(server: TaskServer) -> None:
    """Serve until the editor is gone.

    What else is printed in this process, by a plug-in perhaps, goes to stderr: on stdout it would be
    taken for the protocol.
    """
    _log_to_stderr()
    sys.stdout.flush()
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server.start_io(stdout=out)


def serve_tcp(server: TaskServer, port: int) -> None:
    """Serve one editor that connects to a port of 127.0.0.1."""
    _log_to_stderr()
    server.start_tcp("127.0.0.1", port)


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_defect)


def _is_defect(record: logging.LogRecord) -> bool:
    """False for requests that were refused, which pygls logs like defects."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, RefusedRequest | JsonRpcContentModified)
