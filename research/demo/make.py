"""Makes the demo: the film (H.264 and AAC in MP4), its well mixed truth, and the page that says what they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from research.demo import story
from research.demo.acoustics import Sound
from research.demo.mixing import Stems, degraded, levels, raw_stems, total, well_mixed
from research.demo.picture import GRADING, pictures
from research.demo.story import FRAMES_PER_SECOND, HEIGHT, SAMPLE_RATE, WIDTH

BT709 = 1
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAMES_PER_SECOND
AAC_BITS_PER_SECOND = 192_000
TRUTH_BITS_PER_SECOND = 192_000

SCENES = {
    "talk": "A presenter in close-up announces a film about a storm. Speech leads; piano and strings play far below, "
    "rain falls outside the window.",
    "action": "A man runs through a harbour town in the rain while lightning strikes and crates and barrels fall; cuts "
    "at 14.2 s and 17.4 s. Effects lead; drums, strings and brass drive below.",
    "landscape": "A slow pan over the calm sea at sunset; one line of narration from off-screen at 22.3 s, the title "
    "from 25.6 s. Music leads, the narration lies above it, sea and gulls are far away.",
}

PAGE = """# The demo film

`demo.mp4` is a film of 30 s made wholly by script and **badly mixed on purpose**: in each stretch, what the picture is
about lies under what it is not about. `demo-truth.m4a` is the same soundtrack well mixed. Both play at the same
loudness, so only the balance differs. This page is written by the script, its figures are measured.

<!-- only parsed: minutes, and programs of Debian -->
```sh
python -m research.demo                  # makes demo.mp4, demo-truth.m4a and this page again
python -m research.demo --stems DIR      # the true and the degraded stems too, as WAV
python -m research.demo --sound-only     # new sound under the pictures that are there
python -m research.demo --pictures-only  # new pictures over the sound that is there
python -m research.demo --check          # measures what lies here: lengths, levels, faces, sync
```

## What happens

{scenes}

Spoken: {lines}

Impacts, seen and heard in the same frame: {impacts}.

## Levels

LUFS (BS.1770 integrated, FFmpeg's `ebur128`) of each stem in each stretch, and what the degradation did to it in dB. Gains
are constant within a stretch and cross the borders in {transition} s; the whole degraded film then gets one gain back to
{mix:.0f} LUFS. "degraded" is what is in `demo.mp4`, that gain included.

{table}

A mixer that undoes the column "degradation" (up to one gain for all) has found the truth.

## Sources and licences

Everything is drawn, spoken and played by `research/demo`; nothing was recorded or downloaded.

- **Picture**: painted by our own code (`research/painted`) with NumPy and OpenCV; the title is in OpenCV's Hershey letters.
  MIT, like the rest of this repository.
- **Speech**: our own text, spoken by [Flite](http://www.festvox.org/flite/)'s voice `cmu_us_slt` (Carnegie Mellon
  University, BSD-like licence, free for any use); breath above 8 kHz and the room are our own synthesis.
- **Music**: our own score, played by [FluidSynth](https://www.fluidsynth.org/) with the sound font *FluidR3 GM* by
  Frank Wen (MIT licence).
- **Effects**: noise, sine waves and filters, our own code. MIT.

To make it again you need `flite` and `fluidsynth` (Debian: `apt-get install flite fluidsynth fluid-soundfont-gm`);
without the sound font a plain synthesis plays the score. The same versions of the tools give the same film.
"""


def make(folder: Path, *, stems_folder: Path | None, sound_only: bool, pictures_only: bool) -> None:
    """Write demo.mp4 (or its sound or its pictures alone), demo-truth.m4a and README.md, and the stems where asked."""
    folder.mkdir(parents=True, exist_ok=True)
    if pictures_only:
        replace_pictures(folder / "demo.mp4", pictures())
        return
    truth = well_mixed(raw_stems())
    bad = degraded(truth)
    if stems_folder:
        write_stems(stems_folder, truth, bad)
    write_sound(folder / "demo-truth.m4a", total(truth), codec="aac", bit_rate=TRUTH_BITS_PER_SECOND)
    write_page(folder / "README.md", truth, bad)
    if sound_only:
        replace_sound(folder / "demo.mp4", total(bad))
        return
    write_film(folder / "demo.mp4", pictures(), total(bad), quality=GRADING.quality)


def write_stems(folder: Path, truth: Stems, bad: Stems) -> None:
    """Six WAV files: truth-speech.wav, …, degraded-effects.wav."""
    folder.mkdir(parents=True, exist_ok=True)
    for state, stems in (("truth", truth), ("degraded", bad)):
        for name, sound in stems.items():
            write_sound(folder / f"{state}-{name}.wav", sound, codec="pcm_s16le")


def write_page(path: Path, truth: Stems, bad: Stems) -> None:
    """The page beside the film, its table measured from the stems."""
    scenes = "\n".join(
        f"- **{s.start_seconds:.0f}–{s.end_seconds:.0f} s, {s.name}.** {SCENES[s.name]}" for s in story.STRETCHES
    )
    page = PAGE.format(
        scenes=scenes,
        lines=" ".join(f"*{line.text}* ({line.start_seconds:.1f} s)" for line in story.LINES),
        impacts=", ".join(f"{i.kind} {i.time_seconds:.2f} s" for i in story.IMPACTS),
        transition=story.TRANSITION_SECONDS,
        mix=story.MIX_LUFS,
        table=_table(truth, bad),
    )
    path.write_text(page, encoding="utf-8")


def _table(truth: Stems, bad: Stems) -> str:
    meant, found = levels(truth), levels(bad)
    rows = ["| stretch | stem | truth | degradation | degraded |", "|---|---|---:|---:|---:|"]
    for part in (*story.STRETCHES, None):
        for name in (*story.STEMS, "mix"):
            where = part.name if part else "film"
            if (name, where) in meant:
                moved = f"{part.degrade_db[name]:+.0f} dB" if part and name in part.degrade_db else ""
                leads = " (leads)" if part and part.leader == name else ""
                rows.append(
                    f"| {where} | {name}{leads} | {meant[name, where]:.1f} | {moved} | {found[name, where]:.1f} |"
                )
    return "\n".join(rows)


def _sound_frames(sound: Sound, sample_format: str) -> Iterator[av.AudioFrame]:
    """Blocks of one film frame each, stamped in samples."""
    for start in range(0, sound.shape[1], SAMPLES_PER_FRAME):
        block = np.ascontiguousarray(sound[:, start : start + SAMPLES_PER_FRAME])
        if sample_format != "fltp":
            block = np.round(np.clip(block, -1, 1) * 32767).astype(np.int16).T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format=sample_format, layout="stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        yield frame


def write_sound(path: Path, sound: Sound, *, codec: str, bit_rate: int | None = None) -> None:
    """A sound file; AAC from floats, FLAC and PCM in 16 bits."""
    sample_format = "fltp" if codec == "aac" else "s16"
    with av.open(str(path), "w", options={"movflags": "+faststart"} if codec == "aac" else {}) as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE, layout="stereo", format=sample_format)
        if bit_rate:
            stream.bit_rate = bit_rate
        for frame in _sound_frames(sound, sample_format):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_film(path: Path, pictures: Iterable[NDArray[np.uint8]], sound: Sound, *, quality: int) -> None:
    """The film: pictures [HEIGHT, WIDTH, 3] at FRAMES_PER_SECOND and stereo sound; `quality` is x264's crf."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        picture = _picture_stream(container, quality)
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        stream.bit_rate = AAC_BITS_PER_SECOND
        for frame, block in zip(_picture_frames(pictures), _sound_frames(sound, "fltp"), strict=True):
            container.mux(picture.encode(frame))
            container.mux(stream.encode(block))
        container.mux(picture.encode(None))
        container.mux(stream.encode(None))


def replace_pictures(path: Path, pictures: Iterable[NDArray[np.uint8]]) -> None:
    """Give a film other pictures; its soundtrack is copied packet by packet."""
    fresh = path.with_suffix(".part.mp4")
    with av.open(str(path)) as old, av.open(str(fresh), "w", options={"movflags": "+faststart"}) as container:
        picture = _picture_stream(container, GRADING.quality)
        stream = container.add_stream_from_template(old.streams.audio[0])
        sounds = deque(packet for packet in old.demux(audio=0) if packet.size)
        for frame in _picture_frames(pictures):
            while sounds and sounds[0].pts * sounds[0].time_base <= frame.pts / FRAMES_PER_SECOND:
                sounds[0].stream = stream
                container.mux(sounds.popleft())
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for packet in sounds:
            packet.stream = stream
            container.mux(packet)
    fresh.replace(path)


def _picture_stream(container: av.container.OutputContainer, quality: int) -> av.VideoStream:
    options = {"preset": "slow", "crf": str(quality), "tune": "animation", "g": "125", "threads": "2"}
    picture = container.add_stream("libx264", rate=FRAMES_PER_SECOND, options=options)
    picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context = picture.codec_context
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = 1  # 16…235
    return picture


def _picture_frames(pictures: Iterable[NDArray[np.uint8]]) -> Iterator[av.VideoFrame]:
    """Pictures as the encoder takes them, stamped by number."""
    for number, image in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=1)
        frame.pts = number
        yield frame


def replace_sound(path: Path, sound: Sound) -> None:
    """Give a film another soundtrack; its pictures are copied packet by packet."""
    fresh = path.with_suffix(".part.mp4")
    with av.open(str(path)) as old, av.open(str(fresh), "w", options={"movflags": "+faststart"}) as container:
        picture = container.add_stream_from_template(old.streams.video[0])
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        stream.bit_rate = AAC_BITS_PER_SECOND
        blocks = _sound_frames(sound, "fltp")
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = picture
                container.mux(packet)
                container.mux([p for block in islice(blocks, 1) for p in stream.encode(block)])
        container.mux([p for block in blocks for p in stream.encode(block)])
        container.mux(stream.encode(None))
    fresh.replace(path)


def read_pictures(path: Path) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Each picture of a film with its time in seconds, RGB."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24")
