"""The ML backend that Label Studio asks for suggestions: what it calls, and what it is answered.

Every call but /health must bring the secret, as HTTP Basic. Label Studio sends its owner's token with
/setup: nothing of a body is kept, written down or sent back. Read in 1.23.2: `results` must be as long
as `tasks`; an empty list in it makes no prediction, a prediction without marks would make an empty one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labelwright.connectors.label_studio.hosting import Refused, read_body
from labelwright.connectors.label_studio.payload import UID
from labelwright.loop.errors import LabelwrightError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

Json = dict[str, Any]

Predict = Callable[[Sequence[Json], str], Sequence[Json | None]]
"""Whole tasks and the project's label config (may be empty) to a prediction (`result`, `score`,
`model_version`) for each task, None where it has none."""

USER = "labelwright"
MOST_BYTES = 32 * 2**20
"""Of one request: Label Studio sends all tasks for which it wants predictions at once."""
NO_MODEL = "none yet"
"""The version told before the first round is finished."""
START = "START_TRAINING"


def app(
    predict: Predict,
    *,
    versions: Callable[[], Sequence[str]],
    train: Callable[[], str],
    project: Callable[[], int | None],
    secret: str,
) -> Starlette:
    """The backend. The functions are called in a worker thread, several at a time.

    versions: of the models, the current one last. train: the name of what will train. project: the
    number of the one project that is served, None for any. What they raise as LabelwrightError is
    answered with 503 and its message.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    expected = f"{USER}:{secret}".encode()

    def current() -> str:
        return next(reversed(versions()), NO_MODEL)

    def described(body: Json) -> Json:
        _refuse_other(body, project())
        return {"status": "UP", "model_version": current()}

    def predicted(body: Json) -> Json:
        _refuse_other(body, project())
        config = body.get("label_config")
        found = predict(tasks_of(body), config if isinstance(config, str) else "")
        return {
            "results": [[] if one is None else [one] for one in found],
            "model_version": current(),
        }

    def trained(body: Json) -> Json:
        return {"job": train()}

    def woken(body: Json) -> Json:
        return trained(body) if body.get("action") == START else {}

    def listed(body: Json) -> Json:
        return {"versions": list(versions())}

    def route(path: str, method: str, work: Callable[[Json], Json]) -> Route:
        async def endpoint(request: Request) -> Response:
            if not is_allowed(request.headers.get("authorization", ""), expected):
                raise Refused(401, "the secret is missing or wrong")
            body = await _json(request) if method == "POST" else {}
            return JSONResponse(await run_in_threadpool(work, body))

        return Route(path, _told(endpoint), methods=[method])

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "UP"})

    return Starlette(
        routes=[
            Route("/health", health, methods=["GET"]),
            route("/", "GET", described),
            route("/setup", "POST", described),
            route("/predict", "POST", predicted),
            route("/webhook", "POST", woken),
            route("/train", "POST", trained),
            route("/versions", "GET", listed),
        ]
    )


def is_allowed(header: str, expected: bytes) -> bool:
    """Whether this value of Authorization is `Basic` with the expected user and password."""
    kind, _, rest = header.partition(" ")
    try:
        given = base64.b64decode(rest.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return kind.lower() == "basic" and hmac.compare_digest(given, expected)


def tasks_of(body: Json) -> list[Json]:
    """The tasks of /predict, in order; an empty one for what is no task.

    Raises Refused where there is no list of tasks.
    """
    tasks = body.get("tasks")
    if not isinstance(tasks, list):
        raise Refused(400, "the body holds no list of tasks")
    return [task if isinstance(task, dict) else {} for task in tasks]


def by_uid(find: Callable[[Sequence[str]], Mapping[str, Json]]) -> Predict:
    """What knows predictions by our names of tasks; a task that is none of ours has none."""

    def predict(tasks: Sequence[Json], config: str) -> list[Json | None]:
        uids = [_uid(task) for task in tasks]
        found = find([uid for uid in uids if uid is not None])
        return [found.get(uid) if uid else None for uid in uids]

    return predict


def _uid(task: Json) -> str | None:
    data = task.get("data")
    uid = data.get(UID) if isinstance(data, dict) else None
    return uid if isinstance(uid, str) else None


def _refuse_other(body: Json, project: int | None) -> None:
    """Raise Refused where Label Studio asks for another project: `12.1716900000` is number 12's name."""
    asked = str(body.get("project", "")).partition(".")[0]
    if project is not None and asked.isdecimal() and asked != str(project):
        raise Refused(409, f"this serves project {project} only")


async def _json(request: Request) -> Json:
    body = await read_body(request, MOST_BYTES)
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(read, dict):
        raise Refused(400, "the body is no JSON object")
    return read


def _told(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            return _refusal(refused.status, refused.why)
        except LabelwrightError as error:
            return _refusal(503, error.message)

    return answered


def _refusal(status: int, why: str) -> Response:
    from starlette.responses import JSONResponse

    headers = {"WWW-Authenticate": 'Basic realm="labelwright"'} if status == 401 else {}
    return JSONResponse({"error": why}, status, headers)
