from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset.entries import entry
from dataset.test_clips import clip, pair
from metrics.signals import noise

from limelight.dataset.clips import write_clip
from limelight.errors import InputError
from limelight.metrics import pretrained as networks
from limelight.metrics.papers import Analysed
from limelight.metrics.pretrained import MetricNetworks, read_pictures
from limelight.metrics.registry import Comparison, Reference, measure, measure_all, registered
from limelight.types import Picture


class Loudness:
    """Two classes, loud and soft; a sound's embedding is how loud it is against 1, a picture's how bright."""

    def logits(self, sound: np.ndarray) -> np.ndarray:
        return np.array([np.abs(sound).mean(), 0.0])

    def sound(self, sound: np.ndarray) -> np.ndarray:
        return np.array([np.abs(sound).mean(), 1.0])

    def pictures(self, images: list[np.ndarray]) -> np.ndarray:
        return np.array([[image.mean() / 255, 1.0] for image in images])


@pytest.fixture(autouse=True)
def _loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_tagger", lambda name: Loudness())
    monkeypatch.setattr(networks, "_embedder", lambda name: Loudness())


def test_only_what_is_asked_for_is_measured() -> None:
    x, images = noise(0), [np.full((4, 4, 3), 255, np.uint8)]
    assert not {"kld", "delta_ib", "delta_ib_of_means"} & set(measure(x, x))
    assert measure(x, x, networks=MetricNetworks("a"))["kld"] == 0.0
    found = measure(5 * x, x, networks=MetricNetworks("a", "b"), pictures=images)
    assert min(found["kld"], found["delta_ib"]) > 0
    assert found["delta_ib"] == abs(found["delta_ib_of_means"])


def test_the_target_is_heard_once_however_many_outputs_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    x, heard = noise(0), []

    class Counting(Loudness):
        def logits(self, sound: np.ndarray) -> np.ndarray:
            heard.append(float(np.abs(sound).max()))
            return super().logits(sound)

    monkeypatch.setattr(networks, "_tagger", lambda name: Counting())
    reference = Reference(Analysed(x), networks=MetricNetworks("a"))
    for gain in (0.5, 2.0, 3.0):
        measure_all(Comparison(Analysed(gain * x), reference), registered())
    assert len(heard) == 4
    assert len(set(heard)) == 4


def test_pictures_are_read_as_they_were_seen(tmp_path: Path) -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    line = write_clip(tmp_path, clip(pair(), pictures=(Picture(0.0, red), Picture(1.0, red))))
    images = read_pictures(tmp_path, line)
    assert len(images) == 2
    np.testing.assert_allclose(images[0].mean((0, 1)), [200, 0, 0], atol=6)
    (tmp_path / "clips" / line.name / "frames" / "00.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"00\.jpg"):
        read_pictures(tmp_path, line)


def test_pictures_that_are_missing_are_told_before_any_work() -> None:
    MetricNetworks("a").check([entry()])
    with pytest.raises(InputError, match="a-0000 has none; build the data set again with --frames"):
        MetricNetworks(embedder="b").check([entry()])
