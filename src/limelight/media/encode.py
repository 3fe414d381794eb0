"""Blocks of sound in, packets out, with sample 0 at time 0."""

from __future__ import annotations

from fractions import Fraction

import av.container
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from limelight.errors import OutputError
from limelight.media.formats import SoundFormat, carrying_matrix
from limelight.signals import Samples

# At 160 kb/s and more FFmpeg's fast search codes four times faster and two to three decibels nearer than its slow one.
_OPTIONS = {"aac": {"aac_coder": "fast"}}


class SoundEncoder:
    """One soundtrack being written: counts its samples and stamps them, so that the container starts it at 0.

    Frames are made interleaved ("flt"): PyAV 18 cannot make them from eight planes.
    """

    def __init__(
        self, output: av.container.OutputContainer, form: SoundFormat, *, sample_rate: int, layout: str
    ) -> None:
        options = _OPTIONS.get(form.codec)
        self.stream: AudioStream = output.add_stream(form.codec, rate=form.sample_rate, options=options)  # type: ignore[assignment]
        self.stream.layout = form.layout
        if form.bit_rate is not None:
            self.stream.bit_rate = form.bit_rate
        if form.sample_format is not None:
            self.stream.format = form.sample_format
        self.stream.codec_context.time_base = Fraction(1, form.sample_rate)
        self.samples = 0  # taken so far
        self._rate = sample_rate
        self._layout = form.layout
        self._channels = av.AudioLayout(layout).nb_channels
        self._matrix = carrying_matrix(layout, form.layout)

    def encode(self, block: Samples) -> list[Packet[AudioStream]]:
        """The packets that are ready after this block [C, n]. Raises `OutputError` where it is not sound."""
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise OutputError(f"cannot write a block of shape {block.shape}: {self._channels} channels were announced")
        if not np.isfinite(block).all():
            raise OutputError("cannot write the new soundtrack: it holds values that are not numbers; report this")
        if block.shape[1] == 0:
            return []
        placed = block if self._matrix is None else self._matrix @ block  # [C_wide, n]
        flat = np.ascontiguousarray(placed.T, dtype=np.float32).reshape(1, -1)
        frame = AudioFrame.from_ndarray(flat, format="flt", layout=self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self.samples
        self.samples += block.shape[1]
        return self.stream.encode(frame)

    def finish(self) -> list[Packet[AudioStream]]:
        """The last packets."""
        return self.stream.encode(None)
