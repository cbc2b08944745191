"""The number type that a network computes fastest in here, told from the processor, not from a trial."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

NumberType = Literal["float32", "bfloat16"]

_PROCESSOR = Path("/proc/cpuinfo")
_NATIVE = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""What x86 (`flags`) and ARM (`Features`) call instructions that multiply bfloat16."""


def number_type(device: torch.device) -> NumberType:
    """bfloat16 where the device multiplies it natively, else float32.

    A processor without such instructions emulates them, several times slower than float32. One that does
    not say what it can (no Linux) is taken to have none.
    """
    import torch

    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    if device.type == "cpu" and _PROCESSOR.exists():
        return of_processor(_PROCESSOR.read_text(encoding="utf-8", errors="replace"))
    return "float32"


def of_processor(told: str) -> NumberType:
    """The same from what Linux tells of the processors: all of them must have the instructions."""
    lists = re.findall(r"^(?:flags|Features)\s*:(.*)$", told, re.MULTILINE)
    native = bool(lists) and all(_NATIVE & set(each.split()) for each in lists)
    return "bfloat16" if native else "float32"
