from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from labelwright.connectors.encode.resnet import resnet
from labelwright.connectors.encode.sentence_transformers import SentenceEncoder
from labelwright.connectors.encode.table import table
from labelwright.connectors.encode.tfidf import tfidf
from labelwright.dsl.task import Call
from labelwright.loop.encoding import Pretrained
from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.ports import Context, no_progress
from labelwright.loop.pretrain import teaching
from labelwright.loop.pretrain.contrastive import contrastive
from labelwright.loop.pretrain.encoder import PretrainedEncoder
from labelwright.loop.pretrain.masked import masked
from labelwright.loop.pretraining import prepared
from tests.loop.pretrain.teachers import rows, sentences, shapes, text_model
from tests.small import items_of

Make = Callable[..., Any]
METHODS = {"contrastive": contrastive, "masked": masked}


@pytest.fixture
def pictured(context_of: Make, pictures_of: Make) -> tuple[Any, np.ndarray, Context]:
    """An encoder of small pictures, its inputs, and the context."""
    context = context_of(image=("image",))
    encoder: Any = resnet(width=8, side=16, context=context)
    items = pictures_of(shapes(130)[0])
    encoder.fit(items)
    return encoder, encoder.inputs(items), context


def same(one: Pretrained, other: Pretrained) -> bool:
    assert one.weights.keys() == other.weights.keys()
    return all(np.array_equal(one.weights[k], other.weights[k]) for k in one.weights)


def fell(made: Pretrained) -> float:
    """By what part the objective on items apart became smaller."""
    return 1 - made.watched[made.best] / made.watched[0]


@pytest.mark.parametrize("name", METHODS)
def test_it_follows_from_seed_and_pool(
    pictured: tuple[Any, np.ndarray, Context], name: str
) -> None:
    encoder, X, context = pictured
    given: dict[str, Any] = {"epochs": 2, "batch": 32, "encoder": encoder, "context": context}
    torch.manual_seed(1)
    first = METHODS[name](**given, X=X, random_state=0)
    torch.manual_seed(2)
    assert same(first, METHODS[name](**given, X=X, random_state=0))
    assert not same(first, METHODS[name](**given, X=X, random_state=1))
    assert not same(first, METHODS[name](**given, X=X[::-1].copy(), random_state=0))
    assert first.weights.keys() == encoder.network(0).state_dict().keys()


class Killed(Exception):  # noqa: N818
    """What a test interrupts a training with."""


@pytest.mark.parametrize("name", METHODS)
def test_one_that_was_interrupted_ends_the_same(
    pictured: tuple[Any, np.ndarray, Context], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, X, context = pictured
    given: dict[str, Any] = {
        "epochs": 4,
        "batch": 32,
        "encoder": encoder,
        "X": X,
        "random_state": 0,
    }
    whole = METHODS[name](**given, context=context)
    monkeypatch.setattr(teaching, "_EVERY", 0.0)
    begun: list[int] = []

    def dying(what: str, done: int, total: int) -> None:
        begun.append(done)
        if done == 11:
            raise Killed

    with pytest.raises(Killed):
        METHODS[name](**given, context=replace(context, progress=dying))
    assert list((context.cache / "training").iterdir())
    begun.clear()
    again = METHODS[name](**given, context=replace(context, progress=lambda *a: begun.append(a[1])))
    assert begun[0] == 11
    assert same(whole, again)
    assert whole.watched == again.watched
    assert not list((context.cache / "training").iterdir())


@pytest.mark.parametrize(
    ("name", "epochs", "least"), [("contrastive", 10, 0.05), ("masked", 10, 0.05)]
)
def test_a_network_learns_from_pictures(
    context_of: Make, pictures_of: Make, name: str, epochs: int, least: float
) -> None:
    context = context_of(image=("image",))
    encoder: Any = resnet(width=8, side=16, context=context)
    items = pictures_of(shapes(500)[0])
    encoder.fit(items)
    X = encoder.inputs(items)
    made = METHODS[name](
        epochs=epochs, batch=64, encoder=encoder, X=X, context=context, random_state=0
    )
    assert fell(made) > least


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[SentenceEncoder, np.ndarray]:
    """An encoder of text that knows nothing yet, and the token ids of 400 sentences."""
    from labelwright.connectors.encode.text_network import token_ids

    folder = text_model(tmp_path_factory.mktemp("text"))
    encoder = SentenceEncoder("tiny", folder, ("t",), no_progress)
    return encoder, token_ids(encoder.network(0).model, sentences(400), "tiny")


@pytest.mark.parametrize(("name", "least"), [("contrastive", 0.02), ("masked", 0.02)])
def test_a_network_learns_from_text(
    read: tuple[SentenceEncoder, np.ndarray], context_of: Make, name: str, least: float
) -> None:
    encoder, ids = read
    context = context_of(text=("t",))
    given: dict[str, Any] = {"batch": 32, "encoder": encoder, "X": ids, "random_state": 0}
    made = METHODS[name](epochs=6, **given, context=context)
    assert fell(made) > least
    before = encoder.network(0).state_dict()
    moved = [k for k, w in made.weights.items() if not np.array_equal(w, before[k].numpy())]
    assert len(moved) > 10
    assert same(made, METHODS[name](epochs=6, **given, context=context))


def test_a_network_learns_from_a_table(context_of: Make) -> None:
    context = context_of(columns=("a", "b", "c", "d", "e", "f"))
    values = rows(500)
    items = items_of(**{n: values[:, i] for i, n in enumerate("abcdef")})
    encoder: Any = table(context=context)
    encoder.fit(items)
    X = encoder.inputs(items)
    made = contrastive(epochs=8, encoder=encoder, X=X, context=context, random_state=0)
    assert fell(made) > 0.03
    with pytest.raises(PluginError, match="reads numbers"):
        masked(encoder=encoder, X=X, context=context, random_state=0)


def test_the_encoder_afterwards_begins_from_what_was_learned(
    pictured: tuple[Any, np.ndarray, Context], pictures_of: Make
) -> None:
    encoder, X, context = pictured
    made = contrastive(epochs=1, encoder=encoder, X=X, context=context, random_state=0)
    after = PretrainedEncoder(encoder, "contrastive(epochs = 1)")
    before = after.identity
    after.begin_from(made.weights)
    assert after.identity.startswith(before)
    assert after.identity != before
    for seed in (0, 5):
        state = after.network(seed).state_dict()
        assert all(np.array_equal(state[k].numpy(), w) for k, w in made.weights.items())
    items = pictures_of(shapes(40, seed=3)[0])
    vectors = after.encode(items)
    with torch.inference_mode():
        expected = after.network(0).eval()(torch.from_numpy(encoder.inputs(items)))
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert after.encode(items.take([])).shape == (0, vectors.shape[1])
    assert (after.fitted, after.width) == (True, 8)
    other: Any = resnet(width=8, side=16, context=context)
    left = PretrainedEncoder(other, "contrastive(epochs = 1)")
    left.restore(after.state())
    np.testing.assert_array_equal(left.encode(items), vectors)
    assert left.identity == after.identity
    narrow: Any = resnet(width=16, side=16, context=context)
    narrow.fit(items)
    wrong = PretrainedEncoder(narrow, "contrastive")
    wrong.begin_from(made.weights)
    with pytest.raises(PluginError, match="does not fit"):
        wrong.network(0)


def test_an_encoder_without_a_network_is_refused(context_of: Make) -> None:
    context = context_of(pretrain=Call(name="masked"), text=("t",))
    with pytest.raises(PluginError, match=r"`pretrain = masked` needs .* tfidf has none"):
        prepared(context.task, tfidf(context=context), context)
    plain = context_of(text=("t",))
    encoder = tfidf(context=plain)
    assert prepared(plain.task, encoder, plain) is encoder


def test_a_learner_that_would_forget_it_is_refused(context_of: Make) -> None:
    context = context_of(pretrain=Call(name="masked"), image=("image",))
    train = context.task.train.model_copy(update={"finetune": Call(name="scratch")})
    task = context.task.model_copy(update={"train": train})
    with pytest.raises(PluginError, match="would be lost"):
        prepared(task, resnet(context=context), context)


def test_a_pool_of_a_few_items_is_refused(pictured: tuple[Any, np.ndarray, Context]) -> None:
    encoder, X, context = pictured
    with pytest.raises(DataError, match="31 items"):
        contrastive(encoder=encoder, X=X[:31], context=context, random_state=0)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("contrastive", {"epochs": 0}),
        ("contrastive", {"batch": 1}),
        ("contrastive", {"temperature": 0.0}),
        ("masked", {"share": 1.0}),
        ("masked", {"share": 0.0}),
        ("masked", {"epochs": -1}),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(
    pictured: tuple[Any, np.ndarray, Context], name: str, wrong: dict[str, Any]
) -> None:
    encoder, X, context = pictured
    with pytest.raises(PluginError, match=f"{name}: "):
        METHODS[name](**wrong, encoder=encoder, X=X, context=context, random_state=0)


def test_a_network_of_text_without_dropout_cannot_contrast(
    tmp_path_factory: pytest.TempPathFactory, context_of: Make
) -> None:
    folder = text_model(tmp_path_factory.mktemp("still"), dropout=0.0)
    encoder = SentenceEncoder("still", folder, ("t",), no_progress)
    ids = np.ones((64, 16), dtype=np.int32)
    with pytest.raises(PluginError, match="no dropout"):
        contrastive(encoder=encoder, X=ids, context=context_of(text=("t",)), random_state=0)
