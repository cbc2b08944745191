"""Every command that the documentation names exists and takes what it is given there.

Command lines are looked for in fenced blocks of sh, bash, console and text, and in inline code. In a
fenced block they must be whole; inline they may leave arguments out. None of them is carried out,
but for blocks that begin with ```` ```console tested ````: their lines after `$` are run one after the
other in a temporary folder that holds `tasks/`, and print what follows them there. In the expected
output a line `…` stands for any lines, and `# exit 3` after a command for its exit code.
"""

from __future__ import annotations

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from labelwright import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "tasks/README.md")),
    *sorted((ROOT / "docs").glob("**/*.md")),
    *sorted((ROOT / "dsl" / "codes").glob("*.md")),
]
SHELLS = {"sh", "bash", "console", "shell", "text"}
TESTED = "console tested"

_FENCE = re.compile(r"(?ms)^(?P<tick>`{3,}|~{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=tick)[ ]*$")
_INLINE = re.compile(r"(?<!`)`(?!`)(?P<code>[^`]+?)`(?!`)")
_PROMPT = r"(?:\$\s+)?(?:Next\s+)?(?:[A-Z_]+=\S+\s+)*"
_PROGRAM = r"(?:\S*/)?(?:python3? -m )?labelwright"
_COMMAND = re.compile(rf"^\s*{_PROMPT}{_PROGRAM}\s+(?P<rest>(?:-|[a-z]).*)$", re.DOTALL)


@dataclass(frozen=True)
class Said:
    """A command line as a page has it, without the program's name; `whole` in a fenced block."""

    page: Path
    line: int
    rest: str
    whole: bool

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}: `labelwright {self.rest}`"


_NUMBER = "1"
"""What is put in for the N of `--show N`."""


@cache
def commands() -> dict[str, Any]:
    """Every command of the program, built whatever the tests were started with."""
    built: dict[str, Any] = {}
    for name, module in cli._MODULES.items():
        app = typer.Typer()
        app.command(name)(importlib.import_module(f"labelwright.cli.{module}").COMMANDS[name])
        built[name] = typer.main.get_command(app)
    return built


def said_in(page: Path, text: str) -> Iterator[Said]:
    """All command lines of a page: those of fenced blocks first."""

    def line(position: int) -> int:
        return text.count("\n", 0, position) + 1

    prose = text
    for fence in _FENCE.finditer(text):
        blank = re.sub(r"[^\n]", " ", fence[0])
        prose = prose[: fence.start()] + blank + prose[fence.end() :]
        if fence["info"].strip().split(" ")[0] in SHELLS | {""}:
            for row in re.finditer(r"(?:.*\\\n)*.+", fence["body"]):
                for rest in _commands_in(re.sub(r"\s*\\\n\s*", " ", row[0])):
                    yield Said(page, line(fence.start("body") + row.start()), rest, whole=True)
    for inline in _INLINE.finditer(prose):
        for rest in _commands_in(" ".join(inline["code"].split())):
            yield Said(page, line(inline.start()), rest, whole=False)


def _commands_in(row: str) -> Iterator[str]:
    """The commands of a line without what follows each: a comment, or a remark after two spaces."""
    for part in re.split(r"&&|\|\||[|;>]", row):
        if command := _COMMAND.match(part):
            yield re.split(r"\s{2,}|\s+#", command["rest"])[0].strip()


def fault_of(said: Said) -> str:
    """What is wrong with a command line; empty where nothing is."""
    try:
        words = [w for w in shlex.split(said.rest) if w.strip("…. ")]
    except ValueError as error:
        return str(error)
    if not words or words[0] in ("--help", "--version"):
        return ""
    name, *arguments = (_NUMBER if w == "N" else w.strip("[]") for w in words)
    if name not in commands():
        return f"there is no command {name}"
    command = commands()[name]
    if "--help" in arguments:
        return ""
    try:
        if said.whole:
            command.make_context(name, arguments)
        else:
            context = command.context_class(command, info_name=name)
            _, rest, _ = command.make_parser(context).parse_args(args=arguments)
            if rest:
                return f"{name} does not take {rest[0]}"
    except Exception as error:
        return f"{name}: {error}"
    return ""


# --- what the pages say ----------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_on_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    faults = [f"{said.where}: {fault}" for said in said_in(page, text) if (fault := fault_of(said))]
    assert not faults, "\n" + "\n".join(faults)


def test_every_command_is_documented() -> None:
    told = {
        said.rest.split()[0]
        for page in PAGES
        if page.parent.name != "codes"
        for said in said_in(page, page.read_text(encoding="utf-8"))
    }
    missing = sorted(set(commands()) - told)
    assert not missing, (
        f"no page of docs/ or README.md says `labelwright {missing[0]} …`: {missing}"
    )


def _tested_blocks() -> list[tuple[Path, int, str]]:
    return [
        (page, page_text.count("\n", 0, fence.start()) + 1, fence["body"])
        for page in PAGES
        if (page_text := page.read_text(encoding="utf-8"))
        for fence in _FENCE.finditer(page_text)
        if fence["info"].strip() == TESTED
    ]


@pytest.mark.parametrize(
    ("page", "line", "body"),
    _tested_blocks(),
    ids=[f"{page.relative_to(ROOT)}:{line}" for page, line, _ in _tested_blocks()],
)
def test_a_block_that_is_marked_so_prints_what_it_says(
    page: Path, line: int, body: str, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "tasks", tmp_path / "tasks", ignore=shutil.ignore_patterns(".*"))
    for command, code, expected in steps(body):
        done = carry_out(command, tmp_path)
        where = f"{page.relative_to(ROOT)}:{line}: $ {command}\n"
        assert done.returncode == code, where + done.stdout
        assert prints(done.stdout, expected), f"{where}printed:\n{done.stdout}\nnot:\n{expected}"


def steps(body: str) -> Iterator[tuple[str, int, str]]:
    """Command, exit code and expected output of each step of a `console tested` block."""
    assert body.startswith("$ "), "a tested block begins with `$ `"
    for step in re.split(r"(?m)^\$ ", body)[1:]:
        command, _, expected = step.partition("\n")
        ends = re.search(r"\s+# exit (\d+)$", command)
        yield command[: ends.start()] if ends else command, int(ends[1]) if ends else 0, expected


def carry_out(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line; what it writes to stderr comes with the rest, in order."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LABELWRIGHT")}
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder, env={**kept, "PATH": scripts, "COLUMNS": "80", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        text=True, check=False, timeout=600,
    )  # fmt: skip


def prints(output: str, expected: str) -> bool:
    """Whether the output is the expected one, where a line `…` is any lines, also none."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() in ("…", "...") else re.escape(line.rstrip()) + r"[ ]*\n"
        for line in expected.rstrip().split("\n")
    )
    return re.fullmatch(pattern, output.rstrip() + "\n") is not None


# --- the test itself -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("`labelwright check FILE`", []),
        ("`labelwright check`", []),
        ("`labelwright --help` and `labelwright does`", ["there is no command does"]),
        ("`labelwright show FILE --jsn`", ["show: No such option: --jsn"]),
        ("`labelwright check\nFILE more`", ["check does not take more"]),
        ("`labelwright init …`, `labelwright[text]`, `labelwright/dsl`, `labelwright.dsl`", []),
        ("```sh\nlabelwright check\n```\n", ["check: Missing"]),
        ("```sh\nlabelwright check a.task   # what is wrong\n```\n", []),
        ("```sh\nX=1 .venv/bin/labelwright run a.task --seed many\n```\n", ["run: "]),
        ("```console\n$ labelwright run a.task && labelwright shw a.task\n```\n",
         ["there is no command shw"]),
        ("```text\nlabelwright 0.1.0 · a.task\nNext     labelwright reprt a.task     now\n```\n",
         ["there is no command reprt"]),
        ("```sh\nlabelwright run a.task \\\n  --sed 3\n```\n", ["run: No such option: --sed"]),
        ("```python\nlabelwright nothing\n```\n", []),
        ("labelwright does the rest\n", []),
    ],
)  # fmt: skip
def test_faults_are_found(text: str, faults: list[str]) -> None:
    found = [fault for said in said_in(ROOT / "README.md", text) if (fault := fault_of(said))]
    assert len(found) == len(faults)
    assert all(told.startswith(start) for told, start in zip(found, faults, strict=True)), found


def test_a_fault_says_where_it_is() -> None:
    text = "# Title\n\n`labelwright check`\n\n```sh\ncd x\nlabelwright shw a.task\n```\n`labelwright nil`\n"
    places = [said.where for said in said_in(ROOT / "README.md", text)]
    assert places == [
        "README.md:7: `labelwright shw a.task`",
        "README.md:3: `labelwright check`",
        "README.md:9: `labelwright nil`",
    ]


def test_expected_output() -> None:
    assert prints("a\nb\nc\n", "a\n…\nc\n")
    assert prints("a  \nc\n", "a\n…\nc")
    assert prints("", "")
    assert not prints("a\nb\n", "a\n")
    assert not prints("a.b\n", "axb\n")
    assert list(steps("$ a b  # exit 3\nx\n$ c\n")) == [("a b", 3, "x\n"), ("c", 0, "")]
