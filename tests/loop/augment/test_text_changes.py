"""Changes of texts on token ids: whole words, a model's own marks in place, no token made up."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from labelwright.loop.augment.rewriting import rewritten
from labelwright.loop.augment.text import dropped, hidden, noisy, swapped
from labelwright.loop.augment.tokens import Tokens, beginnings, words_of
from labelwright.loop.errors import PluginError

PAD, START, END, MASK = 0, 1, 2, 3
NAMES = ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "red", "##dish", "cat", "##s", "sat", "on", "mat"]
LONG = 16


def _tokens(mask: int | None = MASK) -> Tokens:
    special = np.zeros(len(NAMES), dtype=bool)
    special[:4] = True

    def decode(rows: np.ndarray) -> list[str]:
        return [
            " ".join(NAMES[i] for i in row if not special[i]).replace(" ##", "") for row in rows
        ]

    def encode(texts: object) -> np.ndarray:
        return np.stack([_row(text) for text in texts])  # type: ignore[attr-defined]

    return Tokens(PAD, mask, special, beginnings(NAMES), decode, encode)


def _row(text: str) -> np.ndarray:
    ids = [START]
    for word in text.split():
        known = next(n for n in NAMES[4:] if word.startswith(n))
        ids.append(NAMES.index(known))
        if word != known:
            ids.append(NAMES.index("##" + word.removeprefix(known)))
    return np.array([*ids, END, *[PAD] * (LONG - 1 - len(ids))])


def _batch(*texts: str) -> torch.Tensor:
    return torch.from_numpy(_tokens().encode(texts)).long()


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


TEXTS = ("reddish cats sat on mat", "cat sat", "mat", "on on reddish reddish cats cats sat on mat")


def _said(ids: torch.Tensor) -> list[str]:
    return _tokens().decode(ids.numpy())


def _sound(ids: torch.Tensor) -> None:
    """Marks at both ends of the text, padding behind it and nowhere else."""
    for row in ids.tolist():
        end = row.index(END)
        assert row[0] == START
        assert PAD not in row[:end]
        assert set(row[end + 1 :]) <= {PAD}


def test_words_are_counted_over_their_pieces() -> None:
    words = words_of(_batch(TEXTS[0]), _tokens())
    assert words[0].tolist() == [-1, 0, 0, 1, 1, 2, 3, 4, -1, *[-1] * 7]


def test_beginnings_of_each_kind_of_vocabulary() -> None:
    assert beginnings(["a", "##b"]).tolist() == [True, False]
    assert beginnings(["Ġa", "b", "▁c"]).tolist() == [True, False, True]
    assert beginnings(["a", "b"]).tolist() == [True, True]


def test_a_first_token_that_is_written_as_a_piece_is_a_word() -> None:
    ids = torch.tensor([[START, NAMES.index("##s"), NAMES.index("cat"), END]])
    assert words_of(ids, _tokens())[0].tolist() == [-1, 0, 1, -1]


def test_dropped_words_leave_whole_and_one_stays() -> None:
    ids = _batch(*TEXTS * 50)
    made = dropped(ids, _tokens(), 0.3, _rng())
    _sound(made)
    lost = 0
    for before, after in zip(_said(ids), _said(made), strict=True):
        words, kept = before.split(), after.split()
        assert kept
        rest = iter(words)
        assert all(word in rest for word in kept)  # in the same order
        lost += len(words) - len(kept)
    share = lost / sum(len(text.split()) for text in _said(ids))
    assert 0.2 < share < 0.33
    assert torch.equal(dropped(ids, _tokens(), 0.0, _rng()), ids)
    assert all(len(t.split()) == 1 for t in _said(dropped(ids, _tokens(), 1.0, _rng())))
    assert torch.equal(made, dropped(ids, _tokens(), 0.3, _rng()))


def test_a_run_of_words_is_hidden_or_left_out() -> None:
    ids = _batch(*[TEXTS[0]] * 40)
    made = hidden(ids, _tokens(), 0.4, _rng())  # 2 of 5 words
    starts = set()
    for row, before in zip(made, ids, strict=True):
        words = words_of(before[None], _tokens())[0]
        gone = words[row == MASK]
        assert len(set(gone.tolist())) == 2
        assert int(gone.max() - gone.min()) == 1
        assert torch.equal(row[row != MASK], before[row != MASK])
        starts.add(int(gone.min()))
    assert starts == {0, 1, 2, 3}
    out = hidden(ids, _tokens(None), 0.4, _rng())
    _sound(out)
    assert all(len(text.split()) == 3 for text in _said(out))
    assert torch.equal(hidden(ids, _tokens(), 0.0, _rng()), ids)


def test_swapped_words_are_the_same_words() -> None:
    ids = _batch(*TEXTS * 20)
    made = swapped(ids, _tokens(), 0.2, _rng())
    _sound(made)
    for before, after in zip(_said(ids), _said(made), strict=True):
        assert Counter(before.split()) == Counter(after.split())
    one_pair = swapped(_batch(*[TEXTS[0]] * 60), _tokens(), 0.2, _rng())
    pairs = set()
    for text in _said(one_pair):
        moved = [
            i for i, (a, b) in enumerate(zip(text.split(), TEXTS[0].split(), strict=True)) if a != b
        ]
        assert len(moved) == 2
        pairs.add(tuple(moved))
    assert len(pairs) == 10  # all pairs of five words
    assert _said(swapped(_batch("mat"), _tokens(), 0.5, _rng())) == ["mat"]
    assert torch.equal(swapped(ids, _tokens(), 0.0, _rng()), ids)


def test_noise_is_as_large_as_told_beside_the_embeddings() -> None:
    x = 3 * torch.randn(50, 8, 20, generator=_rng(1))
    apart = noisy(x, 0.1, _rng()) - x
    assert float(apart.std()) == pytest.approx(0.3, rel=0.05)


def test_rewritten_texts_are_made_once_a_variant() -> None:
    asked: list[list[str]] = []

    def rewrite(texts: object, seed: int) -> list[str]:
        asked.append(list(texts))  # type: ignore[call-overload]
        return [" ".join(reversed(text.split())) if seed else text for text in asked[-1]]

    class Encoder:
        tokens = _tokens()

    augmentation = rewritten("mirror", rewrite, Encoder(), variants=2)
    ids = _batch(*TEXTS * 10)
    made = augmentation.change(ids, _rng())
    assert sum(map(len, asked)) == 8  # four texts, two variants
    for before, after in zip(_said(ids), _said(made), strict=True):
        assert after in (before, " ".join(reversed(before.split())))
    assert not torch.equal(made, ids)
    augmentation.change(ids, _rng(3))
    assert sum(map(len, asked)) == 8
    short = rewritten("short", lambda texts, seed: [], Encoder())
    with pytest.raises(PluginError, match="made 0 texts"):
        short.change(ids, _rng())
