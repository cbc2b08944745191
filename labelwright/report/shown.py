"""Items as a report shows them, and which of them it shows."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from labelwright.loop.history import Campaign, ChosenItem, Doubt, RoundRecord

SAMPLE_ROUNDS = 4
SAMPLE_ITEMS = 6
DOUBTS = 12
SPLIT_ITEMS = 3  # of each pair of classes that people confuse
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class ShownItem:
    """One item's inputs: texts by field name, and a picture as PNG bytes where it has one.

    `pixelated` is for pictures of a few pixels a side, to be enlarged without smoothing.
    """

    id: str
    fields: tuple[tuple[str, str], ...] = ()
    picture: bytes | None = None
    pixelated: bool = False

    def __post_init__(self) -> None:
        if self.picture is not None and not self.picture.startswith(_PNG):
            raise ValueError(f"the picture of item {self.id!r} is not a PNG")

    @property
    def data_uri(self) -> str:
        """The picture as the source of an `<img>`."""
        return "data:image/png;base64," + base64.b64encode(self.picture or b"").decode("ascii")


@dataclass(frozen=True)
class Sample:
    """Some of the items chosen in one round, best first."""

    record: RoundRecord
    chosen: tuple[ChosenItem, ...]
    of: int


def samples(campaign: Campaign) -> tuple[Sample, ...]:
    """Items chosen for training from up to four rounds: the first, the last, and some between."""
    by_round: dict[int, list[ChosenItem]] = {}
    for chosen in campaign.chosen:
        if chosen.purpose == "train":
            by_round.setdefault(chosen.round, []).append(chosen)
    records = [r for r in campaign.rounds if r.round in by_round]
    if len(records) > SAMPLE_ROUNDS:
        step = (len(records) - 1) / (SAMPLE_ROUNDS - 1)
        records = [records[round(n * step)] for n in range(SAMPLE_ROUNDS)]
    found = []
    for record in records:
        ranked = sorted(by_round[record.round], key=lambda c: c.rank)
        found.append(Sample(record, tuple(ranked[:SAMPLE_ITEMS]), len(ranked)))
    return tuple(found)


def doubted(campaign: Campaign) -> tuple[Doubt, ...]:
    """The items most in doubt that are shown."""
    return campaign.doubts[:DOUBTS]


def shown_ids(campaign: Campaign) -> tuple[str, ...]:
    """Ids of all items that the report shows, each once: what `render_report` wants as `items`."""
    ids = [c.item for s in samples(campaign) for c in s.chosen]
    ids += [d.item for d in doubted(campaign)]
    if (covered := campaign.distribution.coverage) is not None:  # what has no name is shown
        ids += [item for region in covered.regions if not region.name for item in region.examples]
    pairs = campaign.people.confused if campaign.people else ()
    ids += [i.item for p in pairs if p.clear is not False for i in p.items[:SPLIT_ITEMS]]
    return tuple(dict.fromkeys(ids))
