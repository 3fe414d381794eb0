"""What is refused, before anything is written; what is said; moved keyframes on their way back into the plan."""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeSeparator
from films import Film, film_path, sound_film
from timelines.plans import apart_db, fade, plan_of, rendered
from timelines.players import reaper as play_reaper

from limelight.errors import InputError, PlanError, TargetExists, Unsupported, UsageError
from limelight.mixing.plan import MixPlan, read_plan
from limelight.timelines.hand_over import EDITORS, HandedOver, export, film_of, import_timeline
from limelight.timelines.reaper import read_reaper
from limelight.types import STEMS

FILM = Film("mkv", sound="flac", seconds=4.0, amplitude=0.1)


def handed(folder: Path, *editors: str, plan: MixPlan | None = None, **changes: object) -> tuple[MixPlan, HandedOver]:
    film = film_path(FILM)
    plan = plan or plan_of(film)
    return plan, export(plan, film, folder, editors, separator=FakeSeparator(), **changes)


@functools.cache
def handed_once() -> tuple[MixPlan, HandedOver]:
    folder = Path(tempfile.mkdtemp(prefix="limelight-handed-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return handed(folder, "reaper", "csv")


def copied(folder: Path, suffix: str) -> tuple[MixPlan, Path]:
    """A plan and a copy of its timeline for one editor, with its stems."""
    plan, done = handed_once()
    shutil.copytree(done.timelines[0].parent, folder, dirs_exist_ok=True)
    return plan, folder / f"film{suffix}"


def edited(timeline: Path, pattern: str, by: str, count: int = 1) -> None:
    """The file with a place of it changed."""
    text, found = re.subn(pattern, by, timeline.read_text(encoding="utf-8"), count=count, flags=re.DOTALL)
    assert found
    timeline.write_text(text, encoding="utf-8")


def test_a_plan_without_stems_is_refused(tmp_path):
    plan = plan_of(film_path(FILM), gains_db={}, changed=[0.0], model={"name": "visah", "sha256": "0"})
    for call in (lambda: handed(tmp_path, "csv", plan=plan), lambda: import_timeline(tmp_path / "x.csv", plan)):
        with pytest.raises(PlanError, match="visah, which remixes in one step and has none; make a plan with"):
            call()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Film("mkv", sound="flac", seconds=9.0), "for a film of 4.0 s"),
        (Film("mkv", sound="flac", seconds=4.0, layout="mono"), "48000 Hz stereo"),
        (Film("mkv", sound="flac", seconds=4.0, sample_rate=44_100), "48000 Hz stereo"),
    ],
)
def test_a_plan_of_another_film_is_refused(other, said, tmp_path):
    with pytest.raises(PlanError, match=said):
        export(plan_of(film_path(FILM)), film_path(other), tmp_path / "out", ["csv"], separator=FakeSeparator())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("taken", ["film.rpp", "film.music.wav", "film.shots.csv"])
def test_what_exists_is_kept_and_replaced_when_told(taken, tmp_path):
    (tmp_path / taken).write_text("mine")
    with pytest.raises(TargetExists, match=re.escape(taken)):
        handed(tmp_path, "reaper", "csv")
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    handed(tmp_path, "reaper", "csv", overwrite=True)
    assert (tmp_path / taken).read_bytes() != b"mine"


def test_unknown_editors_and_channels_are_refused(tmp_path):
    with pytest.raises(UsageError, match="'avid', know premiere, fcpxml"):
        handed(tmp_path, "avid")
    film = film_path(Film("mkv", sound="flac", seconds=1.0, layout="quad"))
    with pytest.raises(Unsupported, match="4 channels, which takes 1, 2 or 6; export to reaper"):
        export(plan_of(film), film, tmp_path, ["audition"], separator=FakeSeparator())
    assert not list(tmp_path.iterdir())


def test_the_film_is_found_beside_the_plan(tmp_path, monkeypatch):
    plan = plan_of(film_path(FILM))
    with pytest.raises(InputError, match=r"Wanted the film film\.mkv of .*plan\.json beside it, found none; .* --film"):
        film_of(plan, tmp_path / "plan.json", None)
    (tmp_path / "film.mkv").touch()
    assert film_of(plan, tmp_path / "plan.json", None) == tmp_path / "film.mkv"
    assert film_of(plan, Path("plan.json"), tmp_path / "other.mkv") == tmp_path / "other.mkv"


def test_a_plan_cannot_name_a_film_elsewhere(tmp_path):
    (tmp_path / "secret.mkv").touch()
    plan = plan_of(film_path(FILM), source=plan_of(film_path(FILM)).source.model_dump() | {"name": "../secret.mkv"})
    (tmp_path / "sub").mkdir()
    with pytest.raises(InputError, match="found none"):
        film_of(plan, tmp_path / "sub" / "plan.json", None)


def test_notes_tell_of_a_missing_limiter_and_a_variable_rate(tmp_path):
    film = film_path(Film("mkv", sound="flac", seconds=4.0, amplitude=0.9, dropped=tuple(range(3, 90, 4))))
    done = export(plan_of(film), film, tmp_path, ["premiere"], separator=FakeSeparator())
    assert any(
        re.fullmatch(r"the mix peaks at \+\d\.\d dBTP; put a limiter at -1 dBTP on the master", note)
        for note in done.notes
    )
    assert any("a variable or an unusual rate; the timeline runs at 25.000" in note for note in done.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "film",
    [
        FILM,
        sound_film("flac", "flac", seconds=3.0, sample_rate=44_100, layout="mono", amplitude=0.1),
        Film("mkv", sound="flac", seconds=3.0, soundtracks=2, layout="5.1", frames_per_second=Fraction(24000, 1001)),
    ],
)
@pytest.mark.parametrize("editor", ["reaper", "csv"])
def test_what_was_not_moved_comes_back_to_the_last_digit(film, editor, tmp_path):
    plan = plan_of(film_path(film))
    done = export(plan, film_path(film), tmp_path, [editor], separator=FakeSeparator())
    assert import_timeline(done.timelines[0], plan) == plan


def test_moved_keyframes_of_reaper_are_rendered(tmp_path):
    """Speech all the time 3 dB softer in Reaper: rendered from the new plan it is what Reaper plays."""
    plan, timeline = copied(tmp_path, ".rpp")
    text = timeline.read_text(encoding="utf-8")
    head, _, tail = text.partition("NAME speech")
    envelope, close, others = tail.partition("<ITEM")
    softer = re.sub(
        r"PT (\S+) (\S+) 0", lambda point: f"PT {point[1]} {float(point[2]) * 10 ** (-3 / 20):.9f} 0", envelope
    )
    timeline.write_text(head + "NAME speech" + softer + close + others, encoding="utf-8")
    moved = import_timeline(timeline, plan)
    np.testing.assert_allclose(np.array(moved.gains_db["speech"]) - plan.gains_db["speech"], -3.0, atol=0.03)
    assert (moved.gains_db["music"], moved.gains_db["effects"]) == (plan.gains_db["music"], plan.gains_db["effects"])
    assert apart_db(rendered(film_path(FILM), moved), play_reaper(timeline).play(48_000)) < -60
    assert moved.shots[0].gains_db["speech"] == pytest.approx(np.mean(moved.gains_db["speech"][:10]), abs=0.01)


@pytest.mark.parametrize(
    ("pattern", "by", "stem", "change_db"),
    [
        (r"(NAME music\s+VOLPAN) 1", r"\1 0.5", "music", -6.0206),
        (r"(NAME music\s+VOLPAN 1 0 -1 -1 1\s+MUTESOLO) 0", r"\1 1", "music", None),
        (r"(NAME effects\s+VOLPAN) 1 0 1 -1", r"\1 2 0 1 -1", "effects", 6.0206),
        (r"(MASTER_VOLUME) \S+", r"\1 1", "speech", -1.5),
        (r"(NAME music.*?ACT) 1", r"\1 0", "music", "flat"),
    ],
)
def test_faders_mutes_and_bypassed_envelopes_of_reaper_count(pattern, by, stem, change_db, tmp_path):
    plan, timeline = copied(tmp_path, ".rpp")
    edited(timeline, pattern, by)
    moved, before = np.array(import_timeline(timeline, plan).gains_db[stem]), np.array(plan.gains_db[stem])
    if change_db is None:
        assert set(moved) == {-120.0}
    else:
        wanted = 0.0 * before if change_db == "flat" else before + change_db
        np.testing.assert_allclose(moved, wanted, atol=0.051)


@pytest.mark.parametrize(("shape", "half"), [(0, 0.5), (1, 0.0), (2, 0.5), (3, 0.875), (4, 0.125), (5, 0.5)])
def test_shapes_of_reapers_points(shape, half):
    """From a half up to 1 within two seconds; half-way by the shape of the first point."""
    text = f"<REAPER_PROJECT\n<TRACK\nNAME speech\n<VOLENV2\nPT 0 0.5 {shape}\nPT 2 1 0\n>\n<ITEM\n>\n>\n>\n"
    gains = read_reaper(text, np.array([0.0, 1.0, 2.0, 9.0]))["speech"].gains_db
    np.testing.assert_allclose(10 ** (gains / 20), [0.5, 0.5 + 0.5 * half, 1.0, 1.0], atol=1e-9)


def test_tables_of_spreadsheets_that_write_commas(tmp_path):
    plan, table = copied(tmp_path, ".csv")
    text = table.read_text(encoding="utf-8").replace(",", ";").replace(".", ",")
    table.write_text("\ufeff" + text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert import_timeline(table, plan) == plan


def test_a_table_may_be_written_by_hand(tmp_path):
    plan = plan_of(film_path(FILM))
    table = tmp_path / "gains.csv"
    rows = ["stem,seconds,gain_db,why", "speech,0,0,", "speech,2,6,louder", "Music,0,-6,", "effects,0,0,"]
    table.write_text("\n".join(rows))
    moved = import_timeline(table, plan)
    np.testing.assert_allclose(moved.gains_db["speech"][:21], np.arange(21) * 0.3, atol=0.051)
    assert set(moved.gains_db["music"]) - {-6.0} == set() or np.ptp(moved.gains_db["music"]) < 0.06
    MixPlan.model_validate(moved.model_dump())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.xml", "<xmeml/>", "a project of Reaper"),
        ("x.csv", "stem,seconds\nspeech,0\n", "line 1: no column gain_db"),
        ("x.csv", "stem,seconds,gain_db\nspeech,zero,0\n", "line 2: could not convert string to float: 'zero'"),
        ("x.csv", "stem,seconds,gain_db\nspeech,0,nan\n", "line 2: nan is no number to work with"),
        ("x.csv", "stem,seconds,gain_db\nspeech,0,0\nmusic,0\n", "line 3"),
        ("x.csv", "stem,seconds,gain_db\nspeech,0,0\nmusic,0,0\n", "found no effects"),
        ("x.csv", "stem,seconds,gain_db\nspeech,900,0\nmusic,0,0\neffects,0,0\n", "the timeline lasts 900.0 s"),
        ("x.rpp", "", "it begins with no block"),
        ("x.rpp", "<REAPER_PROJECT\n<TRACK\n", "it ends before its last block does"),
        ("x.rpp", "<REAPER_PROJECT\n>\n", "found no speech, music, effects"),
    ],
)
def test_timelines_that_say_nothing_are_refused(name, text, said, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises((PlanError, UsageError), match=re.escape(said)):
        import_timeline(tmp_path / name, plan_of(film_path(FILM)))


@pytest.mark.parametrize(
    ("pattern", "by", "said"),
    [
        (r"NAME effects", "NAME noises", "found no effects; was one renamed?"),
        (r"(NAME speech.*?POSITION) \S+", r"\1 1.5", "Wanted speech to begin at 0, found 1.50 s"),
        (r"(NAME music.*?LENGTH) \S+", r"\1 2", "for a film of 4.0 s, the timeline lasts 2.0 s"),
        (r"(NAME music.*?)(<ITEM.*?>\s*>)", r"\1\2\n\2", "Wanted music as one clip, found 2"),
        (r"(NAME music.*?PT) \S+", r"\1 soon", "cannot be read"),
    ],
)
def test_projects_that_no_plan_can_follow_are_refused(pattern, by, said, tmp_path):
    plan, timeline = copied(tmp_path, ".rpp")
    edited(timeline, pattern, by)
    with pytest.raises(PlanError, match=re.escape(said)):
        import_timeline(timeline, plan)


def test_every_editor_has_its_own_file():
    suffixes = [editor.suffix for editor in EDITORS.values()]
    assert len(set(suffixes)) == len(suffixes) == 6


def test_two_editors_share_the_stems(tmp_path):
    _, done = handed(tmp_path, "reaper", "premiere")
    assert {path.name for path in tmp_path.iterdir()} == {
        "film.rpp",
        "film.xml",
        *(f"film.{stem}.wav" for stem in STEMS),
    }
    assert [path.suffix for path in done.timelines] == [".rpp", ".xml"]


def test_plans_of_the_first_version_go_too(tmp_path):
    plan = plan_of(film_path(FILM), np.array([fade(4.0, db=3.0, at=1, over=1)] * 3), version=1)
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    export(read_plan(tmp_path / "plan.json"), film_path(FILM), tmp_path / "out", ["csv"], separator=FakeSeparator())
