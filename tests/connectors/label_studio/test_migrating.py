"""A definition that changes while answers live on a real server: what was planned is what is there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from labelwright import Project
from labelwright.connectors.label_studio import migrating
from labelwright.connectors.label_studio.client import LabelStudio
from labelwright.loop.errors import PlanOutdated
from labelwright.loop.store import Store
from tests.labeller import Labeller

if TYPE_CHECKING:
    from tests.studio_server import Studio

FIRST = """
task news "News"
class Crime
class Sports
class Business
class Weather
class Odd
data {{
  source = csv("items.csv")
  id = id
  text = text
}}
holdout {{
  size = 20%
  annotations = 3
}}
annotators {{
  from = label_studio
  overlap = {overlap}
}}
budget {{
  annotations = {budget}
  per_round = {items} items
}}
query {{
  phase all {{ strategy = random }}
}}
"""
SECOND = (
    FIRST.replace(
        "class Crime",
        "class Fraud {{\n  split_of = Crime\n}}\nclass Theft {{\n  split_of = Crime\n}}",
    )
    .replace("class Business\n", "class Economy {{\n  was = Business\n}}\n")
    .replace("class Sports\nclass", "class Outdoors {{\n  was = [Sports, Weather]\n}}\nclass")
    .replace("class Weather\n", "")
    .replace("class Odd\n", "")
)
CLASSES = ("Crime", "Sports", "Business", "Weather", "Odd")


class Campaign:
    """A task in a folder of its own, on a project of its own."""

    def __init__(
        self, folder: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch, **how: int
    ) -> None:
        monkeypatch.setenv("LABEL_STUDIO_URL", studio.url)
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
        self.how = how
        self.file = folder / "news.task"
        rows = "".join(f"{i},text number {i}\n" for i in range(how["items"] * 3))
        (folder / "items.csv").write_text("id,text\n" + rows, encoding="utf-8")
        self.write(FIRST)
        self.client = LabelStudio(studio.url, studio.token)

    def write(self, text: str) -> None:
        self.file.write_text(text.format(**self.how), encoding="utf-8")

    def project(self) -> Project:
        return Project(self.file, progress=lambda *_: None)

    @property
    def number(self) -> int:
        with self.project().looking() as bench:
            return int(bench.annotators.site.project_id)  # type: ignore[attr-defined]

    def tasks(self) -> list[dict[str, Any]]:
        return list(self.client.tasks(self.number, fields_all=True))

    def on_server(self) -> Counter[str]:
        """How often each class is an answer on the server."""
        return Counter(
            label
            for task in self.tasks()
            for a in task["annotations"]
            for part in a["result"]
            for label in part["value"]["choices"]
        )

    def in_store(self) -> Counter[str]:
        """How many judgements count as each class."""
        with self.project().looking() as bench:
            read = bench.translation.read
            return Counter(label for event in bench.events() for label in read(event).labels or ())

    def raw_events(self) -> list[tuple[str, ...]]:
        with Store(self.project().state) as store:
            return [(e.reference, e.event, *e.labels) for e in store.events()]


Begin = Callable[..., Campaign]


@pytest.fixture
def begin(tmp_path: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Makes the test's campaign, and closes its connections afterwards."""
    with ExitStack() as stack:

        def make(**how: int) -> Campaign:
            campaign = Campaign(tmp_path, studio, monkeypatch, **how)
            stack.callback(campaign.client.close)
            return campaign

        yield make


def answered(campaign: Campaign, people: list[Labeller]) -> Counter[str]:
    """Everybody answers everything that is there; what was said."""
    said: Counter[str] = Counter()
    for n, task in enumerate(campaign.tasks()):
        for m, person in enumerate(people):
            label = CLASSES[n % 5] if m else CLASSES[(n + (n % 7 == 0)) % 5]
            person.choose(task["id"], label)
            said[label] += 1
    return said


def change_and_look(campaign: Campaign, said: Counter[str]) -> None:
    """Apply the second definition; afterwards everything reads as the plan said."""
    campaign.write(SECOND)
    plan = campaign.project().plan()
    there = plan.elsewhere
    assert there is not None
    assert there.drift == ()
    assert there.annotations == sum(said.values())
    before = campaign.raw_events()
    campaign.project().apply(plan)
    look(campaign, said, before, there.rewritten, there.retired, there.retired_annotations)


def look(
    campaign: Campaign,
    said: Counter[str],
    before: list[tuple[str, ...]],
    rewritten: int,
    retired: int,
    retired_annotations: int,
) -> None:
    store, server = campaign.in_store(), campaign.on_server()
    gone = said["Crime"] + said["Odd"]
    assert store["Economy"] == said["Business"]
    assert store["Outdoors"] == said["Sports"] + said["Weather"]
    assert sum(store.values()) == sum(said.values()) - gone
    assert set(server) <= {"Economy", "Outdoors"}
    left_with = sum(store.values()) - sum(server.values())  # good answers to items that left
    assert sum(server.values()) == rewritten
    assert retired_annotations == gone + left_with
    with campaign.project().looking() as bench:
        states = Counter(s.state for s in bench.annotators.site.outbox.sent())  # type: ignore[attr-defined]
        assert bench.annotators.site.outbox.chores() == []  # type: ignore[attr-defined]
    assert states["retired"] == retired
    campaign.project().sync()
    assert campaign.raw_events() == before, "what was rewritten there is no new answer"
    config = campaign.client.project(campaign.number)["label_config"]
    assert 'alias="Fraud"' in config
    assert 'alias="Crime"' not in config


def test_a_definition_changes_on_the_server_as_planned(begin: Begin, studio: Studio) -> None:
    campaign = begin(items=10, overlap=1, budget=100)
    assert campaign.project().run().ending == "waiting"
    with Labeller(studio, "ann") as ann:
        said = answered(campaign, [ann])
    change_and_look(campaign, said)
    assert campaign.project().run().ending == "waiting", "the next batch is out"
    with campaign.project().looking() as bench:
        asked = bench.store.choices(1)
    again = [c for c in asked if c.reason.startswith("asked again")]
    assert len(again) == said["Crime"] + said["Odd"]


class Killed(BaseException):
    """As if the process had died here."""


def test_apply_is_finished_after_being_killed_at_any_call(
    begin: Begin, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = begin(items=6, overlap=1, budget=60)
    campaign.project().run()
    with Labeller(studio, "ann") as ann:
        said = answered(campaign, [ann])
    campaign.write(SECOND)
    plan = campaign.project().plan()
    there = plan.elsewhere
    assert there is not None
    before = campaign.raw_events()
    for name in ("update_annotation", "delete_tasks", "update_project"):
        real = getattr(LabelStudio, name)

        def dies(self: LabelStudio, *args: Any, _real: Any = real, **named: Any) -> Any:
            _real(self, *args, **named)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(LabelStudio, name, dies)
            with pytest.raises(Killed):
                campaign.project().apply(plan)
    assert campaign.project().apply(plan).number == 2
    look(campaign, said, before, there.rewritten, there.retired, there.retired_annotations)


def test_drift_is_told_and_set_back(begin: Begin) -> None:
    campaign = begin(items=4, overlap=1, budget=40)
    campaign.project().run()
    number = campaign.number
    config = campaign.client.project(number)["label_config"]
    campaign.client.update_project(
        number,
        {
            "title": "Somebody's own title",
            "label_config": config.replace(
                "</Choices>", '<Choice value="Mine" alias="Mine"/></Choices>'
            ),
        },
    )
    campaign.write(FIRST.replace('task news "News"', 'task news "News" {{\n  guide = "Read."\n}}'))
    campaign.project().run()  # only what the file changed is pushed: the rest stays drift
    assert "Read." in campaign.client.project(number)["expert_instruction"]
    gone = campaign.tasks()[0]["id"]
    campaign.client.delete_tasks(number, [gone])
    plan = campaign.project().plan()
    there = plan.elsewhere
    assert there is not None
    told = "\n".join(there.drift)
    assert "the labelling page was changed by hand: with Mine" in told
    assert "the title was changed by hand" in told
    assert "items deleted there: 1" in told
    assert there.resent == 1
    assert not plan.nothing
    campaign.project().apply(plan)
    assert campaign.client.project(number)["label_config"] == config
    assert len(campaign.tasks()) == len(campaign.project().campaign().chosen) - 1
    campaign.project().run()  # sends what was deleted once more: the plan said so
    assert len(campaign.tasks()) == len(campaign.project().campaign().chosen)
    assert campaign.project().plan().elsewhere.drift == ()  # type: ignore[union-attr]


def test_a_plan_that_no_longer_fits_is_refused(begin: Begin, studio: Studio) -> None:
    campaign = begin(items=4, overlap=1, budget=40)
    campaign.project().run()
    with Labeller(studio, "ann") as ann:
        tasks = campaign.tasks()
        ann.choose(tasks[0]["id"], "Crime")
        campaign.write(SECOND)
        plan = campaign.project().plan()
        ann.choose(tasks[1]["id"], "Business")
        with pytest.raises(PlanOutdated, match="1 annotation came in since"):
            campaign.project().apply(plan)
        campaign.client.update_project(campaign.number, {"title": "Another title"})
        plan = campaign.project().plan()
        campaign.client.update_project(campaign.number, {"title": "A third title"})
        with pytest.raises(PlanOutdated, match="something changed since at Label Studio"):
            campaign.project().apply(plan)
    assert "Crime" in campaign.client.project(campaign.number)["label_config"]
    assert campaign.on_server() == Counter(Crime=1, Business=1)


@pytest.mark.slow
def test_five_hundred_annotations_of_three_people(
    begin: Begin, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = begin(items=166, overlap=3, budget=2000)
    campaign.project().run()
    with ExitStack() as stack:
        people = [stack.enter_context(Labeller(studio, n)) for n in ("ann", "bo", "cy")]
        said = answered(campaign, people)
    assert sum(said.values()) >= 500
    campaign.write(SECOND)
    plan = campaign.project().plan()
    there = plan.elsewhere
    assert there is not None
    before = campaign.raw_events()
    real, calls = LabelStudio.update_annotation, iter(range(10**6))

    def dies(self: LabelStudio, *args: Any, **named: Any) -> Any:
        done = real(self, *args, **named)
        if next(calls) == 40:
            raise Killed
        return done

    with monkeypatch.context() as patch:
        patch.setattr(LabelStudio, "update_annotation", dies)
        with pytest.raises(Killed):
            campaign.project().apply(plan)
    assert campaign.project().apply(plan).number == 2
    look(campaign, said, before, there.rewritten, there.retired, there.retired_annotations)


def test_chores_hold_all_that_they_need() -> None:
    """An annotation that was edited between plan and apply keeps what the edit says."""
    old = [{"choices": ["Business"]}]
    new = [
        {
            "from_name": "label",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": ["Economy"]},
        }
    ]
    detail = json.loads(
        json.dumps({"annotation": 1, "old": old, "new": new, "becomes": {"Business": "Economy"}})
    )
    other = {"from_name": "other", "type": "textarea", "value": {"text": ["kept"]}}

    def result(*labels: str) -> list[dict[str, Any]]:
        part = {"id": "a1", "from_name": "label", "to_name": "text", "type": "choices"}
        return [{**part, "origin": "manual", "value": {"choices": list(labels)}}, other]

    rewritten = migrating._rewritten(result("Business"), detail)
    assert {p["from_name"]: p["value"] for p in rewritten} == {
        "label": {"choices": ["Economy"]},
        "other": {"text": ["kept"]},
    }
    assert [p["id"] for p in rewritten if p["from_name"] == "label"] == ["a1"]
    assert migrating._values(migrating._rewritten(rewritten, detail)) == [{"choices": ["Economy"]}]
    assert migrating._values(migrating._rewritten(result("Sports"), detail)) == [
        {"choices": ["Sports"]}
    ]
