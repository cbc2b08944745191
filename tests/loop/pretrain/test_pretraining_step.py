"""The step `pretrain` in a campaign: once, from the pool alone, and nothing where it is not asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelwright import Project
from labelwright.loop.engine import Moment
from labelwright.loop.pretrain.encoder import PretrainedEncoder
from labelwright.loop.split import HOLDOUT, POOL
from labelwright.loop.store import Store
from tests.loop.pretrain.teachers import shapes

TASK = """
task shapes "Shapes" {{}}
class Bar {{ aliases = [0] }}
class Cross {{ aliases = [1] }}
class Frame {{ aliases = [2] }}
data {{ source = npz("{path}", image = pictures, label = kinds, part = parts) }}
holdout {{
  items when part == 1
  annotations = 30
}}
annotators {{ from = simulate(column = label) }}
budget {{
  annotations = {budget}
  per_round   = 10 items
}}
query {{ phase all {{ strategy = random }} }}
train {{
  encoder  = resnet(width = 8, side = 16)
  finetune = head
  {pretrain}
}}
"""
CONTRASTIVE = "pretrain = contrastive(epochs = 1, batch = 64)"
POOLED, HELD = 120, 60

Start = Callable[..., Project]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """`start(name, pretrain, rounds, held)`: a campaign on shapes, `held` the pictures that measure."""
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))

    def make(
        name: str = "a",
        pretrain: str = CONTRASTIVE,
        rounds: int = 1,
        held: np.ndarray | None = None,
    ) -> Project:
        pictures, kinds = shapes(POOLED + HELD)
        if held is not None:
            pictures[POOLED:] = held
        parts = np.repeat([0, 1], [POOLED, HELD])
        np.savez(tmp_path / f"{name}.npz", pictures=pictures, kinds=kinds, parts=parts)
        path = tmp_path / f"{name}.task"
        text = TASK.format(path=f"{name}.npz", budget=30 + 10 * rounds, pretrain=pretrain)
        path.write_text(text, encoding="utf-8")
        return Project(path, state=tmp_path / f"state-{name}", data_root=tmp_path)

    return make


def learned(project: Project) -> dict[str, bytes]:
    """The files that pretraining left, by name."""
    with project.looking() as bench:
        return {p.name: p.read_bytes() for p in bench.store.folder.glob("pretrained-*.safetensors")}


def test_it_is_done_once_and_the_rounds_begin_from_it(start: Start) -> None:
    project, made = start(rounds=2), []

    def observe(moment: Moment) -> None:
        if (moment.step, moment.when) == ("pretrain", "done"):
            made.append(dict(moment.outcome))

    project.run(observe)
    assert len(project.rounds_so_far()) == 2
    assert made[0] == made[1]
    (name,) = learned(project)
    assert made[0]["file"] == name
    assert made[0]["watched"][made[0]["best"]] == min(made[0]["watched"])
    with project.looking() as bench:
        encoder = bench.fitted_encoder(0)
        assert isinstance(encoder, PretrainedEncoder)
        vectors = encoder.encode(bench.items(0))
        features = bench.features(0)
        assert features.shape == (POOLED + HELD, 32)
        pool = bench.split(0) == POOL
        centred = vectors - vectors[pool].mean(axis=0)
        scale = np.sqrt((centred[pool] ** 2).sum(axis=1).mean())
        np.testing.assert_allclose(features, centred / scale, atol=1e-4)


def test_the_holdout_is_not_read(start: Start) -> None:
    """Pools alike, holdouts of nothing alike: what was learned is the same to the bit."""
    noise = np.random.default_rng(1).integers(0, 256, (HELD, 16, 16, 1), dtype=np.uint8)
    one, other = start("a"), start("b", held=noise)
    for project in (one, other):
        project.run()
        with project.looking() as bench:
            assert (bench.split(0) == HOLDOUT).sum() == HELD
    assert learned(one) == learned(other)


def test_another_pool_or_another_call_is_another_pretraining(start: Start) -> None:
    project = start("a")
    project.run()
    masked = start("a", "pretrain = masked(epochs = 1)", rounds=2)
    masked.run()
    assert len(learned(masked)) == 2, "the round after the change begins from its own"
    with masked.looking() as bench:
        names = [o["file"] for o in bench.store.outcomes("pretrain")]
        features = [o["file"] for o in bench.store.outcomes("embed")]
    assert len({*names}) == len({*features}) == 2


def test_a_file_that_was_damaged_is_made_again_the_same(start: Start) -> None:
    project = start(rounds=1)
    project.run()
    before = learned(project)
    with project.looking() as bench:
        (bench.store.folder / next(iter(before))).write_bytes(b"damaged")
        expected = np.array(bench.features(0))
    with project.bench() as bench:
        vectors = bench.fitted_encoder(0).encode(bench.items(0))
        assert vectors.shape == expected.shape
    assert learned(project) == before


class Stopped(Exception):  # noqa: N818
    """What a test stops a run with."""


def stopping(step: str, round_: int = 0) -> Callable[[Moment], None]:
    def observe(moment: Moment) -> None:
        if (moment.step, moment.when, moment.round) == (step, "done", round_):
            raise Stopped

    return observe


def test_a_run_that_was_stopped_goes_on_with_what_it_had_learned(start: Start) -> None:
    whole, cut = start("a", rounds=2), start("b", rounds=2)
    whole.run()
    for step in ("pretrain", "embed", "learn"):
        with pytest.raises(Stopped):
            cut.run(stopping(step))
    cut.run()
    assert learned(cut) == learned(whole)
    scores = [
        [r.measurement.accuracy for r in p.rounds_so_far() if r.measurement] for p in (whole, cut)
    ]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("before", ["embed", "learn", "decide"])
def test_a_campaign_from_before_there_was_this_step_goes_on(start: Start, before: str) -> None:
    """Its rounds lack the outcome: it is taken as nothing learned, in the middle of a round too."""
    project = start("a", "", rounds=2)
    with pytest.raises(Stopped):
        project.run(stopping(before))
    with project.looking() as bench:
        folder = bench.store.folder
    with Store(folder) as store:
        store.forget_steps(0, ["pretrain"])
        assert store.outcome(0, "pretrain") is None
    project.run()
    assert len(project.rounds_so_far()) == 2
    assert learned(project) == {}


def test_pretraining_that_is_asked_for_in_the_middle_of_a_round(start: Start) -> None:
    plain = start("a", "", rounds=2)
    with pytest.raises(Stopped):
        plain.run(stopping("embed"))
    later = start("a", rounds=2)
    later.run()
    assert len(later.rounds_so_far()) == 2
    with later.looking() as bench:
        told = [o["file"] for o in bench.store.outcomes("pretrain")]
        dims = [o["dim"] for o in bench.store.outcomes("embed")]
    assert told[0] is None
    assert told[1] is not None
    assert dims == [16 * 16, 32]


def test_a_model_that_leaves_takes_what_was_learned_with_it(start: Start, tmp_path: Path) -> None:
    from labelwright import load_model

    project = start()
    project.run()
    folder = project.export_model(tmp_path / "left")
    with project.looking() as bench:
        expected: Any = bench.final(0).predict_proba(np.asarray(bench.features(0)))
        items = bench.items(0)
        found = load_model(folder).probabilities(items)
    np.testing.assert_allclose(found, expected, atol=1e-5)
