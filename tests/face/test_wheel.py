"""The built wheel runs the demo, outside the repository and without it."""

from __future__ import annotations

from pathlib import Path

from .wheel import ROOT, run


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
