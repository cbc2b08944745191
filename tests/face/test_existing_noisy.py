"""Campaigns over labels that were there already: audited by people, weighed by what these found."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from labelwright import Project
from labelwright.loop.audit.at_work import given_labels, random_part, trusted
from labelwright.loop.budget import spent

TASK = """
task news "News"
class money
class sport
data {{
  source = csv("news.csv")
  id = id
  text = body
}}
existing_labels {{
  label = old
  trust = {trust}
  audit = {audit} items
}}
holdout {{
  size = 25%
  annotations = 30
}}
annotators {{ from = simulate(column = truth, people = 2, error = 0%) }}
budget {{
  annotations = 130
  per_round = 15 items
}}
query {{
  phase all {{ strategy = random }}
}}
"""

WORDS = {
    "sport": ["match", "goal", "team", "win", "coach", "season", "league", "player"],
    "money": ["market", "stock", "bank", "price", "share", "profit", "trade", "fund"],
}


def begin(folder: Path, trust: str = "noisy", audit: int = 40, rows: int = 240) -> Path:
    """A third of the labels of sport are wrong, none of money's; the last 40 items have none."""
    rng = np.random.default_rng(0)
    with (folder / "news.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "body", "truth", "old"))
        for i in range(rows):
            truth = ("sport", "money")[i % 2]
            words = " ".join(rng.choice(WORDS[truth], 5))
            old = "money" if truth == "sport" and i % 3 == 0 else truth
            writer.writerow((f"n{i}", f"{words} n{i}", truth, old if i < rows - 40 else ""))
    path = folder / "news.task"
    path.write_text(TASK.format(trust=trust, audit=audit), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = begin(tmp_path_factory.mktemp("noisy"))
    Project(path).run()
    return path


def test_the_audit_is_asked_first_at_random_then_where_it_is_doubted(done: Path) -> None:
    with Project(done).looking() as bench:
        asked = [c for c in bench.store.choices() if c.purpose == "audit"]
        assert len(asked) == 40
        assert len({c.item for c in asked}) == 40
        reasons = [c.reason for c in sorted(asked, key=lambda c: (c.round, c.rank))]
        drawn = sum(r == "audit, at random" for r in reasons)
        assert 15 <= drawn <= 20  # less those that were asked about for another reason before
        assert reasons[:drawn] == ["audit, at random"] * drawn
        assert all(r.startswith("audit: labelled ") for r in reasons[drawn:])
        rounds = [sum(c.round == r for c in asked) for r in range(4)]
        assert rounds == [15, 15, 10, 0]
        truth = _column(done, "truth")
        old = _column(done, "old")
        wrong = [truth[c.item] != old[c.item] for c in asked]
        assert np.mean(wrong[drawn:]) > np.mean(wrong[:drawn]) + 0.2
        used = spent(bench.events())
        assert (used.audit, used.holdout) == (40, 30)
        assert used.annotations <= 130


def test_people_take_the_place_of_what_they_looked_at(done: Path) -> None:
    with Project(done).looking() as bench:
        last = len(bench.store.outcomes("collect")) - 1
        watermark = bench.needed(last, "collect")["watermark"]
        labels, held = bench.labels(last, watermark)
        truth = _column(done, "truth")
        ids = [bench.items(last).id_of(int(r)) for r in labels.rows]
        people = {i for i, source in zip(ids, labels.sources, strict=True) if source == "people"}
        audited = {c.item for c in bench.store.choices() if c.purpose == "audit"}
        assert audited <= people
        said = dict(zip(ids, (a[0] for a in labels.answers), strict=True))
        assert all(said[i] == truth[i] for i in people)
        assert set(held.sources) == {"people"}


def test_labels_weigh_what_they_are_trusted(done: Path) -> None:
    with Project(done).looking() as bench:
        last = len(bench.store.outcomes("collect")) - 1
        watermark = bench.needed(last, "collect")["watermark"]
        labels, _ = bench.labels(last, watermark)
        assert labels.weights is not None
        people = np.array([s == "people" for s in labels.sources])
        np.testing.assert_array_equal(labels.weights[people], 1.0)
        assert ((labels.weights >= 0.05) & (labels.weights <= 1)).all()
        found = trusted(bench, last, watermark)
        truth, old = _column(done, "truth"), _column(done, "old")
        ids = [bench.items(last).id_of(int(r)) for r in found.rows]
        right = np.array([truth[i] == old[i] for i in ids])
        assert found.right[right].mean() > found.right[~right].mean() + 0.4
        left = [
            i
            for i, source in zip(
                (bench.items(last).id_of(int(r)) for r in labels.rows), labels.sources, strict=True
            )
            if source == "existing"
        ]
        wrong_left = np.mean([truth[i] != old[i] for i in left])
        assert wrong_left < 0.05  # a sixth of all were


def test_the_random_part_measures(done: Path) -> None:
    with Project(done).looking() as bench:
        last = len(bench.store.outcomes("collect")) - 1
        watermark = bench.needed(last, "collect")["watermark"]
        found = trusted(bench, last, watermark)
        given = given_labels(bench, last, watermark)
        drawn = {bench.items(last).id_of(int(r)) for r in random_part(bench, last, given.rows)}
        truth, old = _column(done, "truth"), _column(done, "old")
        assert found.accuracy.of == 20 == len(drawn)
        assert found.accuracy.wrong == sum(truth[i] != old[i] for i in drawn)
        assert found.per_class[1].wrong == 0  # sport's labels are right where they stand
        assert sum(c.of for c in found.per_class.values()) == 20
        assert found.suspects.of >= 20


@pytest.mark.slow
def test_a_campaign_told_anew_is_the_same(done: Path, tmp_path: Path) -> None:
    """The audit's file is made again where it is gone; the same task asks the same."""
    path = begin(tmp_path)
    project = Project(path)
    seen = []

    def cut(moment: object) -> None:
        seen.append(moment)
        if len(seen) == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.run(cut)
    for file in project.state.glob("audit-*.safetensors"):
        file.unlink()
    Project(path).run()
    with Project(path).looking() as mine, Project(done).looking() as others:
        assert [(c.item, c.round, c.rank) for c in mine.store.choices()] == [
            (c.item, c.round, c.rank) for c in others.store.choices()
        ]


@pytest.mark.slow
def test_the_labels_of_somebody_else_are_a_vote(tmp_path: Path) -> None:
    path = begin(tmp_path, trust="people", audit=10)
    Project(path).run()
    with Project(path).looking() as bench:
        last = len(bench.store.outcomes("collect")) - 1
        labels, held = bench.labels(last, bench.needed(last, "collect")["watermark"])
        assert labels.weights is None
        both = [a for a in labels.annotators if "existing" in a and len(a) > 1]
        assert len(both) >= 10
        assert all("existing" not in a for a in held.annotators)


def _column(path: Path, name: str) -> dict[str, str]:
    with (path.parent / "news.csv").open(encoding="utf-8") as file:
        return {row["id"]: row[name] for row in csv.DictReader(file)}


def test_the_report_says_what_was_found(done: Path) -> None:
    page = Project(done).report().read_text(encoding="utf-8")
    told = " ".join(page.split())
    assert "Labels that were there already" in told
    assert "labels, taken as noisy; people looked at 40 of 40 items again." in told
    assert "drawn at random" in told
    assert "that says nothing of the share" in told
