"""Seeds for single uses, derived from the seed of the run."""

from __future__ import annotations

import hashlib


def derive_seed(*parts: object) -> int:
    """A 32-bit seed for one use, from the run's seed and what it is for."""
    told = "\0".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=4).digest(), "big")
