"""How calls of the server are made: through the SDK, or by ourselves over the same httpx client.

The SDK's own retries are off: it would repeat a POST that may have been done.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from labelwright.connectors.label_studio.access import address_of
from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    from datetime import datetime

    import httpx

Json = dict[str, Any]


class Caller:
    """A connection to one server. To be closed, or used in a `with`.

    timeout: seconds without a byte after which a request counts as lost. transport: httpx's own
    where none is given.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        try:
            from label_studio_sdk import LabelStudio as Sdk

            from labelwright.connectors.label_studio.wire import Wire
        except ImportError as error:
            raise PluginError(
                f"Label Studio needs the package {error.name}, which is not installed",
                "run `pip install labelwright[label-studio]`",
            ) from error
        self.url = address_of(url)
        self._wire = Wire(self.url, token, timeout=timeout, transport=transport)
        # the SDK must not know the token: the wire puts it in
        self._sdk: Any = Sdk(  # type: ignore[no-untyped-call]
            base_url=self.url, api_key="-", max_retries=0, httpx_client=self._wire
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    @property
    def requests(self) -> int:
        """How many requests were made, new tries and refreshing the token included."""
        return self._wire.requests

    @property
    def clock(self) -> datetime | None:
        """The server's clock, to a second, when it answered last."""
        return self._wire.clock

    @property
    def token_kind(self) -> str:
        """personal (a JWT that is refreshed), access (good for minutes) or legacy."""
        return self._wire.access.kind

    def hide(self, secret: str) -> None:
        """Blot this out too where the server repeats what it is told."""
        self._wire.access.hide(secret)

    def _ask(
        self, call: Callable[..., object], *args: Any, keys: tuple[str, ...] = (), **given: Any
    ) -> Json:
        return self._one(lambda: call(*args, **given), keys)

    def _ask_all(self, call: Callable[..., object], **given: Any) -> list[Json]:
        found: list[Json] = self._wire.ask(lambda: call(**given), list)
        return found

    def _write(
        self,
        call: Callable[..., object],
        *args: Any,
        keys: tuple[str, ...] = (),
        body: Json | None = None,
        **given: Any,
    ) -> Json:
        options = {"max_retries": 0, "additional_body_parameters": body or {}}
        return self._one(lambda: call(*args, request_options=options, **given), keys)

    def _remove(self, call: Callable[..., object], id: int) -> None:
        self._wire.ask(lambda: call(id, request_options={"max_retries": 0}), None)

    def _get(self, path: str, params: dict[str, str] | None = None, *keys: str) -> Json:
        return self._one(lambda: self._wire.get(self.url + path, params=params), keys)

    def _one(self, call: Callable[[], object], keys: tuple[str, ...]) -> Json:
        found: Json = self._wire.ask(call, keys)
        return found
