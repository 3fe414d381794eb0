"""Few pictures are decoded, and they say what all would have said; cuts are found wherever the encoder puts them."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from films import film_path, sound_film
from vision.drawn_face import DrawnFace, ground
from vision.painting import Image, scene, window

from limelight.media.probe import probe
from limelight.media.sample_frames import sample_frames
from limelight.types import SourceInfo
from limelight.vision.encoder import PictureStatistics
from limelight.vision.follow import HeardCurves, follow_faces, synchrony_of, with_synchrony
from limelight.vision.watch import Look, watch, where_to_look

RATE = 25
CUTS = (3.4, 7.2, 9.8)
SHOTS = [scene(seed, width=500) for seed in (1, 2, 3, 4)]
BY_THE_CLOCK = {"x264-params": "keyint=50:min-keyint=50:scenecut=0"}
AT_CUTS = {"x264-params": "keyint=250:min-keyint=10"}


def written(path: Path, pictures: list[Image], options: dict[str, str]) -> SourceInfo:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "veryfast", **options})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, RATE)
        for picture in pictures:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return probe(path)


def moments(index: int) -> Image:
    """Four scenes; the camera pans slowly over each."""
    time = index / RATE
    shot = sum(time >= cut for cut in CUTS)
    return window(SHOTS[shot], 4 * time, 0)


@pytest.fixture(scope="module", params=[BY_THE_CLOCK, AT_CUTS], ids=["keys by the clock", "keys at cuts"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SourceInfo:
    pictures = [moments(index) for index in range(13 * RATE)]
    return written(tmp_path_factory.mktemp("film") / "film.mp4", pictures, request.param)


@pytest.mark.slow
def test_every_cut_is_found_and_no_other(film: SourceInfo) -> None:
    cues = watch(film)
    assert [shot.start_seconds for shot in cues.shots] == pytest.approx([0, *CUTS], abs=0.15)


def test_most_pictures_are_left_out(film: SourceInfo) -> None:
    stretches = where_to_look(film).stretches
    assert sum(end - start for start, end in stretches) < 0.4 * film.duration_seconds
    assert all(end < start for (_, end), (start, _) in pairwise(stretches))


@pytest.mark.slow
def test_what_is_said_is_what_all_pictures_would_have_said(film: SourceInfo) -> None:
    whole = PictureStatistics().encode(sample_frames(film), duration_seconds=film.duration_seconds)
    part = watch(film)
    still = ("key", "contrast", "warmth", "saturation", "detail", "text", "face_present", "pace", "since_cut")
    np.testing.assert_allclose(part.named(still), whole.named(still), atol=0.08)
    np.testing.assert_allclose(
        part.column("sharpness"), whole.column("sharpness"), atol=0.15
    )  # key pictures are sharper
    np.testing.assert_allclose(part.column("camera"), whole.column("camera"), atol=0.2)
    assert part.named(("motion", "impact", "flash")).max() < 0.2


@pytest.mark.slow
def test_without_key_pictures_all_is_looked_at(tmp_path: Path) -> None:
    info = written(
        tmp_path / "one.mp4", [moments(i) for i in range(12 * RATE)], {"x264-params": "keyint=999:scenecut=0"}
    )
    assert where_to_look(info).closely == ((0.0, pytest.approx(12.0, abs=0.1)),)


def test_a_film_of_sound_has_nothing_to_see() -> None:
    assert not watch(probe(film_path(sound_film("wav", "pcm_s16le")))).values.any()


def test_glances_lie_apart_and_key_pictures_between_them_are_seen_once() -> None:
    look = Look((0.0, 0.5, 2.0), ((2.1, 3.0),))
    assert look.stretches == (
        pytest.approx((-0.001, 0.2)),
        pytest.approx((0.499, 0.501)),
        pytest.approx((1.999, 3.0)),
    )


@pytest.mark.slow
def test_faces_are_followed_where_there_are_some_and_speech_is_heard(tmp_path: Path) -> None:
    wall = ground(180, 320)
    opening = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * np.arange(8 * RATE) / RATE)
    pictures = [wall] * (4 * RATE) + [DrawnFace(160, 90, 90, float(mouth)).on(wall) for mouth in opening]
    info = written(tmp_path / "talk.mp4", pictures, BY_THE_CLOCK)
    seen = watch(info)
    followed = follow_faces(info, seen, [(0.0, 9.0)])
    (track,) = followed.tracks
    assert track.times_seconds[0] == pytest.approx(4.0, abs=0.3)
    assert 8.0 < track.times_seconds[-1] <= 9.0
    assert (
        np.corrcoef(track.opening, np.interp(track.times_seconds - 4, np.arange(8 * RATE) / RATE, opening))[0, 1] > 0.9
    )
    assert followed.known[0] == pytest.approx((0.0, 9.0), abs=0.05)
    sound = HeardCurves(np.full(1200, -20.0), np.ones(1200))
    found = synchrony_of(seen, followed, sound, duration_seconds=info.duration_seconds)
    assert found.column("face_seen")[50:85].min() == 1
    assert found.sureness("face_seen")[95:].max() == 0
    joined = with_synchrony(seen, found)
    np.testing.assert_array_equal(joined.named(seen.names), seen.values)
    assert joined.column("face_seen")[5:8].min() > 0.95
    assert joined.column("face_seen, sure")[10:].max() == 0
