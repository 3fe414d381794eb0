"""The same sound is known again through a codec and from another beginning; other sounds are not."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from dataset.entries import FILM, entry

from limelight.audio.convert import resample
from limelight.dataset.splits import FEWEST, check_content, fingerprint, matches, read_prints, write_prints
from limelight.errors import Leakage

RATE = 48_000


def melody(seed: int, seconds: float = 6.0) -> np.ndarray:
    """Notes with overtones over a little noise, [1, N]: another tune for another seed."""
    rng = np.random.default_rng(seed)
    out = 0.005 * rng.standard_normal(round(seconds * RATE))
    time = np.arange(RATE // 2) / RATE
    for start in range(0, len(out) - len(time), RATE // 5):
        tones = sum(np.sin(2 * np.pi * n * rng.uniform(150, 1200) * time) / n for n in range(1, 5))
        out[start : start + len(time)] += 0.1 * tones * np.exp(-6 * time)
    return out[None].astype(np.float32)


def through_aac(samples: np.ndarray) -> np.ndarray:
    """At 44.1 kHz and 64 kbit/s, and back."""
    sound = resample(samples, RATE, 44_100)
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("aac", rate=44_100, layout="mono", bit_rate=64_000)
        for start in range(0, sound.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[:, start : start + 1024]), "fltp", "mono")
            frame.sample_rate, frame.pts = 44_100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return resample(np.concatenate(parts, axis=1).astype(np.float32), 44_100, RATE)


def test_another_encoding_that_begins_elsewhere_is_the_same_sound() -> None:
    films = [melody(seed, 12.0) for seed in range(4)]
    here = [fingerprint(film[:, : 10 * RATE]) for film in films]
    there = [fingerprint(through_aac(film)[:, round(1.37 * RATE) : round(11.37 * RATE)]) for film in films]
    found = matches([*here, *there], ["train"] * 4 + ["test"] * 4)
    assert [(match.first, match.second) for match in found] == [(n, n + 4) for n in range(4)]
    assert min(match.pairs for match in found) > 2 * FEWEST


def test_within_a_split_nothing_is_compared() -> None:
    one = fingerprint(melody(0))
    assert matches([one, one], ["train", "train"]) == []
    assert len(matches([one, one], ["train", "test"])) == 1


def test_silence_and_what_is_too_short_have_no_landmarks() -> None:
    for silent in (np.zeros((2, RATE), np.float32), melody(0)[:, :500], np.zeros((1, 0), np.float32)):
        assert fingerprint(silent).shape == (0, 2)
    nothing = fingerprint(np.zeros((1, RATE), np.float32))
    assert matches([nothing, nothing], ["train", "test"]) == []


def of_film(name: str, film: str, split: str):
    return replace(entry(name, split=split), sources=(replace(FILM, name=f"{film}.mp4", group=film),))


def test_a_film_in_two_splits_is_refused_and_a_shared_song_is_not() -> None:
    first, second = (
        [fingerprint(melody(seed)) for seed in seeds] for seeds in ((0, 1, 2, 3, 4, 5), (9, 8, 7, 6, 5, 10))
    )
    entries = [of_film(f"a-{n}", "a", "train") for n in range(6)] + [of_film(f"b-{n}", "b", "test") for n in range(6)]
    check_content(entries, [*first, *second])  # one clip of six is the same song
    with pytest.raises(Leakage, match=r"a\.mp4 and b\.mp4 hold the same sound \(6 of 6 clips, the first is a-0\)"):
        check_content(entries, [*first, *first])
    check_content([replace(one, split="train") for one in entries], [*first, *first])


def test_prints_are_kept_and_read(tmp_path: Path) -> None:
    prints = [fingerprint(melody(0)), np.zeros((0, 2), np.uint32), fingerprint(melody(1))]
    write_prints(tmp_path, "film", prints)
    read = read_prints(tmp_path, "film", [entry(str(n)) for n in range(3)])
    assert all(np.array_equal(a, b) for a, b in zip(prints, read, strict=True))
