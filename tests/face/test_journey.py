"""The whole way with people, from the built wheel, with the commands of the README and nothing else."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from labelwright.connectors.label_studio.client import LabelStudio
from tests.labeller import Labeller
from tests.studio_server import Studio

from .newsroom import Newsroom, following, kind_of, place, texts, topic_of
from .typing_at import Terminal

pytestmark = pytest.mark.slow

RUN, STATUS = "labelwright run news.task", "labelwright status news.task"
ALPHA = "alpha >= 0.99"  # which one single doubt denies


@pytest.fixture
def newsroom(installed: Path, studio: Studio, tmp_path: Path) -> Newsroom:
    settings = {"LABEL_STUDIO_URL": studio.url, "LABEL_STUDIO_API_KEY": studio.token}
    return Newsroom(tmp_path, installed, settings)


def test_from_nothing_to_an_exported_data_set(newsroom: Newsroom, studio: Studio) -> None:
    room = newsroom
    room.begin(
        "from    = label_studio\n  overlap = 2",
        holdout=40, budget=100, items=10, accept=f"accuracy >= 60% with 95% confidence\n  {ALPHA}",
    )  # fmt: skip
    assert "No campaign was begun" in room.run("plan", "news.task")
    project = asked_once(room)
    with Labeller(studio, "minjun") as minjun, Labeller(studio, "jiwoo") as jiwoo:
        labelled_by_two(room, project, minjun, jiwoo)
        for number in (1, 2):
            told = room.run("run", "news.task", ends=4)
            assert f"Waiting  round {number} · 10 items out · waiting for 20 answers" in told
            assert f"✗ {ALPHA.replace('alpha', 'alpha   ')}" in told
            if number == 1:
                room.rows += texts(12, first=120)
                room.write_rows()
                answer(room, project, minjun, jiwoo)
        money = {row[0] for row in room.rows if row[2] == "money" and row[0] in room.judges()}
        changed(room, studio, project)
        more_is_paid_for(room, project, minjun, jiwoo, money)
    seen(room, studio)
    exported(room)


def asked_once(room: Newsroom) -> int:
    """The first round goes out, once however often it is run; the project's number."""
    told = room.run("run", "news.task", ends=4)
    assert "Waiting  round 0 · 30 items out · waiting for 60 answers" in told
    assert following(told) == RUN
    assert room.run("run", "news.task", ends=4) == told
    assert following(room.run("status", "news.task")) == RUN
    assert room.json("status", "news.task")["decision"] == "waiting"
    return place(told)


def labelled_by_two(room: Newsroom, project: int, minjun: Labeller, jiwoo: Labeller) -> None:
    """The first round is answered; one item is skipped by one of them, one is a case of doubt."""
    first = room.label(minjun, project, topic_of)
    assert len(set(first)) == len(first) == 30
    told = room.run("sync", "news.task")
    assert told.startswith("30 new answers\n")
    assert f"round 0 · 30 items out · {minjun.email}: 30 · waiting for 30 further opinions" in told
    assert following(told) == STATUS
    skipped = next(text for text in first if topic_of(text) == "sports")
    doubted = next(text for text in first if topic_of(text) == "money")

    def think(text: str) -> str | None:
        return None if text == skipped else "weather" if text == doubted else topic_of(text)

    # What somebody has begun comes first, in any order: that is the server's way with overlap.
    assert sorted(room.label(jiwoo, project, think)) == sorted(first)
    told = room.run("sync", "news.task")
    assert told.startswith("30 new answers\n")
    assert following(told) == RUN
    assert room.run("sync", "news.task").startswith("Nothing new.")


def answer(room: Newsroom, project: int, *people: Labeller) -> list[str]:
    """Everybody answers all there is, by the classes that hold; what the first of them saw."""
    think = topic_of if room.definition == 1 else kind_of
    first, *_ = [room.label(person, project, think) for person in people]
    return first


def changed(room: Newsroom, studio: Studio, project: int) -> None:
    """One class is renamed and another one split, while a round is out."""
    room.edit(
        (room.block("sports"), 'class games {\n  describe = "Contests."\n  was = sports\n}\n'),
        (room.block("money"),
         'class bank {\n  describe = "Of banks."\n  split_of = money\n}\n'
         'class market {\n  describe = "Of markets."\n  split_of = money\n}\n'),
    )  # fmt: skip
    assert "labelwright plan news.task" in room.run("run", "news.task", ends=6)
    told = room.run("plan", "news.task")
    assert f"Label Studio project {project}: 50 items, 80 annotations. No drift." in told
    for line in ("class money splits into bank, market", "class sports is now games"):
        assert line in told
    assert "0 lost." in told
    assert following(told) == "labelwright apply news.task"
    told = room.run("apply")
    assert "Applied: definition 2 holds from round 2 on" in told
    assert following(told) == RUN
    room.definition = 2
    with LabelStudio(studio.url, studio.token) as server:
        labels = {
            part["value"]["choices"][0]
            for task in server.tasks(project, fields_all=True)
            for annotation in task["annotations"]
            for part in annotation["result"]
        }
        assert labels == {"weather", "games"}
        assert 'alias="bank"' in server.project(project)["label_config"]


def more_is_paid_for(
    room: Newsroom, project: int, minjun: Labeller, jiwoo: Labeller, money: set[str]
) -> None:
    """The budget does not reach for what is asked again: it is raised, and then all of it is asked."""
    room.run("run", "news.task", ends=4)
    answer(room, project, minjun, jiwoo)
    told = room.run("run", "news.task", ends=3)
    assert "holdout items wait to be answered again" in told
    assert "The budget of 100 annotations is spent" in told
    assert following(told) == STATUS
    room.edit(("  annotations = 100", "  annotations = 160"))
    told = room.run("run", "news.task", ends=4)
    assert following(told) == RUN
    asked = set(answer(room, project, minjun, jiwoo))
    assert money <= {identity for identity, text, _ in room.rows if text in asked}
    told = room.run("run", "news.task")
    assert "PASS after" in told
    assert following(told) == "labelwright export news.task"


def seen(room: Newsroom, studio: Studio) -> None:
    """What one looks at in the end."""
    told = room.run("status", "news.task")
    assert following(told) == "labelwright report news.task"
    people = room.json("status", "news.task")["annotators"]
    given = {person for _, person in room.said}
    assert {one["annotator"] for one in people} == given
    report = room.folder / room.run("report", "news.task").strip()
    page = report.read_text(encoding="utf-8")
    assert "PASS" in page
    assert "REHEARSAL" not in page
    assert studio.token not in page
    history = room.json("history", "news.task")
    assert [one["kind"] for one in history] == ["begin", "plan", "run"]
    assert room.json("curve", "news.task")["rounds"][-1]["accuracy"]["estimate"] is not None
    assert "✗" not in room.run("doctor", "news.task")


def exported(room: Newsroom) -> None:
    """The data set holds what people said, item by item, under the classes that hold now."""
    room.run("export", "news.task", "--out", "labels.csv")
    with (room.folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["item"]: row for row in csv.DictReader(file)}
    judges = room.judges()
    text_of = {identity: text for identity, text, _ in room.rows}
    assert {item: row["label"] for item, row in rows.items()} == {
        item: kind_of(text_of[item]) for item in judges
    }
    assert {item: row["annotators"].split("; ") for item, row in rows.items()} == judges
    assert {item: int(row["annotations"]) for item, row in rows.items()} == {
        item: len(people) for item, people in judges.items()
    }
    assert {row["source"] for row in rows.values()} == {"people"}
    assert all(row["text"] == text_of[item] for item, row in rows.items())
    number_of = {item: number for (item, _), (_, number) in room.said.items()}
    hashes: dict[int, set[str]] = {1: set(), 2: set()}
    for item, row in rows.items():
        hashes[number_of[item]].add(row["definition"])
    first, second = hashes[1], hashes[2]
    assert len(first) == 1
    assert first.isdisjoint(second)


def test_left_running_killed_and_stopped(newsroom: Newsroom, studio: Studio) -> None:
    """`run --watch --listen`: woken by the server, so that nothing is looked for in between."""
    room = newsroom
    room.begin("from = label_studio", holdout=20, budget=50, items=10, accept="alpha >= 0.99")
    words = room.command("run", "news.task", "--watch", "--every", "600", "--listen", "0")
    with Labeller(studio, "minjun") as minjun:
        with Terminal(words, folder=room.folder, env=room.env(), size=(40, 100)) as watching:
            watching.see("round 0 · 30 items out · waiting for 30 answers", seconds=60)
            project = place(watching.plain)
            room.label(minjun, project, topic_of)
            watching.see("round 1 · 10 items out · waiting for 10 answers", seconds=90)
            watching.kill()
        left = room.run("doctor", "news.task", ends=1)
        assert "which a webhook calls: a run ended abruptly" in left
        with Terminal(words, folder=room.folder, env=room.env(), size=(40, 100)) as watching:
            watching.see("round 1 · 10 items out · waiting for 10 answers", seconds=60)
            assert "a webhook wakes the run" in room.run("doctor", "news.task")
            room.label(minjun, project, topic_of)
            watching.see("round 2 · 10 items out", seconds=90)
            watching.press("\x03")
            assert watching.end() == 130
            assert "Traceback" not in watching.plain
    assert "webhook" not in room.run("doctor", "news.task")
    assert "round 2 · 10 items out" in room.run("status", "news.task")


# --- without a server -------------------------------------------------------------------------


def test_at_the_terminal_batch_after_batch(newsroom: Newsroom) -> None:
    room = newsroom
    room.begin("from = terminal", holdout=20, budget=40, items=10, accept="alpha >= 0.99")
    key = {"weather": "1", "sports": "2", "money": "3"}
    words = room.command("run", "news.task", "--as", "kim")
    with Terminal(words, folder=room.folder, env=room.env()) as desk:
        for number in range(1, 6):
            typed(room, desk, number, 30, key)
        desk.see("6 of 30")
        desk.press("q")
        assert desk.end() == 4
    told = room.run("run", "news.task", ends=4)  # nobody sits there
    assert following(told) == "labelwright label news.task"
    with Terminal(words, folder=room.folder, env=room.env()) as desk:
        for number in range(6, 31):
            typed(room, desk, number, 30, key)
        desk.see("Nothing more is open to you")
        desk.press("\r")
        for number in range(1, 11):
            typed(room, desk, number, 10, key)
        desk.see("Nothing more is open to you")
        desk.press("\r")
        assert desk.end(seconds=90) == 3
        assert "1     10     20" in desk.plain
        assert f"Next     {STATUS}" in desk.plain
    assert labels(room) == {i: topic_of(text) for i, text, _ in room.rows if i in room.judges()}


def typed(room: Newsroom, desk: Terminal, number: int, of: int, key: dict[str, str]) -> None:
    """Answer the item on the screen."""
    screen = desk.see(rf"\b{number} of {of}\b(?s:.)*quit", seconds=60)
    there = [row for row in room.rows if row[1] in screen]
    assert len(there) == 1, screen
    item = there[0]
    room.said[item[0], "kim"] = item[2], 1
    desk.press(key[item[2]])


def test_in_files(newsroom: Newsroom) -> None:
    room = newsroom
    room.begin(
        'from = files("exchange", format = csv)',
        holdout=20, budget=50, items=10, accept="accuracy >= 60% with 95% confidence",
    )  # fmt: skip
    told = room.run("run", "news.task", ends=4)
    path = room.folder / place_of_file(told)
    filled_in(room, path, "kim", last="no such class")
    told = room.run("run", "news.task", ends=4)
    assert "no such class" in told, "what cannot be read is said"
    assert "waiting for 1 answer" in told
    filled_in(room, path, "kim")
    told = room.run("run", "news.task", ends=(0, 4))
    while "PASS after" not in told:
        filled_in(room, room.folder / place_of_file(told), "kim")
        told = room.run("run", "news.task", ends=(0, 4))
    assert following(told) == "labelwright export news.task"
    assert labels(room) == {i: topic_of(text) for i, text, _ in room.rows if i in room.judges()}


def place_of_file(told: str) -> str:
    """The file that people are sent to."""
    return next(line.split()[1] for line in told.splitlines() if line.startswith("People "))


def filled_in(room: Newsroom, path: Path, person: str, last: str | None = None) -> None:
    """Everything answered in a spreadsheet; the last row otherwise, where that is given."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {"label": topic_of(row["text"]), "annotator": person}
        room.said[row["item"], person] = row["label"], 1
    rows[-1]["label"] = last or rows[-1]["label"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def labels(room: Newsroom) -> dict[str, str]:
    """What is exported, by item."""
    room.run("export", "news.task", "--out", "labels.csv")
    with (room.folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {row["item"]: row["label"] for row in csv.DictReader(file)}
