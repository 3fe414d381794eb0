from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.stems import make_stems
from fakes import FakeRemixer, gains, remix_card
from metrics.evaluator.sets import model, write_set

from limelight.audio.convert import resample
from limelight.errors import InputError, ModelError
from limelight.metrics.clips import read_eval_clip
from limelight.metrics.models import planned, remixed, separated
from limelight.vision.encoder import without_picture


@pytest.mark.parametrize(("channels", "layout"), [(1, "mono"), (2, "stereo")])
def test_a_model_that_proposes_nothing_changes_nothing(channels: int, layout: str) -> None:
    mix = make_stems(1.0, channels=channels).sum(axis=0)
    assert np.array_equal(remixed(mix, model(), None, layout=layout).samples, mix)


def test_the_plan_says_what_was_done() -> None:
    mix = make_stems(1.0).sum(axis=0)
    plan, output = planned(mix, model((6.0, 0.0, -6.0)), without_picture(1.0), layout="mono")
    np.testing.assert_allclose(plan.curves_db.mean(axis=1), [6, 0, -6], atol=0.1)
    assert output.shape == mix.shape
    assert not np.allclose(output, mix)


def test_stems_sum_to_the_mix() -> None:
    mix = make_stems(1.0, channels=2).sum(axis=0)
    np.testing.assert_allclose(separated(mix, model().separator, layout="stereo").sum(axis=0), mix, atol=1e-6)


def test_a_network_that_remixes_at_once_keeps_the_level_it_learnt() -> None:
    mix = make_stems(1.0, channels=2).sum(axis=0)
    louder = remixed(mix, FakeRemixer(gains(mask=1.5)), None, layout="stereo").samples
    below = [resample(sound, 48_000, 32_000)[:, 3200:-3200] for sound in (louder, 1.5 * mix)]
    np.testing.assert_allclose(*below, atol=0.01)  # what is above the network's band stays as it was
    assert np.array_equal(remixed(mix, FakeRemixer(), None, layout="stereo").samples, mix)


def test_it_is_told_the_context_that_it_was_trained_on(tmp_path: Path) -> None:
    entry = write_set(tmp_path, clips=1, train=0)[0]
    clip = read_eval_clip(tmp_path, entry, entry)
    network = FakeRemixer(card=remix_card(context="clip", context_width=5))
    with pytest.raises(InputError, match="context-clip"):
        remixed(clip.input, network, clip.own, layout="mono")
    place = tmp_path / "clips" / entry.name / "context-clip.npy"
    np.save(place, np.full((2, 5), 7, np.float32))
    remixed(clip.input, network, clip.own, layout="mono")
    assert {float(rows.max()) for rows in network.told} == {7.0}
    network.told.clear()
    remixed(clip.input, network, None, layout="mono")
    assert {float(rows.max()) for rows in network.told} == {0.0}  # in the dark
    np.save(place, np.zeros((2, 4), np.float32))
    with pytest.raises(ModelError, match=r"rows of 5 numbers \(clip\), clip-0000 has \(2, 4\)"):
        remixed(clip.input, network, clip.own, layout="mono")
