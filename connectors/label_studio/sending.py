"""Sending a batch, once: written down first, then imported, then looked for where that is unsure.

An import commits all of its tasks or none, but its answer may get lost, and one that timed out may
commit later. So after anything that is no definite answer nothing is posted before the batch was listed
until two listings some time apart agree; then only what is missing goes. What commits later still is
swept by `collecting`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labelwright.connectors.label_studio.faults import Unsure
from labelwright.connectors.label_studio.filters import equal
from labelwright.connectors.label_studio.further import for_others
from labelwright.connectors.label_studio.payload import (
    BATCH,
    UID,
    Card,
    pictures,
    prediction,
    task_data,
)
from labelwright.connectors.label_studio.site import Site
from labelwright.loop.errors import ConnectorError
from labelwright.loop.handing import handed_out, suggestion_of
from labelwright.loop.outbox import Sent
from labelwright.loop.ports import Items, Request

CHUNK = 1000
_TRIES = 5
_WAITS = (1.0, 2.0, 4.0, 8.0)


def write_down(
    site: Site, batch: str, requests: Sequence[Request], items: Items, hidden: float
) -> None:
    """Put the batch into the outbox, in the order people see it; what is there already stays as it is."""
    rows = handed_out(
        str(site.project()), batch, requests, items, seed=site.context.seed, hidden=hidden
    )
    site.outbox.add(rows)


def deliver(
    site: Site,
    batch: str,
    items: Items,
    *,
    hints: dict[str, tuple[str, ...]] | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Import what of the batch is still waiting. May be repeated.

    hints: by item id. notes: what people are to be told with the first items, one an item.
    """
    waiting = [s for s in site.outbox.sent(batch) if s.state == "waiting"]
    if waiting:
        with site.there():
            _deliver(site, batch, waiting, items, hints or {}, notes)


def _deliver(
    site: Site,
    batch: str,
    waiting: Sequence[Sent],
    items: Items,
    hints: Mapping[str, tuple[str, ...]],
    notes: Sequence[str],
) -> None:
    unsure = f"sending {batch}"
    if site.outbox.get(unsure) == "1":
        waiting = settle(site, batch, waiting)
    addresses = _uploaded(site, items, {s.item for s in waiting})
    _let_show(site, waiting)
    site.outbox.set(unsure, "1")
    arrived: dict[str, int] = {}
    try:
        _import(site, batch, waiting, items, hints, notes, addresses, arrived)
    finally:  # once for all: a process that dies before finds out by looking
        site.outbox.mark(arrived, "sent", arrived)
    site.outbox.set(unsure, "0")


def _import(
    site: Site,
    batch: str,
    waiting: Sequence[Sent],
    items: Items,
    hints: Mapping[str, tuple[str, ...]],
    notes: Sequence[str],
    addresses: Mapping[tuple[str, str], str],
    arrived: dict[str, int],
) -> None:
    """Import these; `arrived` gets the number of each whose import was acknowledged."""
    row_of = {identity: row for row, identity in enumerate(items.ids)}
    tries, whole = 0, len(waiting)
    while waiting:
        chunk = waiting[:CHUNK]
        rows = items.take([row_of[s.item] for s in chunk])
        cards = [
            Card(
                s.uid,
                batch,
                notes[s.rank] if s.rank < len(notes) else "",
                (*for_others(site, s), *hints.get(s.item, ())),
            )
            for s in chunk
        ]
        bodies = _bodies(site, chunk, task_data(site.parts, rows, cards, addresses))
        try:
            numbers = site.client.import_tasks(site.project(), bodies)
        except Unsure as error:
            tries += 1
            if tries == _TRIES:
                raise ConnectorError(
                    f"batch {batch} could not be sent in {_TRIES} tries: {error.message}",
                    "run the same command again: what has arrived is not sent twice",
                    retry=True,
                ) from None
            waiting = settle(site, batch, waiting)
            continue
        arrived |= {s.uid: n for s, n in zip(chunk, numbers, strict=True)}
        waiting = waiting[CHUNK:]
        site.context.progress("sending", whole - len(waiting), whole)


def _bodies(
    site: Site, chunk: Sequence[Sent], data: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    bodies = []
    for sent, values in zip(chunk, data, strict=True):
        body: dict[str, Any] = {"data": values}
        suggestion = suggestion_of(sent)
        if suggestion is not None and sent.shown:
            body["predictions"] = [prediction(site.page, suggestion, suggestion.spans)]
        bodies.append(body)
    return bodies


def _let_show(site: Site, waiting: Sequence[Sent]) -> None:
    """Have the server show the suggestions of the next import.

    It shows those of the project's `model_version` alone, and takes over the version of an import where
    it has none, at the same moment as its tasks.
    """
    shown = {s.version for sent in waiting if sent.shown and (s := suggestion_of(sent))}
    if shown and site.state().get("model_version") not in (None, "", *shown):
        site.client.update_project(site.project(), {"model_version": ""})


def settle(site: Site, batch: str, waiting: Sequence[Sent]) -> list[Sent]:
    """Find out what of the batch arrived, mark it, and return what did not.

    Asks until two listings some time apart are the same.
    """
    before: dict[str, int] | None = None
    for wait in (0.0, *_WAITS, *_WAITS):
        site.pause(wait)
        arrived = _arrived(site, batch)
        if arrived == before:
            break
        before = arrived
    known = before or {}
    ours = [s for s in waiting if s.uid in known]
    site.outbox.mark([s.uid for s in ours], "sent", known)
    return [s for s in waiting if s.uid not in known]


def _arrived(site: Site, batch: str) -> dict[str, int]:
    """uid -> the lowest number of a task that carries it."""
    found: dict[str, int] = {}
    wanted = [equal(f"data.{BATCH}", batch)]
    for task in site.client.tasks(site.project(), filters=wanted, include="id,data"):
        uid = task["data"].get(UID)
        if isinstance(uid, str):
            found[uid] = min(task["id"], found.get(uid, task["id"]))
    return found


def _uploaded(site: Site, items: Items, wanted: set[str]) -> dict[tuple[str, str], str]:
    """Where browsers find each picture of these items; one that was uploaded is not sent again."""
    rows = [row for row, identity in enumerate(items.ids) if identity in wanted]
    if not any(part.kind == "image" for part in site.parts):
        return {}
    found = {}
    root = site.context.data_root
    for number, (item, column, picture) in enumerate(
        pictures(site.parts, items.take(rows), root), start=1
    ):
        key = f"picture {site.project()} {picture.name}"
        address = site.outbox.get(key)
        if address is None:
            address = _upload(site, picture.name, picture.content, picture.type)
            site.outbox.set(key, address)
        found[item, column] = address
        site.context.progress("uploading pictures", number, len(rows))
    return found


def _upload(site: Site, name: str, content: bytes, kind: str) -> str:
    """A picture uploaded twice does no harm: nothing refers to the first."""
    for _ in range(_TRIES - 1):
        try:
            return site.client.upload(site.project(), name, content, kind)
        except Unsure:
            site.pause(1.0)
    return site.client.upload(site.project(), name, content, kind)
