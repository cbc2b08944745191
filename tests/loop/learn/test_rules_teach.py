"""Rules beside labels, behind the gate: right ones help, and noise does no harm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labelwright import Project
from labelwright.loop.learn.head import head
from labelwright.loop.learn.infomax import infomax
from labelwright.loop.ports import Pseudo
from labelwright.loop.rules.votes import Votes


def _cloud(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One cloud of 40 dimensions in which nothing parts the classes but a plane through its middle."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 40))
    return X.astype(np.float32), (X[:, :4].sum(axis=1) > 0).astype(int)


def _learned(accuracy: float | None, seed: int) -> tuple[Pseudo, float]:
    """infomax with two rules, each right so often where it fires; None: no rules. And its accuracy."""
    X, y = _cloud(60, seed)
    U, hidden = _cloud(400, 100 + seed)
    votes = None
    if accuracy is not None:
        rng = np.random.default_rng(seed)
        true = np.concatenate([y, hidden])
        right = rng.random((len(true), 1)) < accuracy
        says = np.where(right[:, 0], true, 1 - true)[:, None]
        fired = (says == np.arange(2)) & (rng.random((len(true), 2)) < 0.6)
        nothing = np.zeros(len(true), bool)
        votes = Votes(("no", "yes"), fired, np.eye(2, dtype=bool), np.full(2, 5.0), nothing)
    made = infomax(
        learner=head(random_state=0),
        X_labelled=X,
        targets=np.eye(2)[y],
        X_unlabelled=U,
        random_state=0,
        votes=votes,
    )
    test, truth = _cloud(1_500, 999)
    return made, float((made.model.predict_proba(test).argmax(axis=1) == truth).mean())


def test_rules_that_are_right_help_and_the_sentence_says_so() -> None:
    gains, said = [], []
    for seed in range(2):
        (made, with_rules), (_, without) = _learned(0.95, seed), _learned(None, seed)
        gains.append(with_rules - without)
        said.append("the rules a weak teacher beside" in made.why)
    assert np.mean(gains) > 0.02
    assert any(said)


def test_rules_that_are_noise_do_no_harm() -> None:
    gains = [_learned(0.5, seed)[1] - _learned(None, seed)[1] for seed in range(2)]
    assert np.mean(gains) > -0.01


@pytest.mark.slow
def test_the_rules_of_a_task_reach_what_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import labelwright.loop.learn.weak as weak
    from labelwright.loop.learn.information import Hints

    seen: list[Hints] = []
    plain = weak.Weak.hints

    def spy(self: weak.Weak, *args: np.ndarray) -> Hints:
        seen.append(plain(self, *args))
        return seen[-1]

    monkeypatch.setattr(weak.Weak, "hints", spy)
    data = tmp_path / "items.csv"
    rng = np.random.default_rng(0)
    lines = ["id,body,label"]
    for i in range(400):
        good = rng.random() < 0.5
        words = rng.choice(["film", "plot", "actor", "scene", "story", "music"], 5).tolist()
        words.append("great" if good and rng.random() < 0.6 else "awful" if not good else "long")
        lines.append(f"{i},{' '.join(words)},{'Good' if good else 'Bad'}")
    data.write_text("\n".join(lines), encoding="utf-8")
    task = tmp_path / "films.task"
    task.write_text(
        'task films "Films" {}\nclass Good\nclass Bad\n'
        'data { source = csv("items.csv")\n id = id\n text = body }\n'
        "holdout { annotations = 60 }\nannotators { from = simulate(column = label, error = 0%) }\n"
        "budget { annotations = 120\n per_round = 60 items }\n"
        "query { phase all { strategy = random } }\n"
        'rules {\n praise: vote Good when body contains "great"\n'
        ' scorn: vote Bad when body contains "awful"\n}\n'
        "pseudo_labels {}\n",
        encoding="utf-8",
    )
    project = Project(task, state=tmp_path / "state")
    project.run()
    (record,) = project.rounds_so_far()
    assert record.gate in ("open", "closed")
    assert "cross-validated" in record.gate_why
    assert seen
    for hints in seen:
        assert hints.weights.sum() <= 60 + 1e-9
        assert (hints.targets.max(axis=1) > 0.6).any()
