"""What the server is started with: command, environment, port. Pure but for looking at ports.

Secrets travel in the environment, which only the owner can read, never in the command, which
everybody on the machine can. What the caller's environment holds is not passed on: the server reads
plain names such as `DEBUG`, `HOST` and `USERNAME`.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from labelwright.connectors.label_studio.studio.home import Home
from labelwright.connectors.label_studio.studio.vault import Secrets
from labelwright.loop.errors import ConnectorError

HOST = "127.0.0.1"
FIRST_PORT = 8080
_TRIED = 20
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
_CLOSED = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 "
    "233.252.0.0/24 240.0.0.0/4 255.255.255.255/32 ::/128 ::1/128 ::ffff:0:0/96 ::ffff:0:0:0/96 "
    "64:ff9b::/96 64:ff9b:1::/48 100::/64 2001:0000::/32 2001:20::/28 2001:db8::/32 2002::/16 "
    "fc00::/7 fe80::/10 ff00::/8"
)
"""Networks that the server must not call: its own list, but for this machine, where we listen."""
_SETTINGS = {
    "USE_DEFAULT_BANNED_SUBNETS": "false",
    "USER_ADDITIONAL_BANNED_SUBNETS": ",".join(_CLOSED.split()),
    "COLLECT_ANALYTICS": "0",
    "LATEST_VERSION_CHECK": "0",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_ALLOWED_HOSTS": "127.0.0.1,localhost",
    "LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS": "false",
    "PYTHONUNBUFFERED": "1",
}


def address(port: int) -> str:
    """Where a studio on this port is reached."""
    return f"http://{HOST}:{port}"


def command(home: Home, port: int) -> tuple[str, ...]:
    """The server's command line; nothing in it is secret."""
    return (
        str(home.venv / "bin" / "label-studio"),
        "start",
        "--no-browser",
        "--internal-host",
        HOST,
        "--port",
        str(port),
        "--log-level",
        "WARNING",
    )


def environment(
    home: Home, port: int, environ: Mapping[str, str], secrets: Secrets | None
) -> dict[str, str]:
    """The server's environment. With `secrets` it makes the first account, if it is not there yet."""
    made = {name: environ[name] for name in _PASSED_ON if name in environ}
    made |= _SETTINGS
    made["LABEL_STUDIO_BASE_DATA_DIR"] = str(home.data)
    made["LABEL_STUDIO_HOST"] = address(port)
    if secrets is not None:
        made["LABEL_STUDIO_USERNAME"] = secrets.username
        made["LABEL_STUDIO_PASSWORD"] = secrets.password
    return made


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of loopback, and something could."""
    with socket.socket() as listening:
        # What a server just left waits for its last packets; that does not hinder the next one.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError:
            return False
    with socket.socket() as calling:
        calling.settimeout(1)
        return calling.connect_ex((HOST, port)) != 0


def choose_port(asked: int | None, last: int | None) -> int:
    """A free port: the one asked for, else the last one used, else 8080 or the next free one.

    0 asks for any. The server itself would move to another port without a word. Raises ConnectorError
    where the port asked for is taken.
    """
    if asked:
        if is_free(asked):
            return asked
        raise ConnectorError(
            f"port {asked} is taken by another program",
            "name another one with --port, or leave the option out",
        )
    usual: list[int] = [*([last] if last else []), *range(FIRST_PORT, FIRST_PORT + _TRIED)]
    if asked is None and (port := next(filter(is_free, usual), None)):
        return port
    with socket.socket() as any_port:
        any_port.bind((HOST, 0))
        chosen: int = any_port.getsockname()[1]
        return chosen
