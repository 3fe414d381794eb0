"""What a second lossy generation costs, by codec and bit rate: how far the noise it adds lies under the sound, band by band.

    python bench/second_generation.py FILE…      any films or sound files; twelve seconds of each are taken

The first generation is the source as it is decoded from its codec at its rate. For each rate of the second the noise-to-mask
ratio is told: noise over the masking threshold of a simple model (Bark bands, Schroeder's spreading, 14.5 + z dB under tones
and 5.5 dB under noise, as in Johnston 1988), mean over bands and blocks that are heard, in dB; and the share of them in
which the noise stands over the threshold. Under −10 dB and 1 % nobody is known to have heard it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np

from limelight.audio.convert import resample
from limelight.media.formats import SoundFormat
from limelight.media.mux import SoundEncoder
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from limelight.types import Samples

RATE, BLOCK = 48_000, 2048
SECONDS = 12
EDGES_HZ = np.array(
    [
        *(0, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720),
        *(2000, 2320, 2700, 3150, 3700, 4400, 5300, 6400, 7700, 9500, 12_000, 15_500),
    ]
)
FIRST = (96_000, 128_000, 192_000)
FACTORS = (0.75, 1.0, 1.25, 1.5, 2.0)
FORMATS = {"aac": "mp4", "libopus": "matroska"}


def coded(sound: Samples, codec: str, bit_rate: int, folder: Path) -> Samples:
    """Through an encoder and back, its delay taken off."""
    path = folder / f"coded.{FORMATS[codec]}"
    form = SoundFormat(codec, RATE, "stereo", bit_rate, None)
    with av.open(str(path), "w", format=FORMATS[codec]) as output:
        encoder = SoundEncoder(output, form, sample_rate=RATE, layout="stereo")
        output.mux(encoder.encode(sound))
        output.mux(encoder.finish())
    info = probe(path)
    back = np.concatenate(list(read_audio(info, info.soundtracks[0])), axis=1)[:, : sound.shape[1]]
    return np.pad(back, ((0, 0), (0, sound.shape[1] - back.shape[1])))


def band_powers(sound: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Powers of Bark bands [B, T] of the mid, and how tonal each block is [T], 0…1."""
    mono = sound.mean(axis=0)
    frames = np.lib.stride_tricks.sliding_window_view(mono, BLOCK)[:: BLOCK // 2] * np.hanning(BLOCK)
    spectrum = np.square(np.abs(np.fft.rfft(frames, axis=1))) + 1e-12
    places = np.searchsorted(EDGES_HZ, np.arange(spectrum.shape[1]) * RATE / BLOCK, side="right") - 1
    bands = np.stack([spectrum[:, places == band].sum(axis=1) for band in range(len(EDGES_HZ) - 1)])
    flatness = 10 * np.log10(np.exp(np.log(spectrum).mean(axis=1)) / spectrum.mean(axis=1))
    return bands, np.clip(flatness / -60, 0, 1)


def noise_to_mask(first: Samples, second: Samples) -> tuple[float, float]:
    """Mean in dB, and the share of audible bands over 0 dB."""
    masker, tonal = band_powers(first)
    noise, _ = band_powers(second - first)
    z = np.arange(len(masker))
    apart = z[:, None] - z[None]
    spread = 10 ** ((15.81 + 7.5 * (apart + 0.474) - 17.5 * np.sqrt(1 + (apart + 0.474) ** 2)) / 10)
    offset = tonal * (14.5 + z[:, None]) + (1 - tonal) * 5.5
    threshold = (spread @ masker) * 10 ** (-offset / 10)
    heard = masker > 1e-6 * masker.max()
    ratio = 10 * np.log10(noise[heard] / threshold[heard])
    return float(ratio.mean()), float((ratio > 0).mean())


def excerpt(path: Path) -> Samples:
    """Twelve seconds from the middle, stereo at 48 kHz."""
    info = probe(path)
    track = choose_soundtrack(info)
    whole = resample(np.concatenate(list(read_audio(info, track)), axis=1), track.sample_rate, RATE)
    whole = np.repeat(whole, 2, axis=0) if len(whole) == 1 else whole[:2]
    start = max(0, (whole.shape[1] - SECONDS * RATE) // 2)
    return np.ascontiguousarray(whole[:, start : start + SECONDS * RATE], np.float32)


def main(paths: list[Path]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        sounds = [excerpt(path) for path in paths]
        print("| codec | first | second | noise to mask, dB | worst | over the mask |")  # noqa: T201
        print("|---|---:|---:|---:|---:|---:|")  # noqa: T201
        for codec in FORMATS:
            for first in FIRST:
                once = [coded(sound, "aac", first, Path(name)) for sound in sounds]
                for factor in FACTORS:
                    found = [noise_to_mask(a, coded(a, codec, round(first * factor), Path(name))) for a in once]
                    ratios, over = [one[0] for one in found], [one[1] for one in found]
                    print(  # noqa: T201
                        f"| {codec} | {first // 1000} | {round(first * factor / 1000)} | {np.mean(ratios):.1f} | "
                        f"{max(ratios):.1f} | {100 * np.mean(over):.1f} % |"
                    )


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
