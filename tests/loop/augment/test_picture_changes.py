"""Changes of pictures: what they do to one, by itself, and the same again by the same numbers."""

from __future__ import annotations

import pytest
import torch

from labelwright.loop.augment.change import Augmentation
from labelwright.loop.augment.pictures import color_jitter, crop, cut, cutout, flip, moved
from labelwright.loop.augment.randaugment import apply, operations, randaugment
from labelwright.loop.errors import PluginError


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _pictures(n: int = 24, channels: int = 3, h: int = 12, w: int = 10) -> torch.Tensor:
    return torch.rand(n, channels, h, w, generator=_rng(5))


ALL = [crop(), flip(), color_jitter(), cutout(), randaugment()]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("augmentation", ALL, ids=lambda a: a.name)
def test_form_range_and_repetition(augmentation: Augmentation, channels: int) -> None:
    x = _pictures(channels=channels)
    before = x.clone()
    made = augmentation.change(x, _rng())
    assert torch.equal(x, before)  # a new tensor
    assert (made.shape, made.dtype) == (x.shape, x.dtype)
    assert float(made.min()) >= 0
    assert float(made.max()) <= 1
    assert not torch.equal(made, x)
    assert torch.equal(made, augmentation.change(x, _rng()))
    assert not torch.equal(made, augmentation.change(x, _rng(1)))


@pytest.mark.parametrize("augmentation", ALL, ids=lambda a: a.name)
def test_each_picture_has_numbers_of_its_own(augmentation: Augmentation) -> None:
    same = _pictures(1).expand(40, -1, -1, -1).contiguous()
    made = augmentation.change(same, _rng())
    assert len({picture.numpy().tobytes() for picture in made}) > (
        1 if augmentation.name == "flip" else 5
    )


def test_a_crop_is_a_window_of_the_mirrored_picture() -> None:
    x = _pictures(60, 1, 8, 8)
    made = moved(x, 0.25, _rng())
    padded = torch.nn.functional.pad(x, [2, 2, 2, 2], mode="reflect")
    seen = set()
    for picture, around in zip(made, padded, strict=True):
        found = [
            (i, j)
            for i in range(5)
            for j in range(5)
            if torch.equal(picture, around[:, i : i + 8, j : j + 8])
        ]
        assert len(found) == 1
        seen.add(found[0])
    assert len(seen) > 15  # of 25 places


def test_flip_mirrors_left_to_right_as_often_as_it_is_told() -> None:
    x = _pictures(400, 1)
    made = flip(0.25).change(x, _rng())
    turned = [torch.equal(a, b.flip(-1)) for a, b in zip(made, x, strict=True)]
    kept = [torch.equal(a, b) for a, b in zip(made, x, strict=True)]
    assert all(t or k for t, k in zip(turned, kept, strict=True))
    assert 70 < sum(turned) < 130


def test_cutout_is_one_grey_rectangle_no_larger_than_told() -> None:
    x = _pictures(200, 2, 20, 20)
    made = cut(x, 0.5, _rng())
    changed = (made != x).any(dim=1)
    assert (made[changed[:, None].expand_as(made)] == 0.5).all()
    for mask in changed:
        rows, columns = mask.any(dim=1), mask.any(dim=0)
        assert torch.equal(mask, rows[:, None] & columns[None])
        assert int(rows.sum()) <= 10
        assert int(columns.sum()) <= 10
    assert changed.float().mean() > 0.02


def test_operations_at_strength_zero_leave_the_picture() -> None:
    x = _pictures(8)
    for place, name in enumerate(operations(3)):
        if name in ("autocontrast", "equalize", "posterize"):  # have no strength, or round
            continue
        made = apply(x, torch.full((8,), place), torch.zeros(8))
        assert torch.allclose(made, x, atol=1e-4), name


def test_operations_do_what_they_are_called() -> None:
    x = 0.2 + 0.5 * _pictures(4)
    level = torch.full((4,), 0.5)
    does = {
        name: apply(x, torch.full((4,), place), level) for place, name in enumerate(operations(3))
    }
    assert torch.equal(does["none"], x)
    assert torch.allclose(does["brightness"], (x * 1.45).clamp(0, 1))
    assert torch.allclose(does["solarize"], torch.where(x >= 0.5, 1 - x, x))
    assert does["autocontrast"].amin() < 0.01
    assert does["autocontrast"].amax() > 0.99
    assert does["saturation"].std(dim=1).mean() > x.std(dim=1).mean()
    shifted = does["shift_x"]  # by 1.5 of 10 pixels to the right
    assert torch.allclose(shifted[..., 3:9], (x[..., 1:7] + x[..., 2:8]) / 2, atol=1e-4)
    assert (shifted[..., 0] == 0).all()


def test_turning_back_and_forth_gives_the_middle_back() -> None:
    y, x = torch.meshgrid(torch.linspace(-1, 1, 33), torch.linspace(-1, 1, 33), indexing="ij")
    spot = torch.exp(-((x - 0.2) ** 2 + y**2) / 0.05)[None, None]
    turn = torch.tensor([operations(1).index("rotate")])
    there = apply(spot, turn, torch.tensor([0.8]))
    back = apply(there, turn, torch.tensor([-0.8]))
    assert (there - spot).abs().max() > 0.2
    assert (back - spot).abs().max() < 0.08  # blurred twice


@pytest.mark.parametrize(
    "make",
    [
        lambda: crop(0.9),
        lambda: flip(1.5),
        lambda: color_jitter(-0.1),
        lambda: cutout(2),
        lambda: randaugment(0),
        lambda: randaugment(2, 3),
    ],
)
def test_arguments_that_make_no_sense(make: object) -> None:
    with pytest.raises(PluginError, match=r"makes no sense|changes nothing"):
        make()  # type: ignore[operator]
