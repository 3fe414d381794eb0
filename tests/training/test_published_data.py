"""Files of the form that the authors publish, made here, read and evaluated."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from networks.published_oracle import random_weights

from limelight.errors import InputError, ModelError
from limelight.media.audio_files import write_sound
from limelight.metrics import papers
from limelight.networks.released import from_published
from limelight.training.published_data import PublishedData, evaluate_published, published_table

SAMPLES = 441_000


def sound(seed: int, samples: int = SAMPLES, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    slow = np.repeat(rng.standard_normal((channels, samples // 100 + 1)), 100, axis=1)[:, :samples]
    return (0.05 * slow).astype(np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips of two films; the second target is stereo, at another rate and too short."""
    data = tmp_path_factory.mktemp("visah") / "data"
    places = [
        f"./data/Muddy_Mix/{film}/sub_video/{film}_{n:03d}" for film, n in (("_2EQ", 0), ("_2EQ", 7), ("x91N", 1))
    ]
    for number, place in enumerate(places):
        folder = data.parent / place
        for part in ("audio_raw", "remix_global", "frames_feats", "frames_captions"):
            (folder / part).mkdir(parents=True)
        rate, channels = (48_000, 2) if number == 1 else (44_100, 1)
        target = sound(number, rate * (9 if number == 1 else 10), channels)
        layout = "stereo" if channels == 2 else "mono"
        write_sound(folder / "audio_raw" / f"{folder.name}.wav", [target], sample_rate=rate, layout=layout)
        write_sound(folder / "remix_global" / "target_mix.wav", [sound(9 + number)], sample_rate=44_100, layout="mono")
        generator = torch.Generator().manual_seed(number)
        torch.save(
            torch.randn(12, 768, generator=generator, requires_grad=True), folder / "frames_feats" / "visual_feats.pt"
        )
        torch.save(
            torch.randn(10, 4096, generator=generator), folder / "frames_captions" / "InternVL2-8B_prompt1_feats.pt"
        )
    (data / "test_filter.csv").write_text("\n".join(places) + "\n")
    return data


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "visah-epoch=199-val_loss=0.02.ckpt"
    weights = random_weights(5, channels=4, width=64, context=768)
    torch.save({"epoch": 199, "state_dict": {f"model.{name}": value for name, value in weights.items()}}, path)
    return path


def test_clips_are_read_in_the_order_of_the_csv(data: Path) -> None:
    clips = PublishedData(data, "test").clips
    assert [clip.folder.name for clip in clips] == ["_2EQ_000", "_2EQ_007", "x91N_001"]
    given, target = clips[1].sounds
    assert given.shape == target.shape == (SAMPLES,)
    np.testing.assert_allclose(given, sound(10)[0], atol=1e-4)
    assert target[: 8 * 44_100].abs().max() > 0.02
    assert not target[9 * 44_100 + 100 :].any()  # filled up with silence
    assert clips[0].context(768).shape == (10, 768)  # of twelve seconds ten
    assert clips[0].context(4096).shape == (10, 4096)
    assert not clips[0].context(768).requires_grad


@pytest.mark.slow
def test_the_published_checkpoint_is_evaluated_in_batches_of_the_csv(data: Path, checkpoint: Path) -> None:
    told: list[tuple[int, int]] = []
    clips = PublishedData(data, "test")
    found = evaluate_published(checkpoint, clips, batch=2, device="cpu", progress=lambda *done: told.append(done))
    assert told == [(2, 3), (3, 3)]
    network = from_published(torch.load(checkpoint)["state_dict"])
    parts = []
    with torch.inference_mode():
        for some in (clips.clips[:2], clips.clips[2:]):
            mixture = torch.stack([clip.sounds[0] for clip in some])
            parts.append(network(mixture, torch.stack([clip.context(768) for clip in some])))
    targets = [clip.sounds[1].numpy() for clip in clips.clips]
    mags = [papers.mag(y.numpy(), target) for y, target in zip(torch.cat(parts), targets, strict=True)]
    assert found["output"]["mag"] == pytest.approx(100 * np.mean(mags), rel=1e-5)
    assert found["input"]["mag"] == pytest.approx(
        100 * np.mean([papers.mag(clip.sounds[0].numpy(), y) for clip, y in zip(clips.clips, targets, strict=True)])
    )
    said = published_table(found, len(clips))
    envelopes = [papers.env(clip.sounds[0].numpy(), y) for clip, y in zip(clips.clips, targets, strict=True)]
    assert found["input"]["env"] == pytest.approx(100 * np.mean(envelopes))
    assert found["input"]["env_pooled"] == pytest.approx(100 * np.sqrt(np.mean(np.square(envelopes))))
    assert "| VisAH in its paper | 10.24 | – | – | 11.18 | – | 0.88 | – |" in said
    assert "| input, the paper's 1,789 clips | 22.69 | – | 6.30 | 20.61 | – | 1.52 | 1.94 |" in said
    assert json.loads(json.dumps(found)) == found


def test_what_is_missing_is_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Wanted the split 'dev'"):
        PublishedData(data, "dev")
    with pytest.raises(InputError, match=r"train\.csv, could not read it"):
        PublishedData(data, "train")
    (tmp_path / "val.csv").write_text("")
    with pytest.raises(InputError, match="found none"):
        PublishedData(tmp_path, "val")
    (tmp_path / "val.csv").write_text("./data/Muddy_Mix/a/sub_video/a_000\n")
    (clip,) = PublishedData(tmp_path, "val").clips
    with pytest.raises(InputError, match="audio_raw"):
        _ = clip.sounds
    with pytest.raises(InputError, match="could not read them"):
        clip.context(768)
    (clip.folder / "frames_feats").mkdir(parents=True)
    features = clip.folder / "frames_feats" / "visual_feats.pt"
    for broken, said in (
        ({"feats": 1}, "768 finite"),
        (torch.ones(10, 512), "768 finite"),
        (torch.full((10, 768), torch.nan), "768 finite"),
        (torch.ones(9, 768), "a row a second, 10"),
    ):
        torch.save(broken, features)
        with pytest.raises(InputError, match=said):
            clip.context(768)


def test_a_clip_without_its_files_is_told_before_the_work(data: Path, checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    clips = PublishedData(tmp_path / "data", "test")
    clips.check(768, pictures=False)
    with pytest.raises(InputError, match=r"frames/\*\.png in .*_2EQ_000, found none; 3 of 3 clips"):
        clips.check(768, pictures=True)
    clips.clips[2].folder.joinpath("frames_feats", "visual_feats.pt").unlink()
    clips.check(4096, pictures=False)

    def never(*_: int) -> None:
        raise AssertionError("it began")

    with pytest.raises(InputError, match=r"visual_feats\.pt in .*x91N_001, found none; 1 of 3 clips"):
        evaluate_published(checkpoint, clips, batch=1, device="cpu", progress=never)


def test_a_device_that_is_not_there_is_told(data: Path, checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="cannot run on 'xpu:7'"):
        evaluate_published(checkpoint, PublishedData(data, "test"), device="xpu:7")


def test_a_csv_from_another_root_names_the_same_clips(data: Path, tmp_path: Path) -> None:
    lines = (data / "test_filter.csv").read_text().splitlines()
    wished = [f"Muddy_Mix/{line.partition('/Muddy_Mix/')[2]}" for line in lines]
    for text in (
        "\n".join(wished),
        "\n".join(f"/home/somebody/data/{place}" for place in wished),
        "\n".join(["split,path", *(f"test,./data/{place}" for place in wished)]),
    ):
        (tmp_path / "test_filter.csv").write_text(text + "\n\n")
        assert [clip.folder for clip in PublishedData(tmp_path, "test").clips] == [tmp_path / place for place in wished]
    (tmp_path / "test_filter.csv").write_text(f"{wished[0]}\nelsewhere/a_000\n")
    with pytest.raises(InputError, match="in line 2 of"):
        PublishedData(tmp_path, "test")
