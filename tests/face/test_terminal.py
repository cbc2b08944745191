from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from labelwright.console import RichProgress, in_color, say
from labelwright.plotting import curve_view, whisker
from labelwright.summary import accuracy_targets
from labelwright.terminal import (
    RoundTable,
    closing,
    round_table,
    status_view,
    strategy_in_words,
    verdict_lines,
)
from labelwright.words import cell_width

from .campaigns import ALL, banking, empty, korean, steady, two_classes

GOLDEN = Path(__file__).with_name("golden")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def whole_run() -> str:
    case = steady()
    end = closing(
        case.task,
        case.campaign,
        report=".labelwright/reviews/report.html",
        following="labelwright export reviews.task",
    )
    return f"{round_table(case.campaign)}\n\n{verdict_lines(case.task, case.campaign)}\n{end}\n"


def status() -> str:
    case = steady()
    return status_view(case.task, case.campaign, following="labelwright report reviews.task") + "\n"


def curve() -> str:
    case = steady()
    return curve_view(case.campaign, targets=accuracy_targets(case.task)) + "\n"


@pytest.mark.parametrize("view", [whole_run, status, curve])
def test_golden(view) -> None:  # type: ignore[no-untyped-def]
    path = GOLDEN / f"{view.__name__}.txt"
    if os.environ.get("LABELWRIGHT_GOLDEN"):
        path.write_text(view(), encoding="utf-8")
    assert view() == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    case = ALL[name]()
    views = [
        round_table(case.campaign, width=width),
        verdict_lines(case.task, case.campaign, width=width),
        curve_view(case.campaign, targets=accuracy_targets(case.task), width=width),
    ]
    for view in views:
        assert all(cell_width(line) <= width for line in view.splitlines())


def test_lines_of_the_table_end_in_one_column() -> None:
    lines = round_table(banking().campaign).splitlines()
    assert len({cell_width(line) for line in lines[2:]} | {cell_width(lines[0])}) == 1
    assert len(lines) == 2 + 36


def test_the_table_can_be_printed_as_it_grows() -> None:
    campaign = korean().campaign
    table = RoundTable()
    assert "\n".join(table.lines(r) for r in campaign.rounds) == round_table(campaign)


@pytest.mark.parametrize(
    ("figures", "picture"),
    [
        ((0.75, 0.5, 1.0), "├────●────┤"),
        ((0.5, 0.5, 0.5), "●          "),
        ((1.0, 0.9, 1.0), "        ├─●"),
        ((0.6, 0.2, 0.7), "‹─●─┤      "),
        ((0.2, 0.1, 0.3), "●          "),
        ((None, None, None), "           "),
    ],
)
def test_whisker(figures: tuple[float | None, float | None, float | None], picture: str) -> None:
    estimate, low, high = figures
    assert whisker(estimate, low, high, floor=0.5, width=11) == picture


def test_strategies_in_words() -> None:
    assert strategy_in_words("mix(margin, random(10%))") == "margin + 10% random"
    assert strategy_in_words("committee(members = 5)") == "committee(members = 5)"


def test_the_three_outcomes_end_differently() -> None:
    passed, failed, open_ = steady(), banking(), korean()
    assert closing(passed.task, passed.campaign).startswith(
        "PASS after 300 annotations on training"
    )
    text = closing(failed.task, failed.campaign)
    assert "FAIL after 3,600 annotations on training and 1,000 on the holdout (of 4,600)." in text
    assert text.startswith("The budget of 4,600 annotations is spent.")
    assert "NOT YET KNOWN after 500" in closing(open_.task, open_.campaign)


def test_before_the_first_round() -> None:
    case = empty()
    assert round_table(case.campaign) == ""
    assert "no curve" in curve_view(case.campaign)
    text = status_view(case.task, case.campaign)
    assert "not known: no round has finished" in text
    assert "0 of 600 annotations" in text
    assert "nobody has answered yet" in text


def test_no_text_of_the_user_steers_the_terminal() -> None:
    case = two_classes()
    title = case.campaign.model_copy(update={"title": "a\x1b]0;owned\x07b\u202ec"})
    assert not set(status_view(case.task, title)) & set("\x1b\x07\u202e")


def test_say_is_plain_in_a_pipe() -> None:
    pipe = io.StringIO()
    say(" ✓ accuracy", stream=pipe)
    assert pipe.getvalue() == " ✓ accuracy\n"


def test_say_is_coloured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    say(" ✓ [bold]accuracy[/bold] " + "x" * 200, stream=terminal)
    text = terminal.getvalue()
    assert "\x1b[" in text
    assert "[bold]accuracy[/bold] " + "x" * 200 in text
    assert text.count("\n") == 1


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_can_be_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert in_color(Terminal())
    monkeypatch.setenv(name, value)
    terminal = Terminal()
    say(" ✓ accuracy", stream=terminal)
    assert terminal.getvalue() == " ✓ accuracy\n"


def test_progress_is_silent_in_a_pipe() -> None:
    pipe = io.StringIO()
    with RichProgress(stream=pipe, patience=0) as progress:
        for done in range(5):
            progress("embed", done, 5)
    assert pipe.getvalue() == ""


def test_progress_waits_a_second_then_shows_and_clears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    now = [0.0]
    terminal = Terminal()
    with RichProgress(stream=terminal, clock=lambda: now[0]) as progress:
        progress("embed", 0, 10)
        now[0] = 0.9
        progress("embed", 3, 10)
        assert terminal.getvalue() == ""
        now[0] = 1.1
        progress("embed", 4, 10)
        progress("embed", 5, 10)
        progress("embed", 10, 10)
    assert "embed" in terminal.getvalue()
    assert terminal.getvalue().removesuffix("\x1b[?25h\r").endswith("\r\x1b[2K")


def test_a_step_spins_until_a_bar_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal, pipe = Terminal(), io.StringIO()
    with RichProgress(stream=terminal, patience=0) as progress, RichProgress(stream=pipe) as silent:
        silent.step("round 0: embed")
        progress.step("round 0: embed")
        progress("encoding", 0, 10)
        progress("encoding", 5, 10)
    shown = terminal.getvalue()
    assert 0 < shown.index("round 0: embed") < shown.index("encoding")
    assert pipe.getvalue() == ""


def test_short_work_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = Terminal()
    with RichProgress(stream=terminal, clock=lambda: 0.0) as progress:
        for done in range(4):
            progress("split", done, 3)
    assert terminal.getvalue() == ""
