"""What the cheap commands must not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "sklearn", "numpy", "scipy", "pyarrow", "matplotlib", "jinja2", "sqlite_utils"}
SCRIPT = """
import sys
from labelwright.__main__ import main
sys.argv = ["labelwright", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(*sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_command_about_the_definition_loads_nothing_heavy(command: str) -> None:
    task = ROOT / "tasks" / "ag_news.task"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, command, str(task)],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert {"lark", "pydantic"} <= loaded
    assert not loaded & HEAVY
