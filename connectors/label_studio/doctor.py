"""What is sound and what is not about a campaign's place in Label Studio. Nothing is changed there or here.

The next task is not asked for: the server would lock it, and keep it from others for hours. So the order
that people are served is told by the settings, and by the numbers that the tasks got.
"""

from __future__ import annotations

import re
import socket
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from labelwright.connectors.label_studio.drift import drift
from labelwright.connectors.label_studio.hosting import is_loopback
from labelwright.connectors.label_studio.site import MARK
from labelwright.connectors.label_studio.webhook import HEADER
from labelwright.loop.errors import ConnectorError

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.site import Site
    from labelwright.loop.outbox import Sent

Json = Mapping[str, Any]
Told = tuple[bool, str, str]
"""Whether it is sound, what was found, what to do where it is not."""

HOLES = (
    ("CVE-2023-43791", (1, 8, 2), "sessions can be forged with a key that everybody knows"),
    ("CVE-2023-47116", (1, 11, 0), "imports reach into the server's own network"),
    ("CVE-2024-26152", (1, 11, 0), "imported data run scripts in annotators' browsers"),
    ("CVE-2025-25296", (1, 16, 0), "a link runs scripts in annotators' browsers"),
    ("CVE-2025-25297", (1, 16, 0), "storages reach into the server's own network"),
    ("CVE-2025-47783", (1, 18, 0), "a labelling page runs scripts in annotators' browsers"),
    ("CVE-2026-22033", (1, 23, 0), "one member can take over another one's account"),
)
"""Known vulnerabilities, the first release without each, and what it lets people do."""

NEEDED = (
    "projects.create",
    "projects.view",
    "projects.change",
    "tasks.create",
    "tasks.view",
    "tasks.delete",
    "annotations.view",
    "annotations.change",
    "predictions.any",
)
"""What the owner of the token must be allowed to do."""

_SKEW = timedelta(minutes=1)
_PATIENCE = 2.0  # seconds, for a webhook's address to take a connection


def examine(site: Site) -> Iterator[Told]:
    """Look at the server, the token, the project and what hangs on it."""
    try:
        client = site.client
        release = str(client.version().get("release"))
        me = client.whoami()
    except ConnectorError as error:
        yield False, error.message, error.remedy
        return
    yield server(client.url, release)
    yield transport(client.url)
    yield token(client.token_kind, str(me.get("email")), me.get("permissions"))
    yield clock(client.clock, site.now())
    yield from unfinished(site)
    if site.project_id is None:
        yield True, "no project yet: the first batch makes it", ""
        return
    for look in _LOOKS:
        try:
            yield from look(site)
        except ConnectorError as error:
            yield False, error.message, error.remedy


# --- the server and the token -----------------------------------------------------------------


def server(url: str, release: str) -> Told:
    """Its version, and the vulnerabilities that it is known to have."""
    found = f"Label Studio {release} at {url}"
    numbers = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", release)
    if numbers is None:
        return True, f"{found}, which is no release that is known", ""
    version = tuple(int(part or 0) for part in numbers.groups())
    holes = [(name, fixed, what) for name, fixed, what in HOLES if version < fixed]
    if not holes:
        return True, found, ""
    listed = "; ".join(f"{name}: {what}" for name, _, what in holes)
    newest = ".".join(map(str, max(fixed for _, fixed, _ in holes)))
    return False, f"{found} has known holes: {listed}", f"upgrade to {newest} or newer"


def transport(url: str) -> Told:
    """Whether tokens and passwords can be read on the way."""
    parts = urlsplit(url)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return True, "nobody on the way can read the token", ""
    return (
        False,
        "tokens, passwords and answers cross the network in clear",
        "put a proxy with TLS before the server: docs/label-studio-server.md",
    )


def token(kind: str, owner: str, permissions: Sequence[str] | None) -> Told:
    """Which kind it is, whose, and whether it lets its owner do what a campaign needs."""
    missing = [] if permissions is None else [p for p in NEEDED if p not in permissions]
    if missing:
        return (
            False,
            f"the token of {owner} does not allow {', '.join(missing)}",
            "take the token of an owner or a manager of the organization",
        )
    if kind == "access":
        return (
            False,
            f"an access token of {owner}: it holds for minutes",
            "take a personal access token (Account & Settings): it is renewed by itself",
        )
    more = ": it holds until it is reset; a personal one is better" if kind == "legacy" else ""
    return True, f"a {kind} token of {owner}{more}", ""


def clock(theirs: datetime | None, ours: datetime) -> Told:
    """How far the two clocks are apart: told, and never counted on."""
    if theirs is None or abs(theirs - ours) <= _SKEW:
        return True, "the server's clock is ours", ""
    minutes = abs(theirs - ours).total_seconds() / 60
    word = "before" if theirs > ours else "behind"
    return True, f"the server's clock is {minutes:,.0f} min {word} ours, which changes nothing", ""


# --- the campaign -----------------------------------------------------------------------------


def unfinished(site: Site) -> Iterator[Told]:
    """What was begun and not finished, here."""
    left = len(site.outbox.chores())
    if left:
        told = f"left to do on the server by an applied plan: {left:,}"
        yield False, told, "labelwright sync goes on with it"
    waiting = sum(s.state == "waiting" for s in site.outbox.sent())
    if waiting:
        yield False, f"items that wait to be sent: {waiting:,}", "labelwright run sends them"


def _project(site: Site) -> Iterator[Told]:
    """The project itself: what others changed, what is missing, whether there is another one."""
    state = site.state()
    sent = sum(s.state == "sent" for s in site.outbox.sent())
    there = int(state.get("task_number") or 0)
    yield True, f"project {site.project_id} with {there:,} items", ""
    if there < sent:
        lacking = f"items that were sent and are not there: {sent - there:,}; somebody deleted them"
        yield False, lacking, "labelwright sync finds out which; labelwright plan offers them again"
    for told in drift(site):
        yield False, told, "labelwright plan shows it, labelwright apply puts right what can be"
    yield from order(state, site.outbox.sent())


def _others(site: Site) -> Iterator[Told]:
    """Projects that carry this campaign's mark beside its own."""
    mark = site.outbox.get(MARK)
    for project in site.client.projects():
        if mark and mark in str(project.get("description")) and project["id"] != site.project_id:
            told = f"project {project['id']} is called this campaign's too; it is not used"
            yield False, told, "look at it, then delete it there: it was made late, or copied"


def order(state: Json, sent: Sequence[Sent]) -> Iterator[Told]:
    """Whether people are served what was chosen, in the order in which it was chosen."""
    wrong = []
    if state.get("sampling") != "Sequential sampling":
        wrong.append(f"sampling is {state.get('sampling')}")
    if state.get("show_overlap_first"):
        wrong.append("items for several people come first")
    if state.get("show_ground_truth_first"):
        wrong.append("items with a ground truth come first")
    if wrong:
        told = f"items are not served in the order chosen: {', '.join(wrong)}"
        yield False, told, "labelwright plan, then labelwright apply, put the settings right"
        return
    mixed = _mixed(sent)
    if mixed:
        yield True, f"{', '.join(mixed)}: what was sent later is served later", ""
    begun = int(state.get("maximum_annotations") or 1) > 1
    more = "; what somebody has begun comes first, in any order" if begun else ""
    yield True, f"items are served in the order chosen{more}", ""


def _mixed(sent: Sequence[Sent]) -> list[str]:
    """Batches whose tasks are not numbered in the order of their ranks: the server goes by numbers."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for one in sorted(sent, key=lambda s: s.rank):
        if one.state == "sent" and one.remote is not None:
            numbers[one.batch].append(one.remote)
    return [batch for batch, given in numbers.items() if given != sorted(given)]


# --- what calls and is called -----------------------------------------------------------------


def _webhooks(site: Site) -> Iterator[Told]:
    hooks = site.client.webhooks(site.project())
    yield from webhooks([h for h in hooks if HEADER in (h.get("headers") or {})], listens)


def webhooks(ours: Sequence[Json], alive: Callable[[str], bool]) -> Iterator[Told]:
    """Whether somebody listens where our webhooks call."""
    for hook in ours:
        if not hook.get("is_active", True):
            told = f"the webhook to {hook['url']} is switched off"
        elif not alive(hook["url"]):
            told = f"nobody listens at {hook['url']}, which a webhook calls: a run ended abruptly"
        else:
            yield True, f"a webhook wakes the run that listens at {hook['url']}", ""
            continue
        remedy = "`labelwright run --watch --listen` replaces it; or delete it: Settings, Webhooks"
        yield False, told, remedy


def listens(url: str) -> bool:
    """Whether a connection to this address is taken, seen from here."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=_PATIENCE):
            return True
    except OSError:
        return False


def _backends(site: Site) -> Iterator[Told]:
    yield from backends(site.client.backends(site.project()))


def backends(listed: Sequence[Json]) -> Iterator[Told]:
    """Whether what suggests answers."""
    from labelwright.connectors.label_studio.connecting import TITLE

    for backend in listed:
        name = f"the ML backend {backend.get('title') or 'without a title'} at {backend.get('url')}"
        if backend.get("state") == "CO":
            yield True, f"{name} answers", ""
        elif backend.get("title") == TITLE:
            remedy = "start `labelwright serve` again, or delete it: Settings, Model"
            yield False, f"{name} does not answer", remedy
        else:
            yield False, f"{name}, which is not ours, does not answer", "ask whoever entered it"


_LOOKS: tuple[Callable[[Site], Iterator[Told]], ...] = (_project, _others, _webhooks, _backends)
