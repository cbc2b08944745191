"""What the tests of pretraining learn from: pictures of shapes, sentences of a small grammar, a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SUBJECTS = ["cat", "dog", "bank", "striker", "minister", "engine"]
VERBS = {
    "cat": ["sleeps", "purrs"], "dog": ["barks", "sleeps"], "bank": ["lends", "pays"],
    "striker": ["scores", "runs"], "minister": ["speaks", "resigns"], "engine": ["runs", "stops"],
}  # fmt: skip
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "old", "today", *SUBJECTS]
WORDS += sorted({verb for verbs in VERBS.values() for verb in verbs})


def shapes(n: int, side: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(n, side, side, 1) uint8 bars, crosses and frames at random places in random light; (n,) which."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 3, n)
    pictures = rng.normal(30, 10, (n, side, side))
    for picture, kind in zip(pictures, kinds, strict=True):
        top, left = rng.integers(1, side // 2 - 1, 2)
        size, light = side // 2 - 1, rng.uniform(60, 200)
        middle = size // 2
        window = picture[top : top + size, left : left + size]
        if kind == 0:
            window[:, middle - 1 : middle + 1] += light
        elif kind == 1:
            window[:, middle] += light
            window[middle] += light
        else:
            window[[0, -1]] += light
            window[:, [0, -1]] += light
    return pictures.clip(0, 255).astype(np.uint8)[..., None], kinds


def sentences(n: int, seed: int = 0) -> list[str]:
    """Sentences in which the verb follows from the subject."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        subject = str(rng.choice(SUBJECTS))
        words = ["the", *(["old"] if rng.random() < 0.5 else []), subject]
        words += [str(rng.choice(VERBS[subject])), *(["today"] if rng.random() < 0.5 else [])]
        found.append(" ".join(words))
    return found


def rows(n: int, seed: int = 0) -> np.ndarray:
    """(n, 6) float64: three pairs of numbers that go together."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n, 3))
    return np.repeat(hidden, 2, axis=1) + 0.1 * rng.normal(size=(n, 6))


def text_model(folder: Path, dropout: float = 0.1) -> Any:
    """Write a tiny BERT that knows the words, as a sentence-transformers folder."""
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]", model_max_length=16,
    )  # fmt: skip
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=16, hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        transformers.BertModel(config).save_pretrained(folder / "bare", safe_serialization=True)
    fast.save_pretrained(folder / "bare")
    transformer = Transformer(str(folder / "bare"), max_seq_length=16)
    whole = SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu")
    whole.save(str(folder / "model"))
    return folder / "model"
