"""What of the curve is still to come, as drawn: the forecast with its band, stopping rules, the control arm.

The forecast is told from what was measured by its line and the band's edges, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from labelwright.loop.history import Campaign, CurvePoint

FORECAST = "#080808"  # a stand-in, see `charts`
_FURTHEST = 2.5  # times what was spent: beyond, what was measured would be squeezed


def ahead_of(campaign: Campaign) -> tuple[CurvePoint, ...]:
    """The forecast's points from the last round on, as far as they are drawn."""
    if campaign.forecast is None or not campaign.rounds:
        return ()
    last = campaign.rounds[-1].annotations
    return tuple(
        p
        for p in campaign.forecast.points
        if last <= p.annotations <= max(_FURTHEST * last, 1) and p.accuracy.estimate is not None
    )


def draw_ahead(axes: Axes, campaign: Campaign, ahead: Sequence[CurvePoint]) -> list[Any]:
    """Draws them; returns what the legend names."""
    handles: list[Any] = []
    if len(ahead) > 1:
        x = [p.annotations for p in ahead]
        low, middle, high = (
            [getattr(p.accuracy, name) for p in ahead] for name in ("low", "estimate", "high")
        )
        axes.fill_between(x, low, high, color=FORECAST, alpha=0.13, linewidth=0, zorder=2.5)
        for edge in (low, high):
            axes.plot(x, edge, color=FORECAST, linewidth=0.9, dashes=(1, 2), zorder=3)
        handles += axes.plot(
            x, middle, color=FORECAST, linewidth=1.8, dashes=(6, 2, 1, 2), zorder=5,
            label="forecast, with its 90% band",
        )  # fmt: skip
    return handles + _stops(axes, campaign) + _control(axes, campaign)


def _stops(axes: Axes, campaign: Campaign) -> list[Any]:
    at = sorted({s.annotations for s in campaign.stopping if s.annotations is not None})
    if not at:
        return []
    return axes.plot(
        at, [0.012] * len(at), "^", color=FORECAST, markersize=7, zorder=8, clip_on=False,
        transform=axes.get_xaxis_transform(), label="a stopping rule would have ended it",
    )  # fmt: skip


def _control(axes: Axes, campaign: Campaign) -> list[Any]:
    """What the labels drawn at random come to by themselves."""
    found = campaign.rounds[-1].control if campaign.rounds else None
    if found is None or found.accuracy is None:
        return []
    return axes.plot(
        [found.labels], [found.accuracy], "s", markersize=8, markerfacecolor="none",
        markeredgecolor=FORECAST, markeredgewidth=1.8, zorder=7,
        label=f"{found.labels:,} labels drawn at random, by themselves",
    )  # fmt: skip
