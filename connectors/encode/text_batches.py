"""Texts through a transformer of sentence-transformers, faster than its own `encode` and to the same end.

All texts are tokenised at once and batched with others of nearly their number of tokens (not of characters),
so that little padding is computed, and a batch is small enough for what a layer makes of it to stay in the
processor's cache. The transformer computes in `number_type`; pooling and what follows it, which add up small
differences, in float32.

Shapes are fixed: a text is padded to the next multiple of 16 tokens, and a batch of such texts always comes
to `TOKENS`, with rows that nobody reads where texts run out. So the same kernels compute a text whatever
stands beside it, and its vector is the same to the last bit: kernels chosen by shape would differ by 0.001
in bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from labelwright.connectors.encode.machine import NumberType

if TYPE_CHECKING:
    import numpy as np
    import torch

TOKENS = {"cpu": 1_024, "cuda": 8_192}
"""Of one batch, padding included. On a CPU 1,024 to 4,096 are equally fast within a tenth, if full."""

STEP = 16
_WORKERS = 8  # more would wait for Python itself

T = TypeVar("T")


def batched(model: Any) -> bool:
    """Whether this module knows how the model reads text.

    It is a transformer of text alone with a fast tokenizer that pads, and puts no prompt before a text.
    Others (bags of words, static vectors, several kinds of input) go through the library's own `encode`.
    """
    from transformers import PreTrainedTokenizerFast

    tokenizer = getattr(model[0], "tokenizer", None)
    return (
        hasattr(model[0], "auto_model")
        and list(getattr(model, "modalities", ["text"])) == ["text"]
        and isinstance(tokenizer, PreTrainedTokenizerFast)
        and tokenizer.pad_token_id is not None
        and not model.default_prompt_name
    )


def to_number_type(model: Any, number_type: NumberType) -> None:
    """Let the transformer compute in this type, and all modules behind it in float32."""
    import torch

    model[0].to(getattr(torch, number_type))


def encode_batches(model: Any, texts: Sequence[str]) -> np.ndarray:
    """(n_texts, dim) float32 of unit length, of a model that is `batched`."""
    import numpy as np

    if not len(texts):
        return np.zeros((0, int(model.get_embedding_dimension())), dtype=np.float32)
    read = model[0].tokenizer(
        list(texts), truncation=True, max_length=model.max_seq_length, padding=False
    )
    return encode_tokens(model, read)


def encode_tokens(model: Any, read: Any, step: int = STEP) -> np.ndarray:
    """The same from what the tokenizer made of the texts: lists of numbers by the names of inputs.

    step: what numbers of tokens are rounded up to.
    """
    import numpy as np
    import torch

    lengths = np.array([len(ids) for ids in read["input_ids"]])
    vectors = np.zeros((len(lengths), int(model.get_embedding_dimension())), dtype=np.float32)
    tokenizer, device = model[0].tokenizer, model.device
    most = TOKENS.get(device.type, TOKENS["cpu"])
    batches = list(by_tokens(lengths, most, int(model.max_seq_length), step))

    def encode(batch: tuple[np.ndarray, tuple[int, int]]) -> None:
        rows, shape = batch
        with torch.inference_mode():
            features = {k: v.to(device) for k, v in _padded(tokenizer, read, rows, shape).items()}
            vectors[rows] = _through(model, features)[: len(rows)].cpu().numpy()

    _for_each(encode, batches, alone=device.type != "cpu")
    return vectors


def _for_each(do: Callable[[T], None], batches: Sequence[T], alone: bool) -> None:
    """Several batches at a time, each on one thread of torch's, or one after the other on all (`alone`).

    Threads that share a layer wait for each other after every operation; when other programs are
    busy, that costs more than it brings.
    """
    import torch

    threads = torch.get_num_threads()
    workers = min(threads, len(batches), _WORKERS)
    if alone or workers < 1:
        for batch in batches:
            do(batch)
        return
    each = max(1, threads // _WORKERS)
    try:
        with ThreadPoolExecutor(
            workers, initializer=torch.set_num_threads, initargs=(each,)
        ) as pool:
            for _ in pool.map(do, batches):
                pass
    finally:
        torch.set_num_threads(threads)  # what was set is also what new threads begin with


def by_tokens(
    lengths: np.ndarray, most: int, longest: int, step: int = STEP
) -> Iterator[tuple[np.ndarray, tuple[int, int]]]:
    """Rows in batches, longest first, each with its shape: texts, tokens of each.

    lengths (n,) are numbers of tokens, none above `longest`. A shape depends on the number of tokens alone.
    """
    import numpy as np

    room = np.minimum(-(-np.maximum(lengths, 1) // step) * step, longest)
    for tokens in np.unique(room)[::-1]:
        alike, at_a_time = np.flatnonzero(room == tokens), max(1, most // int(tokens))
        for start in range(0, len(alike), at_a_time):
            yield alike[start : start + at_a_time], (at_a_time, int(tokens))


def _through(model: Any, features: dict[str, Any]) -> torch.Tensor:
    import torch

    first, *others = model
    features = first(features)
    features["token_embeddings"] = features["token_embeddings"].float()
    for module in others:
        features = module(features)
    return torch.nn.functional.normalize(features["sentence_embedding"].float(), dim=1)


def _padded(
    tokenizer: Any, read: Any, rows: np.ndarray, shape: tuple[int, int]
) -> dict[str, torch.Tensor]:
    """What the transformer reads of some texts; rows beyond them are as the first."""
    import numpy as np
    import torch

    fill = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
    left = tokenizer.padding_side == "left"
    features = {}
    for name, values in read.items():
        padded = np.full(shape, fill.get(name, 0), dtype=np.int64)
        for place, row in zip(padded[: len(rows)], rows, strict=True):
            own = values[row]
            place[shape[1] - len(own) if left else 0 :][: len(own)] = own
        padded[len(rows) :] = padded[0]
        features[name] = torch.from_numpy(padded)
    return features
