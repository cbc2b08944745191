"""`labelwright fmt`: what it writes, what it says, and what it leaves alone."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from labelwright.cli import app
from labelwright.dsl import format as format_

UNTIDY = 'task t{\n    kind=spans # what\n}\nclass  A\nclass "한글"  \n\n\n'
TIDY = 'task t {\n  kind = spans  # what\n}\nclass A\nclass "한글"\n'
BROKEN = "task t {\n   kind =\n}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("a.task", UNTIDY), ("b.task", TIDY), ("sub/c.task", UNTIDY)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    for name in (".hidden/d.task", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(UNTIDY.encode())
    return tmp_path


def fmt(*arguments: str, code: int = 0, given: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(app, ["fmt", *arguments], input=given)
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_without_arguments_it_formats_the_folder_and_those_below(folder: Path) -> None:
    told = fmt().stdout
    assert told == (
        "formatted  a.task\nformatted  sub/c.task\n2 files formatted, 1 file in form already\n"
        "Next     labelwright check a.task\n"
    )
    assert (folder / "a.task").read_text("utf-8") == TIDY
    assert (folder / "sub/c.task").read_text("utf-8") == TIDY
    assert (folder / ".hidden/d.task").read_text("utf-8") == UNTIDY
    assert (folder / "notes.txt").read_text("utf-8") == UNTIDY
    assert fmt().stdout == "3 files in form already\n"


def test_a_named_file_needs_no_ending_and_counts_once(folder: Path) -> None:
    told = fmt("notes.txt", "./notes.txt", ".hidden").stdout
    assert told.count("formatted  ") == 2
    assert (folder / "notes.txt").read_text("utf-8") == TIDY
    assert (folder / ".hidden/d.task").read_text("utf-8") == TIDY


def test_check_changes_nothing(folder: Path) -> None:
    before = (folder / "a.task").stat()
    told = fmt("--check", "a.task", "sub", code=1).stdout
    assert "would change  a.task\nwould change  sub/c.task\n2 files would change\n" in told
    assert "Next     labelwright fmt a.task sub\n" in told
    assert fmt("--check", "b.task").stdout == "1 file in form already\n"
    assert (folder / "a.task").read_bytes() == UNTIDY.encode()
    assert (folder / "a.task").stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_in_form_is_not_written(folder: Path) -> None:
    before = (folder / "b.task").stat()
    fmt("b.task")
    after = (folder / "b.task").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_diff_is_a_patch(folder: Path) -> None:
    (folder / "a.task").write_bytes(UNTIDY.rstrip().encode())
    result = fmt("--diff", "a.task")
    assert "\x1b" not in result.stdout
    assert "-    kind=spans # what\n+task t {\n+  kind = spans  # what\n }\n" in result.stdout
    assert '-class "한글"\n\\ No newline at end of file\n+class A\n+class "한글"\n' in result.stdout
    assert "1 file would change" in result.stderr
    assert (folder / "a.task").read_bytes() == UNTIDY.rstrip().encode()
    patch = subprocess.run(
        ["git", "apply", "-p0", "-"], input=result.stdout.encode(), cwd=folder, check=False
    )
    assert patch.returncode == 0
    assert (folder / "a.task").read_text("utf-8") == TIDY
    assert fmt("--diff", "--check", "sub", code=1).stdout.startswith("--- sub/c.task")
    assert fmt("--diff", "--check", "b.task").stdout == ""


def test_diff_is_coloured_on_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labelwright.cli import fmt as module

    monkeypatch.setattr("labelwright.console.in_color", lambda stream: True)
    assert module._in_color()
    result = CliRunner().invoke(app, ["fmt", "--diff", "a.task"], color=True)
    assert "\x1b[1m--- a.task\x1b[0m\n" in result.stdout
    assert "\x1b[31m-    kind=spans # what\x1b[0m\n" in result.stdout
    assert "\x1b[32m+  kind = spans  # what\x1b[0m\n }\n" in result.stdout


def test_standard_input_to_standard_output(folder: Path) -> None:
    assert fmt("-", given="\ufeff" + UNTIDY.replace("\n", "\r\n")).stdout_bytes == TIDY.encode()
    assert fmt("-", given=TIDY).stdout == TIDY
    assert fmt("-", "--check", given=TIDY).stdout == ""
    assert fmt("-", "--check", given=UNTIDY, code=1).stdout == "would change  <stdin>\n"
    assert fmt("-", "--diff", given=UNTIDY).stdout.startswith("--- <stdin>\n+++ <stdin>\n")
    broken = fmt("-", given=BROKEN, code=1)
    assert broken.stdout == ""
    assert "E117" in broken.stderr
    assert "byte 0xff is not UTF-8" in fmt("-", given=b'a = "\xff"', code=1).stderr
    fmt("-", "a.task", given=UNTIDY, code=2)


def test_one_broken_file_does_not_stop_the_others(folder: Path) -> None:
    (folder / "a.task").write_bytes(BROKEN.encode())
    (folder / "b.task").write_bytes(b'a = 1\nb = "\xff"\n')
    result = fmt("a.task", "b.task", "nowhere.task", "sub", code=1)
    assert "error[E117]: nothing follows `=`\n  ┌─ a.task:2:9" in result.stderr
    assert "a.task: left as it is, 1 error in its form" in result.stderr
    assert "b.task, line 2: byte 0xff is not UTF-8" in result.stderr
    assert "there is no file nowhere.task" in result.stderr
    assert result.stdout == (
        "formatted  sub/c.task\n1 file formatted, 3 files left as they are\n"
        "Next     labelwright check a.task\n"
    )
    assert (folder / "a.task").read_bytes() == BROKEN.encode()


def test_a_folder_without_task_files_is_an_error(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert "there is no .task file in empty" in fmt("empty", code=1).stderr


def test_errors_of_meaning_do_not_stop_it(folder: Path) -> None:
    (folder / "a.task").write_text("nonsense{x=1}", encoding="utf-8")
    fmt("a.task")
    assert (folder / "a.task").read_text("utf-8") == "nonsense { x = 1 }\n"


def test_json(folder: Path) -> None:
    (folder / "a.task").write_bytes(BROKEN.encode())
    told = json.loads(fmt("--json", "--check", ".", code=1).stdout)
    assert told["ok"] is False
    assert [(f["file"], f["changed"]) for f in told["files"]] == [
        ("a.task", False), ("b.task", False), ("sub/c.task", True),
    ]  # fmt: skip
    assert told["files"][0]["diagnostics"][0]["code"] == "E117"
    (only,) = json.loads(fmt("--json", "-", given=UNTIDY).stdout)["files"]
    assert only == {"file": "<stdin>", "changed": True, "diagnostics": [], "text": TIDY}
    (lost,) = json.loads(fmt("--json", "lost.task", code=1).stdout)["files"]
    assert lost == {"file": "lost.task", "changed": False, "error": "there is no file lost.task"}


@pytest.mark.skipif(os.name != "posix", reason="links and rights as POSIX has them")
def test_links_and_rights_stay(folder: Path) -> None:
    (folder / "a.task").chmod(0o640)
    (folder / "link.task").symlink_to("a.task")
    fmt("link.task")
    assert (folder / "link.task").is_symlink()
    assert (folder / "a.task").read_text("utf-8") == TIDY
    assert stat.S_IMODE((folder / "a.task").stat().st_mode) == 0o640
    assert sorted(p.name for p in folder.iterdir()) == [
        ".hidden", "a.task", "b.task", "link.task", "notes.txt", "sub",
    ]  # fmt: skip


def test_a_disk_that_refuses_leaves_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("labelwright.loop.disk.os.replace", full)
    result = fmt("a.task", "b.task", code=1)
    assert "cannot be written: No space left on device" in result.stderr
    assert "1 file in form already, 1 file left as it is" in result.stdout
    assert (folder / "a.task").read_bytes() == UNTIDY.encode()
    assert not list(folder.glob(".a.task*"))


def test_a_defect_of_ours_leaves_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format_, "written", lambda tokens: "kind = spans\n")
    result = fmt("a.task", "sub", code=1)
    assert "a.task was left as it is" in result.stderr
    assert "defect of labelwright" in result.stderr
    assert (folder / "a.task").read_bytes() == UNTIDY.encode()


def test_it_starts_fast_and_alone(folder: Path) -> None:
    script = (
        "import sys\nfrom labelwright.__main__ import main\n"
        "sys.argv = ['labelwright', 'fmt', 'a.task']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*sorted(m for m in sys.modules if '.' not in m), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=folder
    )
    assert "formatted  a.task" in done.stdout
    heavy = {"torch", "sklearn", "numpy", "scipy", "pyarrow", "matplotlib", "jinja2", "rich"}
    assert not set(done.stderr.split()) & heavy
