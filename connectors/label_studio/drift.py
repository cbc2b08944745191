"""What somebody else changed on the server since we last looked: told, never put right unasked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from labelwright.connectors.label_studio.collecting import strange
from labelwright.connectors.label_studio.payload import BATCH
from labelwright.connectors.label_studio.site import SERVED, Site

_WORDS = {
    "label_config": "the labelling page",
    "expert_instruction": "the instructions",
    "maximum_annotations": "how many people judge an item",
    "sampling": "the order in which items are served",
    "title": "the title",
}


def drift(site: Site) -> tuple[str, ...]:
    """A sentence for each thing; call it after a pull, which finds out what was deleted."""
    if site.project_id is None:
        return ()
    return tuple(_found(site, site.state()))


def _found(site: Site, state: Mapping[str, Any]) -> Iterator[str]:
    served = json.loads(site.outbox.get(SERVED) or "{}")
    for key, before in served.items():
        now = state.get(key)
        if now == before:
            continue
        if key == "label_config":
            yield from _page(str(before), str(now))
        else:
            what = _WORDS.get(key, f"the setting {key}")
            more = f": {_short(before)} -> {_short(now)}" if key != "expert_instruction" else ""
            yield f"{what} was changed by hand{more}"
    gone = [s for s in site.outbox.sent() if s.state == "gone"]
    if gone:
        kept = sum(h.uid in {s.uid for s in gone} for h in site.outbox.held())
        yield f"items deleted there: {len(gone):,}; annotations that they had, kept here: {kept:,}"
    sent = sum(s.state == "sent" for s in site.outbox.sent())
    extra = int(state.get("task_number") or 0) - sent
    if extra > 0:
        foreign = sum(
            not t["data"].get(BATCH) for t in site.client.tasks(site.project(), include="id,data")
        )
        if foreign:
            yield f"items added there by hand, left alone and not counted: {foreign:,}"
    for why in strange(site).values():
        yield f"an answer cannot be read and does not count: {why}"


def _page(before: str, now: str) -> Iterator[str]:
    old, new = _classes(before), _classes(now)
    told = [f"with {name}" for name in sorted(new - old)]
    told += [f"without {name}" for name in sorted(old - new)]
    yield "the labelling page was changed by hand" + (f": {', '.join(told)}" if told else "")


def _classes(xml: str) -> set[str]:
    try:
        tree = ET.fromstring(xml)  # noqa: S314 - the server's own page, and no entity is resolved
    except ET.ParseError:
        return set()
    return {
        node.get("alias") or node.get("value") or ""
        for node in tree.iter()
        if node.tag in ("Choice", "Label")
    }


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
