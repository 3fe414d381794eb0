import numpy as np
from films import Film, film_path

from limelight.media.probe import choose_soundtrack, probe
from limelight.report.listening import Excerpt, match_loudness, view_soundtrack, view_written

SECONDS = 2.0
WHOLE = Excerpt(0.0, SECONDS, is_whole=True)


def both(tracks, chosen):
    """A film, and the same half as loud, each lossless."""
    loud, soft = (film_path(Film(container="mkv", sound="flac", soundtracks=tracks, amplitude=a)) for a in (0.5, 0.25))
    info = probe(loud)
    track = choose_soundtrack(info, chosen)
    return view_soundtrack(info, track, WHOLE, SECONDS), view_written(soft, info, track, WHOLE, SECONDS)


def test_half_as_loud_is_half_as_high_and_matched_by_6_db():
    before, after = both(1, 0)
    np.testing.assert_allclose(after.envelope.peak, before.envelope.peak / 2, atol=1e-4)
    np.testing.assert_allclose(after.envelope.rms, before.envelope.rms / 2, atol=1e-4)
    match = match_loudness(before.clip, after.clip)
    np.testing.assert_allclose(match.before_db - match.after_db, -6.02, atol=0.02)


def test_the_second_soundtrack_is_compared_with_the_second():
    before, after = both(2, 1)
    np.testing.assert_allclose(after.clip, before.clip / 2, atol=1e-4)
