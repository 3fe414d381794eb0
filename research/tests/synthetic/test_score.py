from itertools import pairwise

import numpy as np
import pytest

from research.synthetic.harmony import DRUM_CHANNEL, Score
from research.synthetic.score import draw_score
from research.synthetic.styles import CEILING, CEILINGS, FAMILIES


def drawn(seed: int, *, sung: bool = False) -> Score:
    return draw_score(np.random.default_rng(seed), seconds=30, sung=sung)


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return [drawn(seed) for seed in range(40)]


def test_a_seed_gives_one_piece_and_another_seed_another() -> None:
    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


def test_every_note_can_be_played(scores: list[Score]) -> None:
    for score in scores:
        assert len({part.channel for part in score.parts}) == len(score.parts) <= 16
        assert any(part.notes for part in score.parts)
        for part in score.parts:
            ceiling = 127 if part.channel == DRUM_CHANNEL else CEILINGS.get(part.program, CEILING)
            assert all(note.start_beats >= 0 and note.length_beats > 0 for note in part.notes)
            assert all(24 <= note.pitch <= ceiling and 1 <= note.velocity <= 127 for note in part.notes)
            assert all(0 <= control.value <= 127 for control in part.controls)
            assert all(-8192 <= bend.value <= 8191 for bend in part.bends)


def test_a_key_is_released_before_it_is_struck_again(scores: list[Score]) -> None:
    for part in (part for score in scores for part in score.parts):
        notes = sorted(part.notes, key=lambda note: (note.pitch, note.start_beats))
        for first, second in pairwise(notes):
            if first.pitch == second.pitch:
                assert first.start_beats + first.length_beats <= second.start_beats + 1e-9


def test_pieces_last_about_as_long_as_wished(scores: list[Score]) -> None:
    for score in scores:
        beats_per_minute = float(np.median([tempo.beats_per_minute for tempo in score.tempi]))
        assert 15 < score.length_beats / beats_per_minute * 60 < 110  # whole sections, of up to half a minute and more


def test_pieces_differ_in_every_way(scores: list[Score]) -> None:
    assert len({score.style for score in scores}) > 8
    assert len({part.program for score in scores for part in score.parts}) > 50
    with_drums = np.mean([any(part.channel == DRUM_CHANNEL for part in score.parts) for score in scores])
    assert 0.3 < with_drums < 0.8
    densities = [sum(len(part.notes) for part in score.parts) / score.length_beats for score in scores]
    assert max(densities) > 8 * min(densities)


@pytest.mark.parametrize("seed", range(8))
def test_a_sung_piece_has_a_voice_and_no_second_melody(seed: int) -> None:
    melodies = [part for part in drawn(seed, sung=True).parts if part.role == "melody"]
    assert len(melodies) == 1
    assert melodies[0].program in FAMILIES["voices"]
