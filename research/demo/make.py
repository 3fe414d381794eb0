"""Making the demo: the film, its truth, and the page that says what they are."""

from pathlib import Path

from research.demo import story
from research.demo.film import TRUTH_BITS_PER_SECOND, replace_sound, write_film, write_sound
from research.demo.mixing import Stems, levels, spoiled, total, well_mixed
from research.demo.picture import pictures
from research.demo.sound import raw_stems

X264_CRF = 25

SCENES = {
    "talk": "A presenter in close-up announces a film about a storm. Speech leads; piano and strings play far below, "
    "rain falls outside the window.",
    "action": "A man runs along a quay while crates and barrels fall and lightning brings down a crane; cuts at 14.2 s "
    "and 17.4 s. Effects lead; drums, strings and brass drive below.",
    "landscape": "A slow pan over the calm sea at sunset; one line of narration from off-screen at 22.3 s, the title "
    "from 25.6 s. Music leads, the narration lies above it, sea and gulls are far away.",
}

PAGE = """# The demo film

`demo.mp4` is a film of 30 s made wholly by script and **badly mixed on purpose**: in each stretch, what the picture is
about lies under what it is not about. `demo-truth.m4a` is the same soundtrack well mixed. Both play at the same
loudness, so only the balance differs. This page is written by the script, its figures are measured.

    python examples/make_demo.py                 # makes demo.mp4, demo-truth.m4a and this page again
    python examples/make_demo.py --stems DIR     # the true and the spoiled stems too, as WAV
    python examples/make_demo.py --sound-only    # new sound under the pictures that are there
    python examples/make_demo.py --check         # measures what lies here: lengths, levels, faces, sync

## What happens

{scenes}

Spoken: {lines}

Impacts, seen and heard in the same frame: {impacts}.

## Levels

LUFS (BS.1770 integrated, FFmpeg's `ebur128`) of each stem in each stretch, and what the spoiler did to it in dB. Gains
are constant within a stretch and cross the borders in {transition} s; the whole spoiled film then gets one gain back to
{mix:.0f} LUFS. "spoiled" is what is in `demo.mp4`, that gain included.

{table}

A mixer that undoes the column "spoiler" (up to one gain for all) has found the truth.

## Sources and licences

Everything is drawn, spoken and played by `make_demo.py`; nothing was recorded or downloaded.

- **Picture**: NumPy and OpenCV drawing by our own code; the title's letters are our own strokes, no font. MIT, like the
  rest of this repository.
- **Speech**: our own text, spoken by [Flite](http://www.festvox.org/flite/)'s voice `cmu_us_slt` (Carnegie Mellon
  University, BSD-like licence, free for any use); breath above 8 kHz and the room are our own synthesis.
- **Music**: our own score, played by [FluidSynth](https://www.fluidsynth.org/) with the sound font *FluidR3 GM* by
  Frank Wen (MIT licence).
- **Effects**: noise, sine waves and filters, our own code. MIT.

To make it again you need `flite` and `fluidsynth` (Debian: `apt-get install flite fluidsynth fluid-soundfont-gm`);
without the sound font a plain synthesis plays the score. The same versions of the tools give the same film.
"""


def make(folder: Path, *, stems_folder: Path | None, workers: int, sound_only: bool) -> None:
    """Write demo.mp4 (or its sound alone), demo-truth.m4a and README.md into `folder`, and the stems where asked."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = well_mixed(raw_stems())
    bad = spoiled(truth)
    if stems_folder:
        write_stems(stems_folder, truth, bad)
    write_sound(folder / "demo-truth.m4a", total(truth), codec="aac", bit_rate=TRUTH_BITS_PER_SECOND)
    write_page(folder / "README.md", truth, bad)
    if sound_only:
        replace_sound(folder / "demo.mp4", total(bad))
        return
    write_film(folder / "demo.mp4", pictures(workers), total(bad), quality=X264_CRF)


def write_stems(folder: Path, truth: Stems, bad: Stems) -> None:
    """Six WAV files: truth-speech.wav, …, spoiled-effects.wav."""
    folder.mkdir(parents=True, exist_ok=True)
    for state, stems in (("truth", truth), ("spoiled", bad)):
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
    rows = ["| stretch | stem | truth | spoiler | spoiled |", "|---|---|---:|---:|---:|"]
    for part in (*story.STRETCHES, None):
        for name in (*story.STEMS, "mix"):
            where = part.name if part else "film"
            if (name, where) in meant:
                moved = f"{part.spoil_db[name]:+.0f} dB" if part and name in part.spoil_db else ""
                leads = " (leads)" if part and part.leader == name else ""
                rows.append(
                    f"| {where} | {name}{leads} | {meant[name, where]:.1f} | {moved} | {found[name, where]:.1f} |"
                )
    return "\n".join(rows)
