"""docs/tutorial.md, carried out literally in an empty folder.

- ```` ```python NAME ```` writes a file; ```` ```diff NAME ```` changes it: lines with ` ` and `-` must stand
  there once, and give way to those with ` ` and `+`.
- ```` ```console ```` runs each line after `$` and compares what is printed: `…` within a line is anything,
  a line `…` any lines, `# exit 1` after a command its exit code. With `console figures` numbers and bars may
  be others.
- ```` ```sh ```` is not run: it installs.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .in_process import shown

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
_FENCE = re.compile(r"(?ms)^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$")
_COMMAND = re.compile(r"^\$ (?P<line>.*?)(?:\s+# exit (?P<code>\d+))?$")


@dataclass
class Step:
    """One fenced block of the page."""

    line: int
    kind: str
    rest: str  # what follows it on the line of the fence
    body: str


@dataclass
class Said:
    """A command and what the page says it prints."""

    command: str
    code: int
    output: list[str] = field(default_factory=list)


def steps(text: str) -> list[Step]:
    found = []
    for fence in _FENCE.finditer(text):
        kind, _, rest = fence["info"].partition(" ")
        found.append(Step(text.count("\n", 0, fence.start()) + 1, kind, rest, fence["body"]))
    return found


def commands(body: str) -> list[Said]:
    said: list[Said] = []
    for line in body.splitlines():
        if command := _COMMAND.match(line):
            said.append(Said(command["line"], int(command["code"] or 0)))
        else:
            assert said, f"a console block begins with a command, not with {line!r}"
            said[-1].output.append(line)
    return said


def changed(text: str, diff: str) -> str:
    """The text with a change of the page made in it."""
    lines = diff.splitlines()
    assert all(line[:1] in " +-" and line for line in lines), diff
    before = "".join(line[1:] + "\n" for line in lines if line[0] in " -")
    after = "".join(line[1:] + "\n" for line in lines if line[0] in " +")
    places = [m.start() for m in re.finditer(re.escape(before), text)]
    places = [p for p in places if p == 0 or text[p - 1] == "\n"]
    assert len(places) == 1, f"stands {len(places)} times in the file:\n{before}"
    return text[: places[0]] + after + text[places[0] + len(before) :]


def _plain(line: str, figures: bool) -> str:
    line = line.rstrip()
    if figures:
        line = re.sub(r"[├┤●‹›]─*[├┤●─‹› ]*", "●", line)
        line = re.sub(r"[-\d.,]*\d(?:\.\d+)?", "0", line)
        line = re.sub(r" +", " ", line)
    return line


def alike(shown: list[str], printed: list[str], *, figures: bool = False) -> bool:
    """Whether what was printed is what the page shows."""
    shown = [_plain(line, figures) for line in shown]
    printed = [_plain(line, figures) for line in printed]
    parts = [
        r"(?:.*\n)*?"
        if line.strip() == "…"
        else r"[^\n]*".join(re.escape(part) for part in line.split("…")) + r"\n"
        for line in shown
    ]
    return re.fullmatch("".join(parts), "".join(line + "\n" for line in printed)) is not None


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has installed labelwright and nothing else."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LABELWRIGHT")}
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, command in (("python", ""), ("labelwright", " -m labelwright")):
        script = bin_ / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{command} "$@"\n')
        script.chmod(0o755)
    path = f"{bin_}{os.pathsep}{clean.get('PATH', '')}"
    return {**clean, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONUTF8": "1"}


def carry_out(command: str, folder: Path, shell: dict[str, str]) -> tuple[int, str]:
    """The exit code and what is printed; a shell is asked where the line is more than one command of ours."""
    program, *words = shlex.split(command)
    if program == "labelwright" and not set(command) & set("|<>&;$*`"):
        settings = {k: v for k, v in shell.items() if k in ("NO_COLOR", "COLUMNS")}
        return shown(folder, *words, env=settings)
    done = subprocess.run(
        command, shell=True, cwd=folder, env=shell, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    return done.returncode, done.stdout


def test_the_tutorial_step_by_step(tmp_path: Path, shell: dict[str, str]) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    for step in steps(PAGE.read_text(encoding="utf-8")):
        where = f"docs/tutorial.md, line {step.line}"
        if step.kind == "diff":
            path = folder / step.rest
            path.write_text(changed(path.read_text(encoding="utf-8"), step.body), encoding="utf-8")
        elif step.kind == "console":
            for said in commands(step.body):
                code, output = carry_out(said.command, folder, shell)
                told = f"{where}: {said.command}\n\n{output}"
                assert code == said.code, told
                figures = step.rest == "figures"
                assert alike(said.output, output.splitlines(), figures=figures), told
        elif step.rest:
            (folder / step.rest).write_text(step.body, encoding="utf-8")
        else:
            assert step.kind in ("sh", "text", "task"), where
    end = subprocess.run(
        ["labelwright", "check", "mail.task"],
        cwd=folder, env=shell, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert "no error" in end.stdout
    assert (folder / ".labelwright" / "mail" / "report.html").stat().st_size > 10_000


def test_every_command_prints_something_and_links_lead_somewhere() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for step in steps(text):
        if step.kind == "console":
            assert all(said.output for said in commands(step.body)), step.body
    anchors = {
        "#" + re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^):]+)\)", text):
        assert link in anchors or (PAGE.parent / link).exists(), link


@pytest.mark.parametrize(
    ("shown", "printed", "wanted"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a", "…"], ["a", "b", "c"], True),
        (["a", "…", "c"], ["a", "c"], True),
        (["…", "c"], ["a", "b"], False),
        (["took … s"], ["took 1.5 s"], True),
        (["took … s"], ["took", "1.5 s"], False),
        (["1.5 (a)"], ["1x5 (a)"], False),
        (["a  "], ["a"], True),
    ],
)
def test_what_counts_as_the_same(shown: list[str], printed: list[str], wanted: bool) -> None:
    assert alike(shown, printed) is wanted


def test_figures_may_be_others_where_the_page_says_so() -> None:
    shown = ["     0     20  0.569    ├──●──┤      k_means     11 s", "PASS after 100 (of 400)."]
    printed = ["     0     20  0.6         ├●┤       k_means    1.2 s", "PASS after 80 (of 400)."]
    assert alike(shown, printed, figures=True)
    assert not alike(shown, printed)
    assert not alike(shown, [*printed[:1], "FAIL after 80 (of 400)."], figures=True)


def test_a_change_is_made_in_one_place() -> None:
    assert changed("a\nb\nc\n", " a\n-b\n+x\n+y\n") == "a\nx\ny\nc\n"
    with pytest.raises(AssertionError, match="stands 2 times"):
        changed("b\nb\n", "-b\n+x\n")
    with pytest.raises(AssertionError, match="stands 0 times"):
        changed("ab\n", "-b\n+x\n")
