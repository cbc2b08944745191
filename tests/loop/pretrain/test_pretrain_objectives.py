from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.connectors.encode.residual import ResidualNetwork
from labelwright.connectors.encode.sentence_transformers import SentenceEncoder
from labelwright.loop.errors import PluginError
from labelwright.loop.ports import no_progress
from labelwright.loop.pretrain.objectives import (
    Contrast,
    MaskedPictures,
    MaskedTokens,
    nt_xent,
    patches,
)
from labelwright.loop.pretrain.views import corrupted, cropped, lit, unchanged
from tests.loop.pretrain.teachers import WORDS, sentences, text_model


def by_hand(one: np.ndarray, other: np.ndarray, temperature: float) -> float:
    """Equation 1 of Chen et al. 2020, one pair after another."""
    z = [v / math.sqrt(sum(x * x for x in v)) for v in [*one, *other]]
    n, total = len(one), 0.0
    for i in range(2 * n):
        alike = [math.exp(float(z[i] @ z[k]) / temperature) for k in range(2 * n)]
        partner = i + n if i < n else i - n
        total -= math.log(alike[partner] / (sum(alike) - alike[i]))
    return total / (2 * n)


@settings(max_examples=30)
@given(
    n=st.integers(1, 7),
    dim=st.integers(1, 5),
    temperature=st.floats(0.1, 2),
    seed=st.integers(0, 9),
)
def test_the_contrast_is_the_papers(n: int, dim: int, temperature: float, seed: int) -> None:
    one, other = np.random.default_rng(seed).normal(size=(2, n, dim))
    found = nt_xent(torch.from_numpy(one), torch.from_numpy(other), temperature)
    assert float(found) == pytest.approx(by_hand(one, other, temperature), rel=1e-3, abs=1e-4)


def network(width: int = 8) -> ResidualNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ResidualNetwork(width, 8, [100.0], [50.0])


def test_a_network_that_sees_through_the_views_has_no_contrast_to_lose() -> None:
    """Items far apart, views the same: the loss is near nothing; views of other items: far from it."""
    vectors = torch.eye(6)
    assert float(nt_xent(vectors, vectors, 0.05)) < 1e-6
    assert float(nt_xent(vectors, vectors.roll(1, 0), 0.05)) > 10


def test_gradients_reach_the_network() -> None:
    objective = Contrast(network(), cropped, 0.2, projected=True, noisy=False)
    objective(torch.randint(0, 256, (8, 12, 12, 1), dtype=torch.uint8)).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in objective.parameters())


def test_neighbours_stand_in_for_the_other_view() -> None:
    """Against NNCLR's equation by plain loops, with the items of the batches before as neighbours."""

    class Linear(torch.nn.Linear):
        dim = 3

    torch.manual_seed(0)
    noisy = lambda batch: batch + 0.3 * torch.randn_like(batch)  # noqa: E731
    objective = Contrast(Linear(4, 3), noisy, 0.5, projected=False, noisy=False, alone=2).train()
    batches = torch.randn(4, 5, 4)
    before: list[np.ndarray] = []
    for number, batch in enumerate(batches):
        torch.manual_seed(number)
        loss = float(objective(batch).detach())
        torch.manual_seed(number)
        both = [noisy(batch), noisy(batch)]
        one, other = (objective.network(view).detach().double().numpy() for view in both)
        one, other = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (one, other))
        expected = nnclr(one, other, before, 0.5) if number >= 2 else by_hand(one, other, 0.5)
        assert loss == pytest.approx(expected, rel=1e-4)
        before = [*one, *before]
    objective.eval()
    kept = objective.kept.clone()
    torch.manual_seed(9)
    told = float(objective(batches[0]).detach())
    torch.manual_seed(9)
    both = [objective.network(noisy(batches[0])).detach() for _ in range(2)]
    assert told == pytest.approx(float(nt_xent(*both, 0.5)))
    assert torch.equal(kept, objective.kept)


def nnclr(one: np.ndarray, other: np.ndarray, kept: list[np.ndarray], heat: float) -> float:
    """Equation 2 of Dwibedi et al. 2021, both ways; unit vectors."""
    total = 0.0
    for mine, others in ((one, other), (other, one)):
        for i, v in enumerate(mine):
            near = max(kept, key=lambda k: float(k @ v))
            alike = [math.exp(float(near @ w) / heat) for w in others]
            total -= math.log(alike[i] / sum(alike))
    return total / (2 * len(one))


@pytest.mark.parametrize(("height", "width", "side"), [(16, 16, 4), (28, 28, 4), (9, 13, 4)])
def test_as_many_patches_are_hidden_as_it_says(height: int, width: int, side: int) -> None:
    torch.manual_seed(0)
    hidden = patches(400, height, width, side, 0.5, torch.device("cpu"))
    down, across = -(-height // side), -(-width // side)
    corners = hidden[:, ::side, ::side]
    assert corners.shape == (400, down, across)
    assert set(corners.sum(dim=(1, 2)).tolist()) == {round(0.5 * down * across)}
    for i in range(down):
        for j in range(across):
            square = hidden[:, i * side : (i + 1) * side, j * side : (j + 1) * side]
            assert torch.equal(square.any(dim=(1, 2)), square.all(dim=(1, 2)))
    often = corners.float().mean(dim=0)
    assert (often - round(0.5 * down * across) / (down * across)).abs().max() < 0.15


def masked_pictures() -> MaskedPictures:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        mean, std = torch.tensor([100.0]), torch.tensor([50.0])
        return MaskedPictures(network(), mean, std, 4, 0.5, (20, 20, 1))


def test_hidden_pixels_are_asked_for_and_not_shown() -> None:
    objective = masked_pictures().eval()
    shown: list[torch.Tensor] = []
    told: list[torch.Tensor] = []
    objective.network.stem.register_forward_pre_hook(lambda m, args: shown.append(args[0]))
    objective.decoder.register_forward_hook(lambda m, args, out: told.append(out))
    batch = torch.randint(0, 256, (5, 20, 20, 1), dtype=torch.uint8)
    torch.manual_seed(1)
    with torch.no_grad():
        loss = float(objective(batch))
    torch.manual_seed(1)
    wanted = ((cropped(batch, 0.6) - 100) / 50).permute(0, 3, 1, 2)
    hidden = shown[0] == 0  # the pool's mean, after it was taken out
    assert 0.4 < hidden.float().mean() < 0.6
    np.testing.assert_allclose(shown[0][~hidden], wanted[~hidden], atol=1e-5)
    wrong = (told[0][:, :, :20, :20] - wanted) ** 2
    assert loss == pytest.approx(float(wrong[hidden].mean()), rel=1e-5)


def test_a_picture_that_is_told_exactly_costs_nothing() -> None:
    objective = masked_pictures()
    flat = torch.full((4, 20, 20, 1), 130, dtype=torch.uint8)
    last: Any = objective.decoder[2]
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.constant_(last.bias, (130 - 100) / 50)
    with torch.no_grad():
        assert float(objective(flat)) < 1e-6
        torch.nn.init.zeros_(last.bias)
        assert float(objective(flat)) == pytest.approx(0.36, rel=1e-4)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, torch.Tensor]:
    """A network that reads words, and the ids of 600 sentences."""
    folder = text_model(tmp_path_factory.mktemp("text"))
    encoder = SentenceEncoder("tiny", folder, ("t",), no_progress)
    from labelwright.connectors.encode.text_network import token_ids

    network = encoder.network(0)
    return network, torch.from_numpy(token_ids(network.model, sentences(600), "tiny"))


def test_tokens_are_hidden_as_bert_hides_them(tokens: tuple[Any, torch.Tensor]) -> None:
    network, ids = tokens
    objective = MaskedTokens(network, 0.3)
    seen: list[torch.Tensor] = []
    handle = network.backbone.embeddings.word_embeddings.register_forward_pre_hook(
        lambda m, args: seen.append(args[0])
    )
    torch.manual_seed(0)
    with torch.no_grad():
        loss = objective.eval()(ids)
    handle.remove()
    shown, asked = seen[0], ids[:, : seen[0].shape[1]]
    words = asked >= 5
    assert torch.equal(shown[~words], asked[~words].long()), "a special token was changed"
    changed = (shown != asked) & words
    masks = (shown == 4) & words
    share = 0.3 * words.sum()
    assert float(masks.sum() / share) == pytest.approx(0.8, abs=0.08)
    assert float((changed & ~masks).sum() / share) == pytest.approx(0.1, abs=0.04)
    assert 0.6 * math.log(len(WORDS)) < float(loss) < 3 * math.log(len(WORDS))


def test_a_batch_without_a_word_to_tell_costs_nothing(tokens: tuple[Any, torch.Tensor]) -> None:
    network, _ = tokens
    objective = MaskedTokens(network, 0.3)
    loss = objective(torch.tensor([[2, 3, 0, 0]], dtype=torch.int32))
    loss.backward()
    assert float(loss.detach()) == 0


def test_an_encoder_that_hides_no_token_is_refused(tokens: tuple[Any, torch.Tensor]) -> None:
    with pytest.raises(PluginError, match="no token that hides"):
        MaskedTokens(network(), 0.15)


def test_views_keep_form_and_range_and_differ() -> None:
    torch.manual_seed(0)
    pictures = torch.randint(0, 256, (50, 20, 14, 3), dtype=torch.uint8)
    one, other = (lit(cropped(pictures)) for _ in range(2))
    assert one.shape == pictures.shape
    assert float(one.min()) >= 0
    assert float(one.max()) <= 255
    assert (one - other).abs().mean() > 10
    blank = torch.full((5, 9, 9, 1), 77, dtype=torch.uint8)
    np.testing.assert_allclose(cropped(blank), 77, atol=1e-3)


def test_half_of_the_crops_are_mirrored() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(0, 250, 10, dtype=torch.uint8).view(1, 1, 25, 1).expand(800, 25, 25, 1)
    views = cropped(ramp)
    rising = views[:, 12, 20, 0] > views[:, 12, 4, 0]
    assert 0.44 < rising.float().mean() < 0.56


def test_a_whole_crop_is_the_picture_or_its_mirror_image() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(40, 8, 8, 1) * 255
    views = cropped(pictures, smallest=1.0, longest=1.0)
    still = cropped(pictures, smallest=1.0, longest=1.0, mirror=False)
    np.testing.assert_allclose(still, pictures, atol=0.01)
    same = (views - pictures).abs().amax(dim=(1, 2, 3)) < 0.01
    mirrored = (views - pictures.flip(2)).abs().amax(dim=(1, 2, 3)) < 0.01
    assert (same ^ mirrored).all()
    assert 8 < int(same.sum()) < 32


def test_corrupted_numbers_are_those_of_other_rows_in_their_column() -> None:
    torch.manual_seed(0)
    table = torch.arange(2000.0).view(500, 4)
    view = corrupted(table, 0.4)
    assert torch.equal(view % 4, table % 4)
    assert float((view != table).float().mean()) == pytest.approx(0.4, abs=0.03)
    assert unchanged(table) is table


def test_a_text_network_sees_a_text_twice_in_two_ways(tokens: tuple[Any, torch.Tensor]) -> None:
    network, ids = tokens
    objective = Contrast(network, unchanged, 0.05, projected=False, noisy=True)
    torch.manual_seed(0)
    with torch.no_grad():
        noisy, still = float(objective.train()(ids[:32])), float(objective.eval()(ids[:32]))
    assert noisy != still
    assert not list(objective.projector.parameters())
