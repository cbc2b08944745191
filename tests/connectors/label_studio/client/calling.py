"""What the tests of the client share: a page, rows, patience, and the search for tokens in errors."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import httpx
import pytest

from labelwright.loop.errors import ConnectorError
from tests.connectors.label_studio.standin import StandIn

if TYPE_CHECKING:
    pass

CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text">'
    '<Choice value="A"/><Choice value="B"/></Choices></View>'
)


IMPORT = r"/import$"


TRIES = 4


BRIEF, LONG = 0.7, 20.0  # seconds: timeouts of a client that is to run into it, and of any other


SLOW = 3.0  # seconds: an answer that comes too late for a brief one


def timeout(request: pytest.FixtureRequest) -> float:
    """Brief where the test's fault keeps the client waiting."""
    parameters = getattr(getattr(request.node, "callspec", None), "params", {})
    return BRIEF if parameters.get("kind") in ("late", "slow") else LONG


def rows(count: int, batch: str = "b") -> list[dict[str, object]]:
    return [{"data": {"text": f"t{n}", "lw_uid": f"u{n}", "lw_batch": batch}} for n in range(count)]


def held(standin: StandIn) -> int:
    return len(standin.memory.tasks)


def quiet(error: BaseException, *tokens: str) -> None:
    """No token in the error, in its traceback with all variables, nor in errors that hang on to it."""
    told = [str(error), repr(error), *map(str, error.args)]
    if isinstance(error, ConnectorError):
        told += [error.message, error.remedy]
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    told += ["".join(shown.format(chain=True)).replace(repr(tokens), "")]
    for token in tokens:
        assert not any(token in text for text in told)
    for hanging in (error.__cause__, error.__context__):
        assert not isinstance(hanging, httpx.HTTPError)
