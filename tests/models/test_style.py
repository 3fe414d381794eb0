"""Styles: what a file may say, and that the rule does what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from limelight.audio.loudness import power_to_lufs, sliding_powers
from limelight.errors import ModelError, StyleError
from limelight.mixing.features import mix_powers
from limelight.mixing.passages import PASSAGE_ROWS, SHORT_TERM_ROWS, passages, within_range
from limelight.models.directors.speech_first import SpeechFirst
from limelight.models.directors.style import RANGES, Style, load_style, style_names, style_text
from limelight.models.registry import load_director, styled
from limelight.types import STEMS, Cues, Decision, Scene, StemFeatures

NOTHING_SEEN = Cues((), np.zeros((20, 0), np.float32), ())
ROWS = 240  # of 85 ms: 20 s


def heard(speech_lufs: float, music_lufs: float, effects_lufs: float) -> StemFeatures:
    """Steady stems without anything in common; somebody speaks all the time."""
    levels = np.array([speech_lufs, music_lufs, effects_lufs])
    powers = np.zeros((3, 3, ROWS))
    powers[np.arange(3), np.arange(3)] = 10 ** ((levels[:, None] + 0.691) / 10)
    return StemFeatures((np.arange(ROWS) + 0.5) * 0.0853, powers, np.sqrt(powers[range(3), range(3)]), np.ones(ROWS))


def over_rest(sound: StemFeatures, gains: np.ndarray) -> float:
    factors = 10 ** (gains / 10)
    power = sound.powers[range(3), range(3), 0] * factors
    return float(10 * np.log10(power[0] / power[1:].sum()))


def test_there_are_seven_and_each_says_what_it_is_for():
    assert style_names() == ("documentary", "film", "gameplay", "generated", "night", "podcast", "vlog")
    for name in style_names():
        style = load_style(name)
        assert style.name == name
        assert len(style.about) > 20
        assert style_text(name).startswith("# ")


@pytest.mark.parametrize("name", ["vlog", "gameplay", "documentary", "film", "night", "podcast", "generated"])
@pytest.mark.parametrize("levels", [(-30, -24, -40), (-30, -40, -26), (-26, -28, -28)])
def test_speech_comes_to_where_the_style_says(name, levels):
    style, sound = load_style(name), heard(*levels)
    decision = SpeechFirst(style=style).decide(sound, NOTHING_SEEN)
    gains = decision.gains_db[:, 0]
    lifted, music, effects = gains - gains[1:].max()
    cut = gains - gains[0]
    if cut[1] > -style.most_music_cut_db and cut[2] > -style.most_effects_cut_db:
        assert over_rest(sound, gains) == pytest.approx(style.speech_over_rest_lu, abs=0.01)
    before, after = mix_powers(sound, np.zeros((3, ROWS))), mix_powers(sound, decision.gains_db)
    assert 10 * np.log10(after.sum() / before.sum()) == pytest.approx(0, abs=0.01)  # as loud as it was
    assert lifted >= 0 >= min(music, effects)


@pytest.mark.parametrize("name", ["vlog", "gameplay", "documentary", "film", "night", "podcast", "generated"])
def test_what_separation_buries_stays_and_a_track_of_its_own_is_lifted(name):
    buried = heard(-50, -26, -40)
    separated, known = load_style(name), load_style(name).of_tracks
    assert not SpeechFirst(style=separated).decide(buried, NOTHING_SEEN).gains_db.any()
    gains = SpeechFirst(style=known).decide(buried, NOTHING_SEEN).gains_db[:, 0]
    assert over_rest(buried, gains) > over_rest(buried, np.zeros(3)) + 6
    lost = heard(-80, -26, -40)  # what the microphone hears of the room
    assert not SpeechFirst(style=known).decide(lost, NOTHING_SEEN).gains_db.any()


def test_where_one_stem_may_not_fall_further_the_others_do():
    style = Style(most_effects_cut_db=2.0, lifted_share=0.0)
    sound = heard(-26, -28, -34)
    gains = SpeechFirst(style=style).decide(sound, NOTHING_SEEN).gains_db[:, 0]
    assert gains[0] - gains[2] == pytest.approx(2.0)
    assert gains[0] - gains[1] > 2.0
    assert over_rest(sound, gains) == pytest.approx(7.0, abs=0.01)


def test_what_a_style_leaves_alone_stays():
    for name in style_names():
        style = load_style(name)
        good = heard(-20, -20 - style.left_alone_from_lu - 4, -90)
        assert not SpeechFirst(style=style).decide(good, NOTHING_SEEN).gains_db.any()
        silent = StemFeatures(good.times_seconds, good.powers, good.amplitudes, np.zeros(ROWS))
        assert not SpeechFirst(style=style).decide(silent, NOTHING_SEEN).gains_db.any()


def test_the_range_moves_scenes_as_a_whole_and_within_them_nothing():
    sound = heard(-30, -90, -90)
    sound.powers[2, 2, ROWS // 2 :] = 10 ** ((-10 + 0.691) / 10)  # explosions, over which nobody speaks
    sound.powers[2, 2, ROWS // 2 : ROWS // 2 + 10] *= 0.01
    presence = np.where(np.arange(ROWS) < ROWS // 2, 1.0, 0.0)
    sound = StemFeatures(sound.times_seconds, sound.powers, sound.amplitudes, presence)
    middle = float(sound.times_seconds[ROWS // 2]) - 0.01
    scenes = (Scene(0, middle, "talk", 1.0), Scene(middle, 30, "nobody speaks", 1.0))
    limited = within_range(Decision(np.zeros((3, ROWS)), scenes), sound, 8.0)
    assert (limited.gains_db[:, : ROWS // 2] == 0).all()
    loud = limited.gains_db[:, ROWS // 2 :]
    assert (loud == loud[0, 0]).all()
    assert loud[0, 0] == pytest.approx(-15)  # as far as a scene is ever lowered
    assert "lowered by 15 dB" in limited.scenes[1].reason
    quiet = within_range(Decision(np.zeros((3, ROWS)), scenes), sound, 41.0)
    assert not quiet.gains_db.any()


def test_whispers_and_explosions_in_one_scene_are_passages():
    sound = heard(-30, -90, -90)
    sound.powers[2, 2, ROWS // 2 :] = 10 ** ((-22 + 0.691) / 10)
    presence = np.where(np.arange(ROWS) < ROWS // 2, 1.0, 0.0)
    sound = StemFeatures(sound.times_seconds, sound.powers, sound.amplitudes, presence)
    limited = within_range(Decision(np.zeros((3, ROWS)), (Scene(0, 30, "talk", 1.0),)), sound, 8.0)
    powers = mix_powers(sound, limited.gains_db)
    assert (limited.gains_db[:, : ROWS // 2 - 1] == 0).all()
    np.testing.assert_allclose(10 * np.log10(powers[ROWS // 2 + 1 :] / powers[0]), 4.0, atol=0.2)
    assert "parts of the scene lowered by" in limited.scenes[0].reason


def two_halves(first: StemFeatures, then: StemFeatures) -> StemFeatures:
    """One sound, then another."""
    early = np.arange(ROWS) < ROWS // 2
    return StemFeatures(
        first.times_seconds,
        np.where(early, first.powers, then.powers),
        np.where(early, first.amplitudes, then.amplitudes),
        np.where(early, first.presence, then.presence),
    )


def silent(sound: StemFeatures) -> StemFeatures:
    """The same; nobody speaks."""
    return StemFeatures(sound.times_seconds, sound.powers, sound.amplitudes, np.zeros(ROWS))


WHOLE = (Scene(0, 30, "all of it", 1.0),)


def test_a_whisper_is_raised_and_a_soft_room_is_not():
    talk, whisper, room = heard(-30, -90, -90), heard(-45, -90, -90), silent(heard(-90, -90, -50))
    raised = within_range(Decision(np.zeros((3, ROWS)), WHOLE), two_halves(talk, whisper), 8.0).gains_db
    assert raised[:, : ROWS // 2 - 1].max() == 0
    assert raised[0, -1] == pytest.approx(-32.9 - 4 - -45, abs=0.1)  # to half the range under talk as a whole
    kept = within_range(Decision(np.zeros((3, ROWS)), WHOLE), two_halves(talk, room), 8.0).gains_db
    assert not kept.any()


def test_a_bang_beside_words_does_not_say_that_talk_is_loud():
    talk, bang = heard(-30, -90, -90), silent(heard(-90, -90, -14))
    sound = two_halves(talk, bang)
    sound.presence[ROWS // 2 : ROWS // 2 + 8] = 1.0  # words are cut off late
    gains = within_range(Decision(np.zeros((3, ROWS)), WHOLE), sound, 8.0).gains_db
    assert gains[2, -1] == pytest.approx(-(30 - 14 - 4), abs=0.5)


def loudest_lufs(sound: StemFeatures, gains_db: np.ndarray) -> float:
    """Of three seconds."""
    return float(power_to_lufs(sliding_powers(mix_powers(sound, gains_db), SHORT_TERM_ROWS).max()))


def test_what_rolls_away_is_as_loud_as_its_loudest_seconds():
    sound = two_halves(heard(-30, -90, -90), silent(heard(-90, -90, -16)))
    sound.powers[2, 2, ROWS // 2 :] *= 10 ** (-0.02 * np.arange(ROWS - ROWS // 2))
    gains = within_range(Decision(np.zeros((3, ROWS)), WHOLE), sound, 8.0).gains_db
    assert loudest_lufs(sound, gains) == pytest.approx(-30 + 4, abs=0.5)
    assert not gains[:, : ROWS // 2 - PASSAGE_ROWS].any()


def test_buried_words_do_not_say_that_talk_is_soft():
    """Else all that lies over them would be brought to one level."""
    sound = two_halves(heard(-45, -22, -90), heard(-45, -25, -90))
    assert not within_range(Decision(np.zeros((3, ROWS)), WHOLE), sound, 8.0).gains_db.any()


@pytest.mark.parametrize("blips", [0, 5])
def test_where_nobody_speaks_soft_music_stays_soft(blips):
    """Nor do a few windows that were taken for talk say how loud talk is."""
    sound = two_halves(silent(heard(-90, -22, -90)), silent(heard(-90, -45, -90)))
    sound.presence[:blips] = 1.0
    gains = within_range(Decision(np.zeros((3, ROWS)), WHOLE), sound, 8.0).gains_db
    assert not gains.any()


def test_passages_cover_a_scene_and_are_never_short():
    rng = np.random.default_rng(1)
    for _ in range(20):
        powers = 10 ** (np.repeat(rng.uniform(-60, -10, 30), rng.integers(5, 60)) / 10)
        found = passages(powers, 3, len(powers) - 2, 4.0)
        assert [start for start, _ in found] == [3, *(end for _, end in found[:-1])]
        assert found[-1][1] == len(powers) - 2
        assert len(found) == 1 or min(end - start for start, end in found) >= PASSAGE_ROWS
    assert passages(np.ones(500), 0, 500, 4.0) == [(0, 500)]
    assert passages(np.ones(5), 2, 2, 4.0) == []


def test_a_style_of_ones_own(tmp_path):
    path = tmp_path / "my show.toml"
    path.write_text('about = "mine"\nspeech_over_rest_lu = 11\nloudness = -19\n')
    style = load_style(str(path))
    assert (style.name, style.speech_over_rest_lu, style.loudness) == ("my show", 11, -19)
    assert style.left_alone_from_lu == Style().left_alone_from_lu
    assert load_director(style=style).style == style


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speech_over_rest = 9", "the key 'speech_over_rest', which no style has; did you mean speech_over_rest_lu"),
        ("colour = 1", "the key 'colour', which no style has; there are name, about"),
        ("range_lu = 1", "range_lu between 2 and 40"),
        ('lifted_share = "half"', "lifted_share between 0 and 1"),
        ("lifted_share = true", "lifted_share between 0 and 1"),
        ("most_lift_db = nan", "most_lift_db between"),
        ("name = 3", "name as text"),
        ("loudness = [1]", "a loudness as --loudness takes it"),
        ("speech_over_rest_lu 9", "found no TOML"),
        ("\x00", "found no TOML"),
    ],
)
def test_what_is_wrong_with_a_style_is_named(tmp_path, text, said):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(StyleError, match=said):
        load_style(str(path))


def test_unknown_styles(tmp_path):
    with pytest.raises(StyleError, match="there are documentary, film"):
        load_style("blog")
    with pytest.raises(StyleError, match="could not read it"):
        load_style(str(tmp_path / "none.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(StyleError, match="could not read it"):
        load_style(str(tmp_path / "bytes.toml"))


def test_every_key_is_explained_on_the_page():
    page = (Path(__file__).parents[2] / "docs" / "styles.md").read_text(encoding="utf-8")
    for key in RANGES:
        assert f"| `{key}` |" in page
    for name in style_names():
        assert f"| `{name}` |" in page


def test_a_director_that_takes_no_style_says_so():
    class Plain:
        card = SpeechFirst().card

        def decide(self, heard, seen):
            return Decision(np.zeros((len(STEMS), len(heard.times_seconds))))

    assert styled(Plain(), None)
    with pytest.raises(ModelError, match="it takes none"):
        styled(Plain(), Style())
