"""An answer that comes in the very moment in which a plan is applied is neither lost nor misread."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright import Project
from labelwright.loop.errors import PlanOutdated
from labelwright.loop.outbox import Held, Outbox
from labelwright.loop.store import Store

TASK = """
task mail "Mail"
class Spam
class Ham
data {
  source = csv("mail.csv")
  id = id
  text = text
}
holdout {
  size = 20%
  annotations = 2
}
annotators { from = terminal }
budget {
  annotations = 20
  per_round = 4 items
}
query {
  phase all { strategy = random }
}
"""


def test_an_answer_that_comes_while_a_plan_is_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{i},text {i}\n" for i in range(20))
    (tmp_path / "mail.csv").write_text("id,text\n" + rows, encoding="utf-8")
    file = tmp_path / "mail.task"
    file.write_text(TASK, encoding="utf-8")
    project = Project(file)
    assert project.run().ending == "waiting"
    file.write_text(
        TASK.replace("class Spam\n", "class Junk {\n  was = Spam\n}\n"), encoding="utf-8"
    )
    plan = Project(file).plan()
    caught_up = Project._catch_up

    def answered_just_then(self: Project, bench: object) -> None:
        caught_up(self, bench)  # type: ignore[arg-type]
        with Store(project.state) as store:
            outbox = Outbox(store)
            outbox.hold([Held("terminal/1", outbox.sent()[0].uid, "ann", ("Spam",))])

    with monkeypatch.context() as patch:
        patch.setattr(Project, "_catch_up", answered_just_then)
        with pytest.raises(PlanOutdated, match="1 annotation came in since"):
            Project(file).apply(plan)
    again = Project(file)
    again.apply(again.plan())
    with again.looking() as bench:
        (event,) = bench.events()
        assert event.labels == ("Spam",)
        assert bench.translation.read(event).labels == ("Junk",)
    assert again.run().ending == "waiting"
