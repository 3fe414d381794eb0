"""The one time axis that pictures, waveforms and gain curves share.

    0:00:00          0:00:30          0:01:00        d
    |----------------|----------------|--------------|
    x = 0            x = t / d · 1200                1200

Drawings are 1200 units wide and stretched to the page; labels are placed in percent, so that they keep their size.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 1200  # units of a drawing
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)  # s
_MOST_TICKS = 8


@dataclass(frozen=True)
class TimeAxis:
    """Times of a film to places on the page."""

    duration_seconds: float

    def __post_init__(self) -> None:
        if not self.duration_seconds > 0:
            raise ValueError(f"a time axis must last, got {self.duration_seconds} s")

    def share(self, time_seconds: float) -> float:
        """How far along, 0…1; what lies outside the film is put at its ends."""
        return min(1.0, max(0.0, time_seconds / self.duration_seconds))

    def x(self, time_seconds: float) -> float:
        """Units of a drawing, 0…WIDTH."""
        return self.share(time_seconds) * WIDTH

    def percent(self, time_seconds: float) -> str:
        """The same for a style sheet: "12.5%"."""
        return f"{100 * self.share(time_seconds):.3f}%"

    @property
    def ticks(self) -> list[float]:
        """Round times in seconds, the first of them 0, at most nine."""
        step = next((step for step in _STEPS if self.duration_seconds / step <= _MOST_TICKS), _STEPS[-1])
        return [float(k * step) for k in range(int(self.duration_seconds / step) + 1)]
