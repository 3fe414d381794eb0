"""The film of `docs/generated-video.md`: every sound equally loud, a voice in the first shot only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limelight.audio.loudness import integrated_loudness
from limelight.media.probe import choose_soundtrack, probe
from limelight.media.read_audio import read_audio
from research.generated_film import CUT_SECONDS, EACH_LUFS, RATE, SECONDS, main, picture, stems


def test_all_sounds_are_equally_loud_and_the_voice_ends_at_the_cut() -> None:
    parts = stems()
    for part in parts:
        assert integrated_loudness(part[None], RATE, layout="mono") == pytest.approx(EACH_LUFS, abs=0.1)
    assert not parts[0, round(CUT_SECONDS * RATE) :].any()
    np.testing.assert_array_equal(parts, stems())


def test_the_mouth_follows_the_voice_and_the_landscape_passes_by() -> None:
    shut, wide = picture(1.0, 0.0), picture(1.0, 1.0)
    assert (shut != wide).any(axis=2).sum() > 100
    assert (picture(CUT_SECONDS, 0.0) != picture(CUT_SECONDS + 1, 0.0)).any()


def test_the_film_holds_the_sum_of_its_stems(tmp_path: Path) -> None:
    main(tmp_path / "film.mp4", tmp_path / "stems")
    info = probe(tmp_path / "film.mp4")
    heard = np.concatenate(list(read_audio(info, choose_soundtrack(info))), axis=1)[0]
    made = stems().sum(axis=0)
    assert info.duration_seconds == pytest.approx(SECONDS, abs=0.1)
    assert np.corrcoef(heard[: len(made)], made[: len(heard)])[0, 1] > 0.98
    assert {path.name for path in (tmp_path / "stems").iterdir()} == {"speech.wav", "music.wav", "effects.wav"}
