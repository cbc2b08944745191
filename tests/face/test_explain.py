"""`labelwright explain`: every code and every word has an answer, on a terminal and in a pipe."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import labelwright.cli.explain as command
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.explaining import GROUPS, codes, page
from labelwright.dsl.glossary import look_up, words
from labelwright.dsl.read import read
from labelwright.dsl.vocabulary import BLOCKS
from labelwright.explained import all_codes, facts, meaning_text, page_text
from labelwright.loop.errors import LabelwrightError
from labelwright.loop.plugins import Installed
from labelwright.words import cell_width, wrap

HEAVY = {"torch", "sklearn", "numpy", "scipy", "pyarrow", "matplotlib", "jinja2", "rich"}
INSTALLED = Installed()


def plain(style: str, text: str) -> str:
    return text


def told(capsys: pytest.CaptureFixture[str], what: str | None, *, as_json: bool = False) -> str:
    command.explain(what, json=as_json)
    return capsys.readouterr().out


# --- codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", codes())
def test_the_examples_mean_the_same_with_what_is_installed(code: str) -> None:
    """They are copied: what is right must be so with the plug-ins that come with labelwright."""
    for part in page(code).parts:
        if part.kind == "right":
            reading = read(SourceText(f"{code}.task", part.source), INSTALLED)
            assert [d.message for d in reading.errors] == []


@pytest.mark.parametrize("code", codes())
@pytest.mark.parametrize("width", [40, 80])
def test_prose_keeps_to_the_width_and_code_is_whole(code: str, width: int) -> None:
    text = page_text(page(code), width, plain)
    assert text.startswith(f"{page(code).severity}[{code}]: {page(code).title}")
    for line in text.splitlines()[1:]:
        in_example = line.startswith(("    ", "  ✗ ", "  ✓ "))
        assert in_example or cell_width(line) <= width
        assert "](" not in line
    for part in page(code).parts:
        for line in part.text.splitlines() if part.kind != "text" else ():
            assert line in text


def test_the_lines_that_differ_are_marked() -> None:
    text = page_text(page("E202"), 80, plain)
    assert [line for line in text.splitlines() if line.startswith("  ✗")] == [
        "  ✗   anotations = 300"
    ]
    assert [line for line in text.splitlines() if line.startswith("  ✓")] == [
        "  ✓   annotations = 300"
    ]


def test_wrong_is_red_and_right_is_green(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelwright.console.in_color", lambda stream: True)
    text = page_text(page("E202"), 80, command._paint)
    (wrong,) = [line for line in text.splitlines() if "✗" in line]
    (right,) = [line for line in text.splitlines() if "✓" in line]
    assert wrong.startswith("\x1b[31m")
    assert right.startswith("\x1b[32m")
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == page_text(page("E202"), 80, plain)


@pytest.mark.parametrize("what", ["E201", "e201", "[E201]", "error[E201]:", " e201 "])
def test_a_code_is_found_however_it_is_written(
    capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert told(capsys, what).startswith("error[E201]: no class is called so\n")


def test_all_codes_are_listed_by_group(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, None)
    assert re.findall(r"(?m)^  ([EL]\d{3})  \S", text) == list(codes())
    groups = list(dict.fromkeys(page(code).group for code in codes()))
    assert [line for line in text.splitlines() if line in GROUPS.values()] == groups
    assert "Next     labelwright explain" in text
    for line in all_codes(40, plain).splitlines():
        assert cell_width(line) <= 40 or line in GROUPS.values()


def test_json_of_codes(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(told(capsys, None, as_json=True))
    assert [entry["code"] for entry in listed] == list(codes())
    assert {entry["severity"] for entry in listed} == {"error", "warning"}
    one = json.loads(told(capsys, "E202", as_json=True))
    assert one["title"] == page("E202").title
    assert [e["kind"] for e in one["examples"]] == ["wrong", "right"]
    assert "anotations = 300" in one["examples"][0]["text"]
    assert one["see"] == ["E226"]


@pytest.mark.parametrize(
    ("what", "message", "remedy"),
    [
        ("E2O1", "there is no code E2O1", "did you mean E201?"),
        ("E999", "there is no code E999", "lists all codes"),
        ("hodlout", "no word hodlout", "labelwright explain holdout"),
        ("budget.mony", "no word budget.mony", "labelwright explain money"),
        ("xylophone", "no word xylophone", "its blocks are task, class, data"),
        ("경제", "no word 경제", "its blocks are"),
        ("\x1b[31mred", "no word [31mred", ""),
        ("", "no word", "its blocks are"),
    ],
)
def test_what_is_not_known_is_an_error_that_helps(what: str, message: str, remedy: str) -> None:
    with pytest.raises(LabelwrightError) as caught:
        command.explain(what)
    assert message in caught.value.message
    assert remedy in caught.value.remedy
    assert caught.value.exit_code == 1


@given(st.text(max_size=12))
def test_any_word_has_an_answer_or_an_error(what: str) -> None:
    if command._code(what) not in codes() and not look_up(what, INSTALLED):
        with pytest.raises(LabelwrightError) as caught:
            command.explain(what)
        assert not re.search(r"[\x00-\x1f\ud800-\udfff]", caught.value.message)


# --- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [*BLOCKS, "budget.money", "overlap", "honeypot", "macro_f1"])
def test_a_word_prints_what_is_known(capsys: pytest.CaptureFixture[str], word: str) -> None:
    text = told(capsys, word)
    (meaning, *_) = look_up(word, INSTALLED)
    assert " ".join(facts(meaning, INSTALLED)["help"].split()) in " ".join(text.split())
    assert "\nNext     labelwright " in text


def test_a_setting_tells_type_unit_default_example_and_synonyms(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert told(capsys, "per_round").splitlines() == [
        "per_round: a setting of `budget`",
        "How many items are asked at a time.",
        "",
        "  takes        a whole number, at least 1",
        "  unit         items",
        "  default      20 items",
        "  example      per_round = 50 items",
        "  also called  batch, batch_size, per_batch, n_instances",
        "",
        "Next     labelwright explain budget     what else stands there",
    ]


def test_a_synonym_and_a_value_say_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert "What you call `test set` is called `holdout` here." in told(capsys, "test set")
    assert "`stratified` is one of its values." in told(capsys, "stratified")
    assert told(capsys, "margin").startswith("margin: a query strategy\n")


def test_a_setting_for_plug_ins_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    (meaning,) = json.loads(told(capsys, "strategy", as_json=True))["meanings"]
    assert meaning["name"] == "phase.strategy"
    assert set(INSTALLED.names("query")) == set(meaning["installed"])


def test_every_word_can_be_shown() -> None:
    for word in words(INSTALLED):
        for meaning in look_up(word, INSTALLED):
            text = meaning_text(word, meaning, INSTALLED, 60, plain)
            assert max(map(cell_width, text.splitlines())) <= 60
            assert wrap(facts(meaning, INSTALLED)["help"], 60)[0] in text


# --- the program -----------------------------------------------------------------------------


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "labelwright", "explain", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "90"},
    )  # fmt: skip


def test_the_command_as_it_is_run() -> None:
    done = run("e201")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    done = run("E2O1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean E201?" in done.stderr
    assert run("--json", "holdout").returncode == 0


def test_explaining_loads_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['labelwright', 'explain', sys.argv[1]]\n"
        "from labelwright.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
    )
    for what in ("E301", "holdout"):
        done = subprocess.run(
            [sys.executable, "-c", script, what], capture_output=True, text=True, check=True
        )
        assert not set(done.stderr.split()) & HEAVY


def test_help_names_what_can_be_asked() -> None:
    import typer

    app = typer.Typer()
    app.command()(command.explain)
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100", "TERM": "dumb"})
    assert shown.exit_code == 0
    assert "E201, holdout" in shown.output
