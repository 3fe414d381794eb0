"""FFmpeg's `ebur128` filter as the oracle for loudness and true peak."""

from __future__ import annotations

from dataclasses import dataclass

import av
import av.filter
import numpy as np


@dataclass(frozen=True)
class Reading:
    integrated_lufs: float
    momentary_lufs: np.ndarray  # one value every 100 ms
    short_term_lufs: np.ndarray
    range_lu: float
    true_peak_db: float


def read(samples: np.ndarray, sample_rate: int, layout: str) -> Reading:
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=sample_rate, format="fltp", layout=layout, time_base=f"1/{sample_rate}")
    meter = graph.add("ebur128", "metadata=1:peak=true:dualmono=0")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frames = []
    for start in range(0, samples.shape[1], sample_rate):
        block = np.ascontiguousarray(samples[:, start : start + sample_rate], np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = sample_rate, start
        source.push(frame)
        frames += _pulled(sink)
    source.push(None)
    frames += _pulled(sink)
    texts = [frame.metadata for frame in frames]
    series = {key: np.array([float(t[f"lavfi.r128.{key}"]) for t in texts]) for key in ("I", "M", "S", "LRA")}
    with np.errstate(divide="ignore"):
        peaks = [
            20 * np.log10(float(value))
            for key, value in texts[-1].items()
            if key.startswith("lavfi.r128.true_peaks_ch")
        ]
    return Reading(series["I"][-1], series["M"], series["S"], series["LRA"][-1], max(peaks))


def _pulled(sink: av.filter.context.FilterContext) -> list[av.AudioFrame]:
    frames = []
    while True:
        try:
            frames.append(sink.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return frames
