"""A rehearsal with a control arm: the forecast in status, curve and report; a stopping rule that acts."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from labelwright.charts import curve_svg
from labelwright.exporting import curve_json, status_json
from labelwright.forecast_view import reach_line
from labelwright.loop.history import Band, Campaign, Reach
from labelwright.project import Project
from labelwright.terminal import status_view

WORDS = {
    "Crime": ["thief", "police", "court", "fraud", "arrest", "trial"],
    "Sports": ["goal", "match", "coach", "league", "score", "team"],
}
TASK = """
task news "News" { guide = "What is it about?" }
class Crime
class Sports
data {
  source = csv("news.csv")
  id     = id
  text   = body
}
holdout {
  size = 40%
  annotations = 100
}
annotators { from = simulate(column = label, people = 2, error = 5%) }
budget {
  annotations = 200
  price       = 0.50 USD per annotation
  per_round   = 20 items
}
query { control = 50% }
accept { accuracy >= 99% }
"""


def begin(folder: Path, text: str = TASK, noise: int = 2) -> Project:
    chance = random.Random(3)
    with (folder / "news.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "body", "label"))
        for number in range(300):
            label = chance.choice(list(WORDS))
            every = [w for words in WORDS.values() for w in words]
            body = [
                *chance.choices(WORDS[label], k=2),
                *chance.choices(every, k=noise),
                f"n{number}",
            ]
            writer.writerow((f"i{number}", " ".join(body), label))
    path = folder / "news.task"
    path.write_text(text, encoding="utf-8")
    return Project(path)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = begin(tmp_path_factory.mktemp("forecast"))
    project.run()
    return project


@pytest.fixture(scope="module")
def campaign(ran: Project) -> Campaign:
    return ran.campaign()


def test_half_of_each_batch_was_drawn_and_trains(ran: Project, campaign: Campaign) -> None:
    with ran.looking() as bench:
        reasons = [c.reason for c in bench.store.choices() if c.purpose == "train"]
    assert len(campaign.rounds) == 5
    assert sum(reason == "control, at random" for reason in reasons) == 50
    assert [r.labels for r in campaign.rounds] == [20, 40, 60, 80, 100]
    assert [r.control.labels for r in campaign.rounds if r.control] == [10, 20, 30, 40, 50]


def test_status_tells_what_is_ahead(ran: Project, campaign: Campaign) -> None:
    text = " ".join(status_view(ran.task, campaign).replace("·", " ").split())
    assert "What is ahead to reach accuracy >= 99%" in text
    assert "after 100 training annotations (90% band)" in text
    assert "would go on" in text
    told = status_json(ran.task, campaign)
    assert told["forecast"]["reaches"][0]["target"] == 0.99
    assert {s["rule"] for s in told["stopping"]} >= {"criteria", "stable", "small_gain"}
    assert told["helps"]["labels"] == 50
    assert told["helps"]["saving"]["low"] <= told["helps"]["saving"]["high"]
    assert curve_json(campaign)["forecast"] == told["forecast"]


def test_where_the_next_money_goes_is_not_said_when_none_is_left(campaign: Campaign) -> None:
    assert campaign.worth == ()


def test_rounds_keep_what_stopping_rules_read(campaign: Campaign) -> None:
    steady = [r.stability for r in campaign.rounds]
    assert steady[0] is None
    assert all(s is not None and s.items == 180 and -1 <= (s.kappa or 0) <= 1 for s in steady[1:])
    assert [r.gain is None for r in campaign.rounds] == [True, True, False, False, False]


def test_the_report_and_the_curve_show_it(ran: Project, campaign: Campaign, tmp_path: Path) -> None:
    page = ran.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What is ahead (rehearsal)" in page
    assert "What stopping rules would have done" in page
    assert "labels drawn at random, by themselves" in page
    grown = campaign.model_copy(update={"rounds": campaign.rounds[:4]})
    assert "forecast, with its 90% band" in curve_svg(grown)


def test_looking_again_says_the_same(ran: Project, campaign: Campaign) -> None:
    again = ran.campaign()
    assert again.forecast == campaign.forecast
    assert again.helps == campaign.helps


def test_a_rule_that_acts_ends_it(tmp_path: Path) -> None:
    edited = TASK.replace("per_round   = 20 items", "per_round   = 20 items\n  stop = small_gain")
    edited = edited.replace("error = 5%", "error = 0%").replace(">= 99%", ">= 60%\n labels >= 100")
    project = begin(tmp_path, edited, noise=0)  # soon nothing is left to learn
    project.run()
    told = project.campaign()
    stopped = next(s for s in told.stopping if s.rule == "small_gain")
    assert stopped.acts
    assert stopped.round == told.rounds[-1].round
    assert "expected to add less" in told.reason
    assert told.rounds[-1].annotations < 100


@pytest.mark.parametrize(
    ("unreachable", "reached", "said"),
    [
        (0.0, 0.0, "340 more (210 to 620), 51.00 USD (31.50 to 93.00 USD)"),
        (0.2, 0.0, "chance 20% that no number of this pool’s labels gets there"),
        (0.8, 0.0, "probably not reachable with labels of this pool (chance 80%)"),
        (0.0, 0.97, "most likely reached (chance 97%)"),
    ],
)
def test_a_target_in_words(unreachable: float, reached: float, said: str) -> None:
    reach = Reach(
        criterion="accuracy >= 92%", target=0.92, unreachable=unreachable, reached=reached,
        more=Band(estimate=340, low=210, high=620),
        money=Band(estimate=51, low=31.5, high=93), hours=None,
    )  # fmt: skip
    assert said in reach_line(reach, "USD")
