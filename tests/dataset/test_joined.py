"""Films joined of clips hold just what their clips hold, one behind the other."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from dataset.stems import levels_of, make_stems
from typer.testing import CliRunner

from limelight.audio.loudness import integrated_loudness
from limelight.cli.main import app
from limelight.dataset.clips import Clip, read_cues, read_stems, write_clip
from limelight.dataset.degrade import DegradationChoice, degrade, sample_degradation
from limelight.dataset.joined import MEAN_SECONDS, SHORTEST_SECONDS, JoinSettings, join_clips
from limelight.dataset.manifest import Entry, Source, read_manifest, write_manifest
from limelight.dataset.reading import check_dataset
from limelight.dataset.sounds import SAMPLE_RATE
from limelight.errors import InputError, UsageError
from limelight.metrics.clips import read_eval_clip
from limelight.vision.cues import CUE_NAMES

SCENES = 3


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight clips of ten seconds, whose cues no two share."""
    folder = tmp_path_factory.mktemp("scenes") / "set"
    write_manifest(folder, [_clip(folder, number) for number in range(8)])
    return folder


def _clip(folder: Path, number: int) -> Entry:
    rng = np.random.default_rng(number)
    stems = make_stems(10.0, seed=number)
    levels = levels_of(stems)
    change = sample_degradation(rng, DegradationChoice.of("paper:mixed"), levels)
    cues = rng.random((10, len(CUE_NAMES))).astype(np.float32)
    source, name = Source(f"film-{number}", "film", f"film-{number}", "", "CC0", 0.0), f"clip-{number:02d}"
    pair = degrade(stems, change, layout="mono", levels=levels)
    return write_clip(folder, Clip(name, "test", "film", (source,), "known", pair, cues, False, (), ()))


@pytest.fixture(scope="module")
def films(built: Path) -> list[Entry]:
    return join_clips(built, built.parent / "films", count=3, split="test", settings=JoinSettings(scenes=SCENES))


def stretches(film: Entry) -> list[tuple[int, int]]:
    edges = [0, *(int(cut) for cut in film.cuts_seconds), int(film.seconds)]
    return list(itertools.pairwise(edges))


@pytest.mark.slow
def test_a_film_is_a_data_set_like_any_other(built: Path, films: list[Entry]) -> None:
    folder = built.parent / "films"
    assert check_dataset(folder) == films
    assert [film.name for film in films] == [f"film-test-{n:06d}" for n in range(3)]
    for film in films:
        assert film.seconds == MEAN_SECONDS * SCENES
        assert len(film.cuts_seconds) == SCENES - 1
        assert all(last - first >= SHORTEST_SECONDS for first, last in stretches(film))
        trial = read_eval_clip(folder, film, films[0])
        assert len(trial.own.cues.shots) == SCENES
        assert np.abs(trial.degraded.sum(axis=0) - trial.input).max() < 1e-5


@pytest.mark.slow
def test_every_scene_is_a_stretch_of_a_clip(built: Path, films: list[Entry]) -> None:
    """Found again by its cues, which no two clips share; its stems are the clip's but for one gain of the film."""
    clips = {
        entry.name: (read_cues(built, entry.name), read_stems(built, entry.name)) for entry in read_manifest(built)
    }
    for film in films:
        cues, stems = read_cues(built.parent / "films", film.name), read_stems(built.parent / "films", film.name)
        found = []
        for first, last in stretches(film):
            for name, (rows, sounds) in clips.items():
                for start in range(len(rows) - (last - first) + 1):
                    if np.array_equal(rows[start : start + last - first], cues[first:last]):
                        found.append(name)
                        part = sounds[:, :, start * SAMPLE_RATE : (start + last - first) * SAMPLE_RATE]
                        whole = stems[:, :, first * SAMPLE_RATE : last * SAMPLE_RATE]
                        np.testing.assert_allclose(whole, part * 10 ** (film.scale_db / 20), atol=1e-6)
        assert len(set(found)) == SCENES


@pytest.mark.slow
def test_each_bad_scene_is_as_loud_as_its_good_one(built: Path, films: list[Entry]) -> None:
    changed = 0
    for film in films:
        trial = read_eval_clip(built.parent / "films", film, films[0])
        for first, last in stretches(film):
            whole = slice(first * SAMPLE_RATE, last * SAMPLE_RATE)
            bad, good = (
                integrated_loudness(mix[:, whole], SAMPLE_RATE, layout="mono") for mix in (trial.input, trial.target)
            )
            assert bad == pytest.approx(good, abs=0.4)  # curves glide over the cut
            changed += not np.allclose(trial.input[:, whole], trial.target[:, whole], atol=1e-3)
    assert changed


def test_it_goes_on_and_grows(built: Path, films: list[Entry]) -> None:
    folder = built.parent / "films"
    place = folder / "clips" / films[0].name / "input.flac"
    stamp = place.stat().st_mtime_ns
    more = join_clips(built, folder, count=4, split="test", settings=JoinSettings(scenes=SCENES))
    assert more[:3] == films
    assert place.stat().st_mtime_ns == stamp
    with pytest.raises(InputError, match="was built with seed 0, wanted is 1"):
        join_clips(built, folder, count=4, split="test", settings=JoinSettings(seed=1, scenes=SCENES))


def test_what_cannot_be_joined(built: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Wanted 4 clips or more of the train split"):
        join_clips(built, tmp_path, count=1, split="train")
    with pytest.raises(InputError, match="Wanted the split 'all'"):
        join_clips(built, tmp_path, count=1, split="all")
    with pytest.raises(UsageError, match="2 to 100"):
        JoinSettings(scenes=1)


def test_by_command(built: Path, tmp_path: Path) -> None:
    words = ["muddy", "join", str(built), "-o", str(tmp_path), "--count", "1", "--scenes", "2", "-q"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path)
    assert len(read_manifest(tmp_path)) == 1
