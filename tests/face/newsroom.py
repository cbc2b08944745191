"""A folder in which somebody works with the installed labelwright, and the people who label for them."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .wheel import clean

if TYPE_CHECKING:
    from tests.labeller import Labeller

Topics = Mapping[str, tuple[str, ...]]

FIRST: Topics = {
    "weather": (
        "오늘은 비가 많이 온다", "내일 눈이 내린다고 한다", "바람이 세게 불고 비가 온다",
        "rain and wind all day", "snow and wind in the north", "a day of heavy rain",
    ),
    "sports": (
        "어제 축구 경기에서 이겼다", "투수가 축구 선수보다 빠르다", "선수가 경기에서 골을 넣었다",
        "the team won the match", "the striker of the team scored", "fans of the match cheered",
    ),
    "money": (
        "은행 이자가 올랐다", "은행 대출이 늘었다", "주식 시장이 떨어졌다",
        "the bank raised its rates", "the bank gave a loan", "shares fell on the stock market",
    ),
}  # fmt: skip
"""What the texts are about, at first; two thirds of those about money are about banks."""


def texts(count: int, first: int = 0) -> list[tuple[str, str, str]]:
    """(id, text, topic), each text once; one topic after another, Korean and English by turns."""
    rows = []
    for n in range(first, first + count):
        topic = tuple(FIRST)[n % 3]
        rows.append((f"n{n:03d}", f"{FIRST[topic][n // 3 % 6]} ({n})", topic))
    return rows


def topic_of(text: str) -> str:
    """What it is about, in the first words."""
    return next(t for t, some in FIRST.items() if text.startswith(some))


def kind_of(text: str) -> str:
    """What it is about, in the words that came later: sports are games; banks are not markets."""
    topic = topic_of(text)
    if topic == "money":
        return "bank" if "은행" in text or "bank" in text else "market"
    return {"sports": "games"}.get(topic, topic)


@dataclass
class Newsroom:
    """`said`: what each person answered last about each item, None for a skip, and under which definition."""

    folder: Path
    scripts: Path
    settings: Mapping[str, str] = field(repr=False)
    said: dict[tuple[str, str], tuple[str | None, int]] = field(default_factory=dict)
    definition: int = 1  # the number of the one that holds
    rows: list[tuple[str, str, str]] = field(default_factory=lambda: texts(120))

    def __post_init__(self) -> None:
        self.write_rows()

    def write_rows(self) -> None:
        """The data as they are now."""
        with (self.folder / "news.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("id", "text", "topic"), *self.rows])

    def command(self, *words: str) -> list[str]:
        """The installed command."""
        return [str(self.scripts / "labelwright"), *words]

    def env(self) -> dict[str, str]:
        """What the user has exported, and nothing of the tests."""
        return {**clean(), **self.settings, "LABELWRIGHT_CACHE": str(self.folder / "cache")}

    def run(self, *words: str, ends: int | tuple[int, ...] = 0) -> str:
        """What a command prints, or its error. Fails where it ends otherwise than it should."""
        allowed = (ends,) if isinstance(ends, int) else ends
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.env(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        told = done.stdout + done.stderr
        assert done.returncode in allowed, f"{words} ended with {done.returncode}:\n{told}"
        assert "Traceback" not in told
        return done.stdout if done.returncode in (0, 3, 4) else told

    def json(self, *words: str, ends: int = 0) -> Any:
        """What a command prints with --json."""
        return json.loads(self.run(*words, "--json", ends=ends))

    def edit(self, *changes: tuple[str, str]) -> None:
        """Change the task file, each place once."""
        path = self.folder / "news.task"
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times:\n{text}"
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def begin(self, people: str, *, accept: str, **numbers: int) -> None:
        """init, check, and what a user edits before anybody is asked. numbers: holdout, budget, items."""
        told = self.run("init", "news.task", "--from", "news.csv", "--label", "topic")
        assert "weather: 40 items" in told
        assert following(told) == "labelwright run news.task"
        text = (self.folder / "news.task").read_text(encoding="utf-8")
        (rehearsal,) = [line for line in text.splitlines() if "simulate(" in line]
        self.edit(
            (rehearsal.strip(), people),
            ("annotations = 24  #", f"annotations = {numbers['holdout']}  #"),
            ("annotations = 120  #", f"annotations = {numbers['budget']}  #"),
            ("per_round   = 20 items", f"per_round   = {numbers['items']} items"),
            ("accuracy >= 80%", accept),
        )
        assert "no error" in self.run("check", "news.task")
        assert following(self.run("check", "news.task", "--data")) == "labelwright run news.task"

    def label(
        self, person: Labeller, project: int, think: Callable[[str], str | None]
    ) -> list[str]:
        """A person answers all that the server serves; the texts, in the order in which they came."""
        seen = []
        by_text = {text: identity for identity, text, _ in self.rows}
        while (task := person.next(project)) is not None:
            text = task["data"]["text"]
            seen.append(text)
            answer = think(text)
            self.said[by_text[text], person.email] = answer, self.definition
            if answer is None:
                person.skip(task["id"])
            else:
                person.choose(task["id"], answer)
        return seen

    def judges(self) -> dict[str, list[str]]:
        """By item, who gave it a label."""
        found: dict[str, list[str]] = {}
        for (item, person), (answer, _) in sorted(self.said.items()):
            if answer is not None:
                found.setdefault(item, []).append(person)
        return found

    def block(self, name: str) -> str:
        """A class as it stands in the task file."""
        text = (self.folder / "news.task").read_text(encoding="utf-8")
        start = text.index(f"class {name} ")
        return text[start : text.index("\n}\n", start) + 3]


def following(told: str) -> str:
    """The command that the last lines tell to use next."""
    return re.findall(r"labelwright (?:\S+ ?)+", told.splitlines()[-1])[-1].strip()


def place(told: str) -> int:
    """The project that people are sent to."""
    return int(re.findall(r"\bPeople   http://\S+/projects/(\d+)/data\b", told)[-1])
