"""Two hours of film: it opens in seconds, and neither the server nor the browser holds more than a few pieces of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from films import Film
from page_at_work import CHROMIUM, put_film
from test_browser import until

from limelight.mixing.plan import MixPlan, plan_text
from limelight.server.records import id_of
from limelight.server.sound import PARTS, _flac, _form
from limelight.types import STEMS, SoundtrackInfo

SECONDS, RATE, PIECE_SECONDS, SHOTS = 7200, 48_000, 5, 1400
SHORT = Film(container="mp4", sound="aac", seconds=2.0)


@pytest.fixture(scope="module")
def long_film(tmp_path_factory) -> tuple[Path, str]:
    """A work folder as the analysis of two hours leaves it; all pieces share the bytes of one. The film itself is short."""
    work, folder = tmp_path_factory.mktemp("long"), tmp_path_factory.mktemp("films")
    path = put_film(folder, SHORT, "long.mp4")
    film = id_of(path)
    place = work / film
    place.mkdir()
    known = {"id": film, "path": str(path), "name": "long.mp4", "duration_seconds": float(SECONDS), "has_picture": True}
    (place / "film.json").write_text(json.dumps(known))
    plan = plan_text(_plan(path.name))
    for name in ("proposal.json", "plan.json"):
        (place / name).write_text(plan)
    (place / "sound.json").write_text(json.dumps(_index(place)))
    rng = np.random.default_rng(1)
    rows = round(SECONDS / 0.0853)
    features = np.abs(rng.standard_normal((rows, 8))).astype(np.float32) * 1e-3
    (place / "features.f32").write_bytes(features.tobytes())
    (place / "waves.u8").write_bytes(rng.integers(0, 200, SECONDS * 50 * 3, np.uint8).tobytes())
    (place / "pictures.json").write_text("[]")
    return work, str(path)


def _plan(name: str) -> MixPlan:
    points = SECONDS * 10 + 1
    step = SECONDS / SHOTS
    levels = {"before_lufs": -24.0, "predicted_after_lufs": -24.0, "true_peak_before_dbtp": -3.0, "downmix_lufs": -26.0}
    shots = [
        {"start_seconds": n * step, "end_seconds": (n + 1) * step, "cues": {"camera focus": "close-up"}, "reason": "so",
         "gains_db": dict.fromkeys(STEMS, 0.0)}
        for n in range(SHOTS)
    ]  # fmt: skip
    curve = np.round(3 * np.sin(np.arange(points) / 50), 2)
    return MixPlan.model_validate(
        {
            "source": {
                "name": name,
                "duration_seconds": SECONDS,
                "sample_rate": RATE,
                "layout": "stereo",
                "audio_stream": 0,
            },
            "model": {"name": "fake", "sha256": "0"},
            "controls": {"strength": 1.0, "speech_db": 0.0, "music_db": 0.0, "effects_db": 0.0, "loudness": "keep"},
            "loudness": levels,
            "makeup_db": 0.0,
            "gains_db": {stem: (curve * (1 - k)).tolist() for k, stem in enumerate(STEMS)},
            "shots": shots,
        }
    )


def _index(place: Path) -> dict:
    track = SoundtrackInfo(0, "flac", RATE, "stereo", 2, None, None, is_default=True)
    form, layout = _form(track, 2)
    sound = (np.random.default_rng(2).standard_normal((2, PIECE_SECONDS * RATE)) * 0.05).astype(np.float32)
    data = _flac(sound, form, RATE, layout)
    (place / "sound.bin").write_bytes(3 * data)
    piece = [[k * len(data), len(data), 1.0] for k in range(3)] + [[3 * len(data), 0, 1.0]]
    assert len(piece) == len(PARTS)
    return {
        "sample_rate": RATE, "channels": 2, "samples": SECONDS * RATE, "piece_samples": PIECE_SECONDS * RATE,
        "hop_seconds": 1024 / RATE, "window_seconds": 2048 / RATE, "row_seconds": 0.0853, "first_row_seconds": 0.03,
        "limit_margin_db": 0.0,
        "pieces": [piece] * (SECONDS // PIECE_SECONDS),
    }  # fmt: skip


@pytest.fixture
def server(long_film):
    """`limelight serve` in a process of its own: its PID and address."""
    work, path = long_film
    command = [sys.executable, "-m", "limelight", "serve", path, "--no-open", "--port", "0", "--work", str(work)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        yield running.pid, running.stdout.readline().strip(), id_of(Path(path))
        running.terminate()


def peak_megabytes(pid: int) -> float:
    """The most memory that a process has had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_the_server_stays_under_300_megabytes(server):
    pid, address, film = server
    with httpx.Client(base_url=address.partition("?")[0], follow_redirects=True, timeout=60) as client:
        client.get(address)
        started = time.monotonic()
        view = client.get(f"/api/films/{film}/view")
        assert time.monotonic() - started < 5
        assert len(view.json()["plan"]["shots"]) == SHOTS
        size = view.json()["sound"]["pieces"][0][0][1]
        for number in range(200):
            headers = {"Range": f"bytes={number}-{number + size}"}
            assert client.get(f"/api/films/{film}/data/sound", headers=headers).status_code == 206
        plan = view.json()["plan"]
        for _ in range(3):
            assert client.put(f"/api/films/{film}/plan", json=plan).status_code == 200
    assert peak_megabytes(pid) < 300


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
def test_the_browser_holds_a_few_pieces_wherever_the_ear_is(browser, server):
    _, address, film = server
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(address)
        page.evaluate(f"location.hash = '#/film/{film}'")
        started = time.monotonic()
        page.wait_for_selector("#shots tr", timeout=60_000)
        assert time.monotonic() - started < 20  # seconds, on a machine that is busy with other tests
        page.click("#play")
        for seconds in (3600, 10, 7000, 5000):
            page.evaluate(f"limelight.player.seek({seconds})")
            until(page, f"limelight.player.at > {seconds + 0.2} && !limelight.player.starved", seconds=60)
            assert page.evaluate("limelight.player.there.size") <= 5
        page.evaluate("limelight.timeline.zoom(0.01)")
        assert page.evaluate("limelight.timeline.shown[1] - limelight.timeline.shown[0]") == pytest.approx(72, abs=1)
    finally:
        context.close()
