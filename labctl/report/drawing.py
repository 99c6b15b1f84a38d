"""How all figures of a report are drawn: no window, colours that everybody can tell apart, a mark when simulated."""

from __future__ import annotations

import base64
import io
from typing import Any

from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#777777"
"""Okabe and Ito's colours (jfly.uni-koeln.de/color), which stay apart for colour-blind readers."""
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
}
DPI = 160
MICRO = 1e6


def png(figure: Figure, simulated: bool) -> str:
    """The figure as a PNG in base64, marked where virtual instruments were measured."""
    if simulated:
        figure.suptitle("SIMULATED", x=0.995, ha="right", color=ORANGE, fontsize=8, fontweight="bold")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
