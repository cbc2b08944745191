"""People who work in Label Studio (`annotators { from = label_studio }`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from labelwright.loop.errors import DataError

if TYPE_CHECKING:
    from labelwright.connectors.label_studio.client import LabelStudio
    from labelwright.connectors.label_studio.collecting import Pulled
    from labelwright.connectors.label_studio.site import Site
    from labelwright.dsl.task import Task
    from labelwright.loop.history import Elsewhere
    from labelwright.loop.outbox import Outbox
    from labelwright.loop.ports import AnnotatorSource, Answer, Context, Flag, Items, Request
    from labelwright.loop.versions import Reading


def label_studio(
    hidden: float = 0.2, hints: bool = True, *, context: Context, outbox: Outbox
) -> AnnotatorSource:
    """People who work in Label Studio: the server that LABEL_STUDIO_URL names, else one's own.

    hidden: the share of suggestions, where the task asks for any, that nobody is shown: what people
    answer there tells how far suggestions lead. hints: whether rules that fire, and counterexamples, are
    shown with an item.
    """
    from labelwright.connectors.label_studio.site import Site
    from labelwright.loop.errors import ConnectorError

    if not 0 <= hidden <= 1:
        raise ConnectorError(
            f"label_studio: hidden = {hidden} is not a share from 0% to 100%",
            "change it in the task file",
        )
    return LabelStudioPeople(Site(context, outbox, _connect), hidden, hints)


def _connect() -> LabelStudio:
    from labelwright.connectors.label_studio.client import LabelStudio
    from labelwright.connectors.label_studio.credentials import credentials

    given = credentials()
    return LabelStudio(given.url, given.token)


@dataclass
class LabelStudioPeople:
    """An annotator source (`loop.ports`: AnnotatorSource, Pulling, Flagging, Checking).

    What only the adjudicator is asked goes into a project of its own, `expert` (`apart`).
    """

    site: Site
    hidden: float = 0.2
    hints: bool = True
    rehearsal: bool = field(default=False, init=False)
    pulled: Pulled | None = field(default=None, init=False)  # what the last pull found
    expert: Site = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from labelwright.connectors.label_studio.apart import ADJUDICATION, parts_of

        own, apart = parts_of(self.site.outbox)
        self.expert = replace(self.site, outbox=apart, aside=ADJUDICATION, _opened=[])
        self.site.outbox = own

    def send(self, batch: str, requests: Sequence[Request], items: Items) -> None:
        """Put the batch into the task's project, which is made with the first one."""
        from labelwright.connectors.label_studio.apart import batch_apart
        from labelwright.connectors.label_studio.further import offer_gold
        from labelwright.connectors.label_studio.notes import notes
        from labelwright.connectors.label_studio.sending import deliver, write_down

        own = [r for r in requests if not r.only_by]
        alone = [r for r in requests if r.only_by]
        inputs = getattr(items, "inputs", None)
        for site, name, asked in (
            (self.site, batch, own),
            (self.expert, batch_apart(batch), alone),
        ):
            if not asked and site is self.expert:
                continue
            if inputs is not None:
                site.learn_inputs(inputs)
            site.push()
            write_down(site, name, asked, items, self.hidden)
            seen = self.hints or site is self.expert  # what people said is why it is asked at all
            beside = {r.item: r.hints for r in asked if r.hints} if seen else {}
            deliver(site, name, items, hints=beside, notes=notes(site, name))
        offer_gold(self.site, batch)

    def undelivered(self, batch: str) -> bool:
        """Whether part of the batch is still, or again, to be sent."""
        from labelwright.connectors.label_studio.apart import batch_apart

        sent = [*self.site.outbox.sent(batch), *self.expert.outbox.sent(batch_apart(batch))]
        return any(s.state == "waiting" for s in sent)

    def _sites(self) -> tuple[Site, ...]:
        """The projects that there are."""
        return (self.site,) if self.expert.project_id is None else (self.site, self.expert)

    def pull(self) -> None:
        """Fetch what people did since last time, after what an applied plan left to be done.

        What only reads otherwise since (a title, the guide) is shown to people at once.
        """
        from labelwright.connectors.label_studio.collecting import pull
        from labelwright.connectors.label_studio.further import offer_to_others

        self.finish()
        self.pulled = pull(self.site)
        offer_to_others(self.site)
        if self.site.project_id is not None:
            self.site.push()
        if self.expert.project_id is not None:
            also = pull(self.expert)
            self.pulled.changed += also.changed
            self.pulled.spare += also.spare
            self.pulled.gone += also.gone
            self.pulled.strange += also.strange
            self.expert.push()

    def drift(self) -> tuple[str, ...]:
        """What somebody else changed on the server."""
        from labelwright.connectors.label_studio.drift import drift

        return tuple(
            f"{site.aside}: {each}" if site.aside else each
            for site in self._sites()
            for each in drift(site)
        )

    def foresee(
        self, old: Task, readings: Mapping[str, Reading], drift: tuple[str, ...]
    ) -> Elsewhere | None:
        """What a plan would do on the server; None where nothing is there yet."""
        from labelwright.connectors.label_studio.migrating import foresee

        found = [foresee(site, old, readings, drift) for site in self._sites()]
        first = found[0]
        if first is None or len(found) == 1:
            return first
        counts = ("items", "annotations", "rewritten", "retired", "retired_annotations", "resent")
        there = [each for each in found if each is not None]
        summed = {name: sum(getattr(each, name) for each in there) for name in counts}
        return first.model_copy(update={**summed, "page": any(each.page for each in there)})

    def stage(self, old: Task, readings: Mapping[str, Reading], drift: tuple[str, ...]) -> None:
        """Write down what the plan does on the server."""
        from labelwright.connectors.label_studio.migrating import chores

        for site in self._sites():
            if site.project_id is not None:
                site.outbox.plan(list(chores(site, old, readings, drift)))

    def finish(self) -> int:
        """Do on the server what an applied plan left to be done."""
        from labelwright.connectors.label_studio.migrating import finish

        return sum(finish(site) for site in self._sites() if site.outbox.chores())

    def collect(self, batch: str, requests: Sequence[Request]) -> Sequence[Answer]:
        """The answers to a batch that were fetched so far. What was made unreadable is withdrawn."""
        from labelwright.connectors.label_studio.apart import batch_apart
        from labelwright.connectors.label_studio.collecting import STRANGE_ORIGIN
        from labelwright.loop.ports import Answer

        named = ((self.site, batch), (self.expert, batch_apart(batch)))
        item_of = {s.uid: s.item for site, name in named for s in site.outbox.sent(name)}
        return [
            Answer(
                item_of[h.uid], h.annotator, h.labels, h.seconds, h.skipped,
                h.reference, h.spans, h.deleted or h.origin == STRANGE_ORIGIN,
            )
            for site, name in named
            for h in site.outbox.held(name)
        ]  # fmt: skip

    def flag(self, batch: str, flags: Sequence[Flag]) -> None:
        """Tell people with the item, and with the next batch, which answers do not count and why."""
        from labelwright.connectors.label_studio.notes import tell

        tell(self.site, batch, flags)
        if self.expert.project_id is not None:
            from labelwright.connectors.label_studio.apart import batch_apart

            tell(self.expert, batch_apart(batch), flags)

    def check(self) -> None:
        """Raise DataError where the task cannot be shown in Label Studio."""
        from labelwright.dsl.compile.errors import CompileError

        try:
            self.site.wanted()
        except CompileError as error:
            raise DataError(error.message, error.remedy) from error

    def where(self) -> str | None:
        """The project's page; None where there is none yet."""
        from labelwright.connectors.label_studio.site import SERVER

        server, number = self.site.outbox.get(SERVER), self.site.project_id
        return f"{server}/projects/{number}/data" if number is not None else None

    def told(self) -> tuple[str, ...]:
        """What the last pull found that somebody should know."""
        found = self.pulled
        if found is None:
            return ()
        lines = []
        if found.spare:
            lines.append(f"items that arrived twice, put together again: {found.spare:,}")
        if found.gone:
            lines.append(f"items deleted on the server, answers kept: {found.gone:,}")
        if self.expert.project_id is not None:
            from labelwright.connectors.label_studio.site import SERVER

            server, number = self.expert.outbox.get(SERVER), self.expert.project_id
            lines.append(f"the adjudicator's items are at {server}/projects/{number}/data")
        return (*lines, *(f"an answer cannot be read: {why}" for why in found.strange))

    def examine(self) -> Iterator[tuple[bool, str, str]]:
        """What is sound and what is not about the server, the token and the project."""
        from labelwright.connectors.label_studio.doctor import examine

        return examine(self.site)

    def requests(self) -> int:
        """How many requests were made of the server so far."""
        return self.site.requests + self.expert.requests

    def close(self) -> None:
        """Close the connections to the server."""
        self.site.close()
        self.expert.close()
