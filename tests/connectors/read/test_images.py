from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from labelwright.connectors.read.images import images
from labelwright.loop.errors import DataError
from labelwright.loop.ports import Context

Read = Callable[..., Any]


def save(path: Path, size: tuple[int, int] = (6, 4), **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(
        path, **options
    )


def bomb(path: Path, width: int, height: int) -> None:
    """A small PNG whose header promises many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def test_paths_folders_and_sizes_in_order(context: Context, read_all: Read) -> None:
    for name in ("photos/b/2.png", "photos/a/1.jpg", "photos/a/0.webp"):
        save(context.data_root / name)
    source = images("photos/", context=context)
    assert source.roles == {"id": "path", "image": "path", "label": "folder"}
    assert read_all(source).rows == [
        {"path": "photos/a/0.webp", "folder": "a", "width": 6, "height": 4},
        {"path": "photos/a/1.jpg", "folder": "a", "width": 6, "height": 4},
        {"path": "photos/b/2.png", "folder": "b", "width": 6, "height": 4},
    ]
    only = images("photos", pattern="**/*.jpg", context=context)
    assert [r["path"] for r in read_all(only, ["path"]).rows] == ["photos/a/1.jpg"]
    assert only.fingerprint() != source.fingerprint()


def test_a_turned_photograph_has_its_upright_size(context: Context, read_all: Read) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    save(context.data_root / "p/x.jpg", exif=exif)
    assert read_all(images("p", context=context)).rows[0]["width"] == 4


def test_bad_pictures_are_set_aside(context: Context, read_all: Read) -> None:
    root = context.data_root / "p"
    save(root / "good.jpg", (400, 300))
    whole = (root / "good.jpg").read_bytes()
    (root / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    save(root / "good.png", (40, 30))
    whole = (root / "good.png").read_bytes()
    (root / "cut.png").write_bytes(whole[: len(whole) // 2])
    broken = bytearray(whole)
    broken[60:90] = bytes(30)
    (root / "broken.png").write_bytes(bytes(broken))
    (root / "notes.txt").write_text("hello")
    (root / "empty.jpg").write_bytes(b"")
    (root / "fake.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    bomb(root / "bomb_a.png", 8_000, 8_000)
    bomb(root / "bomb_b.png", 10_000, 10_000)
    bomb(root / "bomb_c.png", 60_000, 60_000)
    reading = read_all(images("p", context=context))
    assert [r["path"] for r in reading.rows] == ["p/good.jpg", "p/good.png"]
    assert {f.file: f.reason for f in reading.faults} == {
        "p/bomb_a.png": "picture too large",
        "p/bomb_b.png": "picture too large",
        "p/bomb_c.png": "picture too large",
        "p/broken.png": "unreadable picture",
        "p/cut.jpg": "unreadable picture",
        "p/cut.png": "unreadable picture",
        "p/empty.jpg": "unexpected format",
        "p/fake.jpg": "unexpected format",
        "p/notes.txt": "unexpected format",
    }
    assert all(f.row is None and f.detail for f in reading.faults)


def test_links_out_and_missing_folders(context: Context, tmp_path: Path) -> None:
    save(tmp_path / "outside.png")
    save(context.data_root / "p/in.png")
    with pytest.raises(DataError, match="there is no q under"):
        images("q", context=context).schema()
    with pytest.raises(DataError, match="not a folder"):
        images("p/in.png", context=context).schema()
    with pytest.raises(DataError, match=r"no file in p .* fits \*.gif"):
        images("p", pattern="*.gif", context=context).schema()
    for pattern in ("../*", "/etc/*"):
        with pytest.raises(DataError):
            images("p", pattern=pattern, context=context).schema()
    (context.data_root / "p/link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(DataError, match="out of the data root"):
        images("p", context=context).schema()
