"""The built wheel runs the demo, outside the repository and without it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LABELWRIGHT", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel, built by way of the sdist."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "env"
    venv.create(environment, with_pip=True)
    scripts = environment / "bin"
    run(scripts / "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    # What the wheel depends on is taken from here; an editable labelwright is not, for a plain path
    # line does not read the .pth files of the folder that it adds.
    here = sysconfig.get_path("purelib")
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(here + "\n", encoding="utf-8")
    return scripts


def test_the_demo_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    demo = (ROOT / "tasks" / "digits.task").read_text(encoding="utf-8")
    (tmp_path / "digits.task").write_text(demo, encoding="utf-8")
    where = run(installed / "python", "-c", "import labelwright; print(labelwright.__file__)",
                cwd=tmp_path)  # fmt: skip
    assert str(installed.parent) in where
    told = run(installed / "labelwright", "run", "digits.task", cwd=tmp_path)
    assert "PASS after" in told
    report = tmp_path / ".labelwright" / "digits" / "report.html"
    assert str(report.relative_to(tmp_path)) in told
    assert "<!doctype html>" in report.read_text(encoding="utf-8").lower()
    run(installed / "labelwright", "check", "digits.task", cwd=tmp_path)
