"""labelwright as others install it: the built wheel, in an environment outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def clean(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without what steers Python or us, so that nothing of the repository is found."""
    ours = ("LABELWRIGHT", "LABEL_STUDIO", "PYTHON")
    return {k: v for k, v in environment.items() if not k.startswith(ours)}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """What a command prints. Fails where it ends with anything but 0."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(folder: Path) -> Path:
    """The `bin` of an environment that holds the wheel, built by way of the sdist."""
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
