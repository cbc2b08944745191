"""`labelwright label` at a real pseudo-terminal: keys, undo, quit, death, two people at once."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labelwright import Project, labelling
from labelwright.loop.errors import DefinitionChanged, LabelwrightError, StoreError
from labelwright.loop.store import Store

from .typing_at import Terminal

TASK = """
task speech "발화 의도" {
  guide = "말하는 사람이 무엇을 하려는지 고르세요."
}
class Statement "서술" {
  describe = "사실을 알리는 말."
  examples = ["비 온다"]
}
class Question "질문" {
  describe        = "모르는 것을 알려 달라는 말."
  counterexamples = ["그걸 누가 아니"]
}
class Command "명령" {
  hotkey = "q"
}
data {
  source = csv("speech.csv")
  id     = id
  text   = text
}
holdout {
  size        = 30%
  annotations = 3
}
annotators {
  from    = terminal
  overlap = 1
}
budget {
  annotations = 20
  per_round   = 5 items
}
query { phase main { strategy = random } }
train { encoder = tfidf }
"""
SAID = ["오늘은 비가 온다", "지금 몇 시야", "창문 닫아", "누가 왔어", "책이 재미있다"]
ITEMS = 8  # in the first batch: five to learn from, three that measure
LABELWRIGHT = str(Path(sys.executable).parent / "labelwright")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "speech.task").write_text(TASK, encoding="utf-8")
    with (tmp_path / "speech.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows([f"u{n}", f"{SAID[n % 5]} {n} \x1b[2J\x1b]0;x\x07"] for n in range(30))
    return tmp_path


@pytest.fixture
def campaign(folder: Path) -> Path:
    decision = Project(folder / "speech.task").run()
    assert decision.ending == "waiting"
    return folder


def env(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LABELWRIGHT")}
    kept.pop("NO_COLOR", None)
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def at_desk(folder: Path, name: str = "kim", size: tuple[int, int] = (24, 80)) -> Terminal:
    command = [LABELWRIGHT, "label", "speech.task", "--as", name]
    return Terminal(command, folder=folder, env=env(), size=size)


def held(folder: Path) -> list[tuple[str, tuple[str, ...], bool]]:
    """(annotator, labels, skipped) of the answers that stand, in the order of the items."""
    from labelwright.loop.outbox import Outbox

    with Store(folder / ".labelwright" / "speech") as store:
        outbox = Outbox(store)
        order = [s.uid for s in outbox.sent()]
        stand = [h for h in outbox.held() if not h.deleted]
    return [
        (h.annotator, h.labels, h.skipped) for h in sorted(stand, key=lambda h: order.index(h.uid))
    ]


def test_a_batch_from_its_first_item_to_the_next_round(campaign: Path) -> None:
    with at_desk(campaign) as terminal:
        first = terminal.see(rf"1 / {ITEMS}")
        assert "발화 의도 · kim" in first
        assert "1 서술" in first
        assert "q 명령" in first
        assert "Ctrl-D 끝내기" in first  # q is a class
        assert "[2J" in first  # what the item says is shown, and does nothing
        assert "\x1b[2J" not in terminal.output
        assert "\x1b]0;" not in terminal.output

        terminal.press("?")
        guide = terminal.see("아무 키나")
        assert "사실을 알리는 말." in guide
        assert "그걸 누가 아니" in guide
        terminal.press(" \r")
        terminal.see(rf"1 / {ITEMS}")

        terminal.press("1")
        terminal.see(rf"2 / {ITEMS}")
        terminal.press("ㅂ")  # q on a keyboard set to Korean
        terminal.see(rf"3 / {ITEMS}")
        terminal.press("s")
        terminal.see(rf"4 / {ITEMS}")
        terminal.press("7")
        terminal.see("7: 여기서 쓰지 않는 키")
        terminal.press("uu")
        terminal.see("앞서 고른 답: 명령")
        assert len(held(campaign)) == 1
        terminal.press("2")
        terminal.see(rf"3 / {ITEMS}")
        terminal.press("\x04")
        assert terminal.end() == 4
        assert "2 items answered by kim; 6 more open to kim." in terminal.plain
        assert terminal.mode() == terminal.before
    assert held(campaign) == [("kim", ("Statement",), False), ("kim", ("Question",), False)]

    with at_desk(campaign, size=(20, 60)) as terminal:
        screen = terminal.see(rf"3 / {ITEMS}")
        assert max(map(len, screen.splitlines())) <= 60
        terminal.press("12112q")
        terminal.see("더 할 것이 없습니다")
        terminal.press("\r")
        assert terminal.end() == 0
        assert "Next     labelwright run speech.task" in terminal.plain
    assert len(held(campaign)) == ITEMS

    project = Project(campaign / "speech.task")
    assert project.run().ending == "waiting"
    (record,) = project.rounds_so_far()
    assert record.annotations == 5
    assert record.holdout_annotations == 3
    assert not project.campaign().rehearsal
    assert labelling.waiting(project, "kim").here == 5


def test_an_answer_to_an_earlier_batch_is_changed(campaign: Path) -> None:
    with at_desk(campaign) as terminal:
        terminal.see(rf"1 / {ITEMS}")
        terminal.press("1" * ITEMS + "\r")
        assert terminal.end() == 0
    project = Project(campaign / "speech.task")
    project.run()
    with at_desk(campaign) as terminal:
        terminal.see("1 / 5")
        terminal.press("u")
        terminal.see("앞서 고른 답: 서술")
        terminal.press("2\x04")
        assert terminal.end() == 4
    project.run()
    with Store(campaign / ".labelwright" / "speech") as store:
        labels = [e.labels for e in store.events()]
    assert labels.count(("Question",)) == 1
    assert labels.count(("Statement",)) == ITEMS - 1


@pytest.mark.parametrize("answers", [0, 3])
def test_killed_in_the_middle_nothing_is_lost(campaign: Path, answers: int) -> None:
    with at_desk(campaign) as terminal:
        terminal.see(rf"1 / {ITEMS}")
        terminal.press("1" * answers)
        terminal.see(rf"{answers + 1} / {ITEMS}")
        terminal.kill()
    assert held(campaign) == [("kim", ("Statement",), False)] * answers
    with at_desk(campaign) as terminal:
        terminal.see(rf"{answers + 1} / {ITEMS}")
        terminal.press("1" * (ITEMS - answers))
        terminal.see("더 할 것이 없습니다")
        terminal.press("\r")
        assert terminal.end() == 0
    assert held(campaign) == [("kim", ("Statement",), False)] * ITEMS
    assert Project(campaign / "speech.task").run().ending == "waiting"


def test_ctrl_c_leaves_as_quitting_does(campaign: Path) -> None:
    with at_desk(campaign) as terminal:
        terminal.see(rf"1 / {ITEMS}")
        terminal.press("1")
        terminal.see(rf"2 / {ITEMS}")
        terminal.press("\x03")
        assert terminal.end() == 4
        assert "Traceback" not in terminal.output
        assert "1 item answered by kim" in terminal.plain
        assert terminal.mode() == terminal.before
    assert len(held(campaign)) == 1


def test_the_window_changes_its_size_and_comes_back(campaign: Path) -> None:
    with at_desk(campaign) as terminal:
        terminal.see("─" * 80)
        terminal.resize((20, 60))
        os.killpg(terminal.process.pid, signal.SIGWINCH)
        terminal.see(r"(?m)^─{60}$")
        terminal.press("1")
        terminal.see(rf"2 / {ITEMS}")
        os.killpg(terminal.process.pid, signal.SIGSTOP)
        os.killpg(terminal.process.pid, signal.SIGCONT)
        terminal.press("1")
        terminal.see(rf"3 / {ITEMS}")
        terminal.press("\x04")
        assert terminal.end() == 4


def test_two_people_at_once(campaign: Path) -> None:
    with at_desk(campaign, "kim") as kim:
        kim.see(rf"1 / {ITEMS}")
        with at_desk(campaign, "lee") as lee:
            lee.see("1 / ")
            for n in range(3):
                kim.press("1")
                lee.press("2")
                kim.see(rf"{n + 2} / ")
                lee.see(rf"{n + 2} / ")
            lee.press("\x04")
            assert lee.end() == 4
        kim.press("1")
        kim.see("5 / ")
        kim.press("1\r")
        kim.see("더 할 것이 없습니다|open to kim")
        kim.press("\r")
        assert kim.end() == 0
    stands = held(campaign)
    assert len(stands) == ITEMS
    assert {who for who, _, _ in stands} == {"kim", "lee"}
    assert Project(campaign / "speech.task").run().ending == "waiting"


def test_without_a_terminal_lines_are_read(campaign: Path) -> None:
    done = subprocess.run(
        [LABELWRIGHT, "label", "speech.task", "--json"],
        cwd=campaign, env=env(LABELWRIGHT_ANNOTATOR="이 영희"), input="1\n질문\n?\n\n:skip\nu\n",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert json.loads(done.stdout) == {
        "task": "speech",
        "annotator": "이 영희",
        "answered": 2,
        "open": ITEMS - 2,
        "open_to_all": ITEMS - 2,
    }
    assert "\x1b" not in done.stderr
    assert ":quit 끝내기" in done.stderr
    assert held(campaign) == [
        ("이 영희", ("Statement",), False),
        ("이 영희", ("Question",), False),
    ]


def test_no_colour_where_none_is_wanted(campaign: Path) -> None:
    command = [LABELWRIGHT, "label", "speech.task", "--as", "kim"]
    with Terminal(command, folder=campaign, env=env(NO_COLOR="1")) as terminal:
        terminal.see(rf"1 / {ITEMS}")
        terminal.press("\x04")
        assert terminal.end() == 4
        assert not [c for c in terminal.output.split("\x1b[") if c[:4].rstrip("0123456789;") == "m"]


# --- what does not go -------------------------------------------------------------------------


def test_nothing_to_label_before_the_first_run(folder: Path) -> None:
    with pytest.raises(StoreError, match="was not run yet"):
        labelling.label(Project(folder / "speech.task"), "kim")


def test_people_who_answer_elsewhere(campaign: Path) -> None:
    task = campaign / "speech.task"
    task.write_text(TASK.replace("from    = terminal", 'from = files("out")'), encoding="utf-8")
    with pytest.raises(LabelwrightError, match="answer in files"):
        labelling.label(Project(task), "kim")


def test_a_file_that_means_something_else(campaign: Path) -> None:
    task = campaign / "speech.task"
    task.write_text(TASK.replace("class Statement", "class Telling"), encoding="utf-8")
    with pytest.raises(DefinitionChanged, match="changed its meaning"):
        labelling.label(Project(task), "kim")


def test_a_change_that_is_applied_while_somebody_labels(campaign: Path) -> None:
    task = campaign / "speech.task"
    with at_desk(campaign) as terminal:
        terminal.see(rf"1 / {ITEMS}")
        terminal.press("1")
        terminal.see(rf"2 / {ITEMS}")
        changed = 'class Telling "서술" {\n  was = Statement'
        task.write_text(TASK.replace('class Statement "서술" {', changed), encoding="utf-8")
        project = Project(task)
        project.apply(project.plan())
        terminal.press("1")
        assert terminal.end() == 6
        assert "was applied while you were labelling" in terminal.output
        assert "Traceback" not in terminal.plain
        assert terminal.mode() == terminal.before
    assert len(held(campaign)) == 1
    with at_desk(campaign) as terminal:
        terminal.see(rf"2 / {ITEMS}")
        terminal.press("1" * (ITEMS - 1) + "\r")
        assert terminal.end() == 0
    assert Project(task).run().ending == "waiting"
    with Store(campaign / ".labelwright" / "speech") as store:
        labels = [e.labels for e in store.events()]
    assert sorted(labels) == [("Statement",), *[("Telling",)] * (ITEMS - 1)]


@pytest.mark.parametrize("name", ["", "  ", "a\x1bb"])
def test_names_that_are_none(campaign: Path, name: str) -> None:
    done = subprocess.run(
        [LABELWRIGHT, "label", "speech.task", "--as", name],
        cwd=campaign, env=env(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "is no name of an annotator" in done.stderr
