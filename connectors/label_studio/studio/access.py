"""Health of a server, and the token of somebody whose password is known."""

from __future__ import annotations

from labelwright.loop.errors import ConnectorError

_TIMEOUT = 30.0  # seconds; the first pages of a server that has just started are slow


def is_healthy(url: str, *, timeout: float = 2.0) -> bool:
    """Whether a Label Studio at `url` says that it is up."""
    import httpx

    try:
        answer = httpx.get(f"{url}/health", timeout=timeout, trust_env=False)
        return answer.status_code == 200 and answer.json().get("status") == "UP"
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def is_accepted(url: str, token: str) -> bool:
    """Whether the server at `url` lets this token in. Raises ConnectorError where it does not answer."""
    import httpx

    try:
        answer = httpx.get(
            f"{url}/api/current-user/whoami",
            headers={"Authorization": f"Token {token}"},
            timeout=_TIMEOUT,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise _silent(url, error) from None
    return answer.status_code == 200


def token_of(url: str, username: str, password: str) -> str:
    """The token of this account, by signing in as a person does.

    Raises ConnectorError where the server does not answer or refuses the password.
    """
    import httpx

    try:
        with httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=False) as client:
            client.get("/user/login/").raise_for_status()
            form = {
                "email": username,
                "password": password,
                "csrfmiddlewaretoken": client.cookies["csrftoken"],
            }
            client.post("/user/login/", data=form, headers={"Referer": url})
            answer = client.get("/api/current-user/token")
    except httpx.HTTPError as error:
        raise _silent(url, error) from None
    if answer.status_code != 200:
        raise ConnectorError(
            f"Label Studio at {url} does not let {username} in with the password that was kept",
            "if it was changed there: set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY to this address "
            "and the token on the account page",
        )
    return str(answer.json()["token"])


def _silent(url: str, error: Exception) -> ConnectorError:
    """What is said of a server that did not answer: the library's words could hold what was sent."""
    return ConnectorError(
        f"Label Studio at {url} does not answer ({type(error).__name__})",
        "labelwright studio status",
        retry=True,
    )
