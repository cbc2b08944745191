"""A tiny transformer as a sentence-transformers folder, made in a test and really loaded; and a task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labelwright.dsl import task as t


def text_task(epochs: int | None = None, **more: Any) -> t.Task:
    """A task of three classes on texts in the column t."""
    return t.Task(
        name="t",
        title="T",
        classes=tuple(t.Class(id=id, title=id) for id in "abc"),
        data=t.Data(source=t.Call(name="csv"), text=("t",)),
        holdout=t.Holdout(size=0.2, annotations=10),
        annotators=t.Annotators(source=t.Call(name="simulate")),
        budget=t.Budget(annotations=100),
        query=t.Query(phases=(t.Phase(name="all", strategy=t.Call(name="margin")),)),
        train=t.Train(encoder=t.Encoders(), finetune=t.Call(name="head"), epochs=epochs),
        **more,
    )


def tiny_transformer(
    folder: Path, words: Sequence[str], *, width: int = 32, layers: int = 2, longest: int = 16
) -> Path:
    """A BERT of these words, its weights drawn and never trained."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: i for i, word in enumerate([*special, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=longest, pad_token="[PAD]",
        unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
    ).save_pretrained(folder)  # fmt: skip
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=width, num_hidden_layers=layers,
        num_attention_heads=2, intermediate_size=2 * width, max_position_embeddings=longest,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    modules = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling")]
    _write(
        folder / "modules.json",
        [
            {"idx": i, "name": name, "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (name, path, kind) in enumerate(modules)
        ],
    )
    _write(folder / "sentence_bert_config.json", {"max_seq_length": longest})
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True},
    )
    return folder


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
