"""A small campaign whose classes change: its file, its data, and what came of it."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from labelwright import Project

WORDS = {
    "money": ["market", "shares", "profit", "bank"],
    "theft": ["stolen", "burglar", "robbery", "wallet"],
    "scam": ["phishing", "fake", "invoice", "fraudster"],
    "sport": ["match", "goal", "league", "coach"],
}
TASK = """
task news "News" {}
class Business { aliases = [money] }
class Crime { aliases = [theft, scam] }
class Sports { aliases = [sport] }
data {
  source = csv("news.csv")
  id = id
  text = body
}
holdout {
  size = 25%
  annotations = 40
}
annotators { from = simulate(column = label, people = 3, error = 4%) }
budget {
  annotations = 100
  price = 0.30 USD per annotation
  per_round = 15 items
}
query {
  phase cold until labels >= 15 { strategy = k_means }
  phase main { strategy = margin }
}
rules {
  phishing: vote Crime when body contains "phishing"
}
accept { accuracy >= 99.9% }
"""
RENAMED = ("class Business {", "class 경제 {\n  was = Business\n")
SPLIT = (
    "class Crime { aliases = [theft, scam] }",
    "class Fraud {\n  split_of = Crime\n  aliases = [scam]\n}\n"
    "class OtherCrime {\n  split_of = Crime\n  aliases = [theft]\n}",
)
VOTE = ("vote Crime", "vote Fraud")


def edited(*edits: tuple[str, str], text: str = TASK) -> str:
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


CHANGED = edited(RENAMED, SPLIT, VOTE)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    chance = random.Random(5)
    with (tmp_path / "news.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "body", "label"))
        for number in range(240):
            label = chance.choice(list(WORDS))
            others = chance.choices([w for words in WORDS.values() for w in words], k=1)
            body = " ".join([*chance.choices(WORDS[label], k=3), *others])
            writer.writerow((f"i{number}", body, label))
    path = tmp_path / "news.task"
    path.write_text(TASK, encoding="utf-8")
    return path


def write(task: Path, text: str) -> Project:
    task.write_text(text, encoding="utf-8")
    return Project(task)


def labels(project: Project) -> dict[str, str]:
    path = project.export(project.state / "out.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["item"]: row["label"] for row in rows if row["source"] == "people"}


def rows(project: Project, query: str) -> list[Any]:
    connection = sqlite3.connect(project.state / "state.db")
    found = connection.execute(query).fetchall()
    connection.close()
    return found
