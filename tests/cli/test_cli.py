"""The command line: every bad input gives one line and its exit code, and leaves nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from film_damage import cut_short
from films import Film, film_path
from media_corpus.command_server import shared_server

from limelight.models.registry import WEIGHTS

FILM = Film(seconds=2.0)


def limelight(*words: object, **more) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "limelight", *map(str, words)], capture_output=True, text=True, timeout=120, **more
    )


def quickly(*words: object) -> subprocess.CompletedProcess[str]:
    """The same, forked from a process that has loaded everything."""
    done = shared_server().run(*words)
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def failing(*words: object, code: str, exit_code: int, **more) -> str:
    """Runs a command that must fail tidily; gives its one line."""
    done = limelight(*words, **more) if more else quickly(*words)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == exit_code, done.stderr
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(f"{code}: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return lines[0]


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def film(tmp_path) -> Path:
    return Path(shutil.copy(film_path(FILM), tmp_path / "holiday.mp4"))


def test_one_command_writes_the_film_beside_its_source(film):
    done = quickly(film, "--report", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert left_behind(film.parent) == ["holiday.highlighted.html", "holiday.highlighted.mp4", "holiday.mp4"]
    assert Path(facts["dest"]).name == "holiday.highlighted.mp4"
    assert facts["true_peak_after_dbtp"] <= -0.95


@pytest.mark.slow
def test_results_on_stdout_talk_on_stderr(film):
    done = quickly("highlight", film)
    assert done.stdout.strip() == str(film.with_name("holiday.highlighted.mp4"))
    assert "LUFS" in done.stderr
    quiet = quickly("highlight", film, "--force", "--quiet")
    assert quiet.stderr == ""


def test_a_name_that_is_no_text_comes_out_as_its_bytes(film):
    odd = film.rename(film.with_name("broken\udcff.mp4"))
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}  # as in most people's locale
    done = subprocess.run(
        [sys.executable, "-m", "limelight", odd, "--separator", "lite"], capture_output=True, env=strict, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith(b"broken\xff.highlighted.mp4")


def test_plan_then_render(film, tmp_path):
    assert quickly("plan", film, "-o", tmp_path / "plan.json").returncode == 0
    plan = json.loads((tmp_path / "plan.json").read_text())
    plan["gains_db"]["music"] = [-20.0 for _ in plan["gains_db"]["music"]]
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    done = quickly("render", film, tmp_path / "plan.json", "-o", tmp_path / "out.mp4", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["gains_db"]["music"]["mean"] == -20.0


def test_inspect_and_stems_and_models_and_score(film, tmp_path):
    seen = json.loads(quickly("inspect", film, "--json").stdout)
    assert set(seen["shots"][0]["cues"]) >= {"camera focus", "tone", "scene background", "appearance"}
    assert "camera focus" in quickly("inspect", film).stdout
    assert quickly("stems", film, "-o", tmp_path / "s").returncode == 0
    assert left_behind(tmp_path / "s") == ["effects.wav", "music.wav", "speech.wav"]
    cards = json.loads(quickly("models", "--json").stdout)
    assert "lite" in [card["name"] for card in cards]
    scores = json.loads(quickly("score", film, "--target", film, "--json").stdout)
    assert scores["mag"] == 0
    assert scores["env_level_matched"] == pytest.approx(0, abs=1e-5)


def test_help_is_quick_and_needs_nothing_heavy():
    code = (
        "import sys; sys.argv=['limelight','--help']\n"
        "from limelight.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert not {'av','cv2','onnxruntime','numpy','torch'} & set(sys.modules), sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "highlight" in done.stdout


def test_missing(tmp_path):
    assert "nowhere.mp4" in failing(tmp_path / "nowhere.mp4", code="E_INPUT", exit_code=3)


def test_empty(tmp_path):
    (tmp_path / "empty.mp4").touch()
    failing(tmp_path / "empty.mp4", code="E_NOT_MEDIA", exit_code=3)


def test_not_media(tmp_path):
    (tmp_path / "letter.mp4").write_text("Dear all,\n" * 100)
    failing(tmp_path / "letter.mp4", code="E_NOT_MEDIA", exit_code=3)


def test_truncated_before_its_index(film, tmp_path):
    broken = cut_short(film, tmp_path / "broken.mp4", share=0.5)
    failing(broken, code="E_NOT_MEDIA", exit_code=3)
    assert left_behind(tmp_path) == ["broken.mp4", "holiday.mp4"]


def test_no_soundtrack(tmp_path):
    silent = shutil.copy(film_path(Film(sound=None)), tmp_path / "silent.mp4")
    failing(silent, code="E_NO_AUDIO", exit_code=4)


def test_audio_stream_out_of_range(film):
    failing(film, "--audio-stream", 7, code="E_NO_AUDIO", exit_code=4)


@pytest.mark.slow
def test_no_picture_works_and_says_so(tmp_path):
    sound = shutil.copy(film_path(Film(container="wav", picture=None, sound="pcm_s16le")), tmp_path / "talk.wav")
    done = quickly(sound)
    assert done.returncode == 0, done.stderr
    assert "no picture" in done.stderr
    assert left_behind(tmp_path) == ["talk.highlighted.wav", "talk.wav"]


@pytest.mark.slow
def test_target_exists(film, tmp_path):
    (tmp_path / "out.mp4").write_bytes(b"precious")
    assert "--force" in failing(film, "-o", tmp_path / "out.mp4", code="E_EXISTS", exit_code=6)
    assert (tmp_path / "out.mp4").read_bytes() == b"precious"


@pytest.mark.slow
def test_target_cannot_be_written(film, tmp_path):
    failing(film, "-o", tmp_path / "no" / "out.mp4", code="E_OUTPUT", exit_code=6)
    failing(film, "-o", film / "out.mp4", code="E_OUTPUT", exit_code=6)
    failing(film, "-o", film, "--force", code="E_OUTPUT", exit_code=6)


@pytest.mark.slow
def test_disk_full_leaves_the_old_result(film, tmp_path):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"precious")

    def small_disk() -> None:  # the system refuses to let a file grow beyond this, as a full disk would
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    failing(film, "-o", target, "--force", "--quiet", code="E_OUTPUT", exit_code=6, preexec_fn=small_disk)
    assert target.read_bytes() == b"precious"
    assert left_behind(tmp_path) == ["holiday.mp4", "out.mp4"]


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--separator", "--model"])
def test_damaged_model(film, tmp_path, flag):
    data = bytearray((WEIGHTS / "lite.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "flipped.onnx").write_bytes(data)
    failing(film, flag, tmp_path / "flipped.onnx", code="E_MODEL", exit_code=5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flag", "known"), [("--separator", "lite"), ("--director", "speech-first"), ("--model", ".onnx")]
)
def test_unknown_model(film, flag, known):
    assert known in failing(film, flag, "nonesuch", code="E_MODEL", exit_code=5)


def test_a_director_in_a_file_of_ones_own(film, tmp_path):
    from models.test_registry import DIRECTOR

    (tmp_path / "quiet.py").write_text(DIRECTOR)
    done = quickly(film, "--director", tmp_path / "quiet.py", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["director"] == "quiet-music"
    assert facts["gains_db"]["music"]["mean"] == pytest.approx(-6)


def test_damaged_plan(film, tmp_path):
    (tmp_path / "plan.json").write_text('{"format": "limelight-plan"')
    failing("render", film, tmp_path / "plan.json", code="E_PLAN", exit_code=3)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [("--strength", 2), ("--speech", 99), ("--loudness", "loud"), ("--true-peak", 3)])
def test_flags_out_of_range(film, flags):
    failing(film, *flags, code="E_USAGE", exit_code=2)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_leaves_nothing(tmp_path, number, exit_code):
    film = shutil.copy(film_path(Film(seconds=60.0, size=(32, 32))), tmp_path / "long.mp4")
    process = subprocess.Popen(
        [sys.executable, "-m", "limelight", film], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".*part")) and time.monotonic() < deadline:
        time.sleep(0.02)  # until it writes
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == exit_code, said
    assert said.strip().splitlines()[-1].startswith("E_INTERRUPTED: ")
    assert left_behind(tmp_path) == ["long.mp4"]
