from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mixing.scenes import planned
from pydantic import BaseModel

from limelight.errors import PlanError
from limelight.mixing import plan as plans
from limelight.mixing.plan import MixPlan, PlannedSource, finite_or_none, plan_text, read_plan
from limelight.types import STEMS

SOUND = np.zeros((2, 48_000), np.float32)
PAGE = Path(__file__).parents[2] / "docs" / "plan.md"


def plan_of(curves: np.ndarray | None = None, **source: Any) -> MixPlan:
    plan = planned(SOUND, np.arange(9.0).reshape(3, 3) / 7 if curves is None else curves)
    return plan.model_copy(update={"source": PlannedSource(**(plan.source.model_dump() | source))})


def read_back(text: str | bytes, folder: Path) -> MixPlan:
    path = folder / "plan.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_plan(path)


def edited(*place: str | int, to: Any = None, plan: MixPlan | None = None) -> str:
    """The text of a plan with one value put in its place (or, without a value, taken out)."""
    values = json.loads(plan_text(plan or plan_of()))
    inner = values
    for key in place[:-1]:
        inner = inner[key]
    if to is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = to
    return json.dumps(values)


@given(
    points=st.integers(1, 120),
    values=st.lists(st.floats(-120, 60), min_size=1, max_size=20),
    name=st.text(min_size=0, max_size=30),
    makeup=st.floats(-120, 60),
)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_plan_reads_as_it_was_written(
    tmp_path: Path, points: int, values: list[float], name: str, makeup: float
) -> None:
    curves = np.resize(values, (3, points)) + 0.0
    plan = plan_of(curves, name=name).model_copy(update={"makeup_db": makeup})
    again = read_back(plan_text(plan), tmp_path)
    assert again == plan
    assert plan_text(again) == plan_text(plan)
    np.testing.assert_array_equal(again.curves_db, curves)


def test_the_text_is_what_pydantic_would_write() -> None:
    plan = plan_of(np.random.default_rng(0).uniform(-15, 15, (3, 200)))
    assert json.loads(plan_text(plan)) == json.loads(plan.model_dump_json())
    assert list(json.loads(plan_text(plan))) == [name for name in MixPlan.model_fields if name != "turns_seconds"]


@pytest.mark.parametrize("points", [1, 49, 50, 5000])
def test_a_curve_is_a_line(points: int) -> None:
    lines = plan_text(plan_of(np.full((3, points), -1.5))).splitlines()
    assert len(lines) == 65
    for stem in STEMS:
        assert f'  "{stem}": [{",".join(["-1.5"] * points)}]' in [line.rstrip(",") for line in lines]


def test_names_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    """File names on Linux are bytes."""
    plan = plan_of(name=b"caf\xe9.mp4".decode("utf-8", "surrogateescape"))
    assert read_back(plan_text(plan), tmp_path).source.name == "caf?.mp4"


def test_gains_between_the_points_lie_on_straight_lines() -> None:
    plan = plan_of(np.array([[0, 10, -10], [1, 1, 1], [-2, 0, 2]]))
    np.testing.assert_allclose(plan.times_seconds, [0, 0.1, 0.2])
    found = plan.at(np.array([-1, 0, 0.05, 0.1, 0.15, 0.2, 99]))
    np.testing.assert_allclose(found[0], [0, 0, 5, 10, 0, -10, -10], atol=1e-12)
    np.testing.assert_allclose(found[1], 1)
    np.testing.assert_allclose(found[2], [-2, -2, -1, 0, 1, 2, 2], atol=1e-12)


def test_what_changes_nothing() -> None:
    still = plan_of(np.zeros((3, 4)))
    assert still.changes_nothing
    assert not still.model_copy(update={"makeup_db": 0.01}).changes_nothing
    for k in range(3):
        curves = np.zeros((3, 4))
        curves[k, 2] = -0.01
        assert not plan_of(curves).changes_nothing


def test_some_editors_mark_their_files(tmp_path: Path) -> None:
    plan = plan_of()
    assert read_back(b"\xef\xbb\xbf" + plan_text(plan).replace("\n", "\r\n").encode(), tmp_path) == plan


def test_whole_numbers_are_numbers_too(tmp_path: Path) -> None:
    plan = read_back(edited("gains_db", "music", to=[1, 2, 3]), tmp_path)
    assert plan.gains_db["music"] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("version",), 3),
        (("format",), "other"),
        (("makeup_db",), "3"),
        (("makeup_db",), 61),
        (("makeup_db",), True),
        (("step_seconds",), 0),
        (("source", "sample_rate"), 0),
        (("source", "sample_rate"), 10**400),
        (("source", "sample_rate"), 48_000.5),
        (("source", "duration_seconds"), -1),
        (("source", "audio_stream"), -1),
        (("source", "colour"), "red"),
        (("source", "layout"), None),
        (("model", "sha256"), 3),
        (("controls", "true_peak_dbtp"), 1),
        (("loudness", "before_lufs"), "loud"),
        (("loudness", "downmix_lufs"), 1e9),
        (("gains_db", "music", 1), "x"),
        (("gains_db", "music", 1), 61),
        (("gains_db", "music", 1), -121),
        (("gains_db", "music", 1), 10**400),
        (("shots", 0, "start_seconds"), -1),
        (("shots", 0, "reason"), None),
        (("shots", 0, "gains_db", "music"), "loud"),
        (("shots", 0, "cues", "tone"), 1),
        (("shots",), {}),
    ],
)
def test_the_place_that_is_wrong_is_named(tmp_path: Path, place: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(PlanError, match=re.escape(f"{'.'.join(map(str, place))}: ")) as caught:
        read_back(edited(*place, to=value), tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 5000])
@pytest.mark.parametrize("place", ["makeup_db", "before_lufs", "strength", "end_seconds", "loudness"])
def test_numbers_beyond_numbers_are_refused(tmp_path: Path, number: str, place: str) -> None:
    text = re.sub(rf'("{place}": )[^,{{\n]+', rf"\g<1>{number}", plan_text(plan_of()), count=1)
    assert number in text
    with pytest.raises(PlanError, match="not a mix plan"):
        read_back(text, tmp_path)


@pytest.mark.parametrize(
    ("place", "value", "match"),
    [
        (("gains_db", "music"), [1.0, 2.0], "curves must be equally long"),
        (("gains_db",), {stem: [] for stem in STEMS}, "not empty"),
        (("gains_db", "music"), None, "must have the stems speech, music, effects"),
        (("gains_db", "noise"), [1.0, 2.0, 3.0], "and no others"),
        (("shots", 0, "gains_db", "music"), None, "must have the stems"),
        (("shots", 0, "start_seconds"), 2, "ends after it starts, not 2 to 1 s"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, place: tuple[str | int, ...], value: Any, match: str
) -> None:
    with pytest.raises(PlanError, match=match):
        read_back(edited(*place, to=value), tmp_path)


def test_a_plan_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    text = plan_text(plan_of())
    for end in range(0, len(text) - 1, 7):
        with pytest.raises(PlanError):
            read_back(text[:end], tmp_path)


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe\x00", b'"\\ud800"', b"[" * 10**6, b'{"a":' * 10**5, b"\x00" * 99, b"nan"],
    ids=range(10),
)
def test_what_is_no_plan_is_refused_in_one_line(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(PlanError, match="not a mix plan") as caught:
        read_back(text, tmp_path)
    assert len(str(caught.value)) < 1000


def test_what_a_stranger_wrote_does_not_reach_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        read_back(edited("source", "\x1b[2J\n" + "x" * 5000, to=1), tmp_path)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 1000


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from([1e308, -1e308, 10**30, 1e-320, "keep"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_letters, max_size=3), inner),
    max_leaves=8,
)


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a nest of dicts and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [place for key, item in inner for place in places(item, (*at, key))]


@given(place=st.sampled_from(places(json.loads(plan_text(plan_of())))), value=JSON)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_in_any_place_is_a_plan_or_a_plan_error(
    tmp_path: Path, place: tuple[str | int, ...], value: Any
) -> None:
    text = edited(*place, to=value)
    try:
        plan = read_back(text, tmp_path)
    except PlanError:
        return
    assert np.isfinite(plan.curves_db).all()
    assert read_back(plan_text(plan), tmp_path) == plan


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode) | JSON.map(json.dumps).map(str.encode))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_plan_error(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(PlanError):
        read_back(text, tmp_path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", Path("a\0b"), Path("x" * 5000)):
        with pytest.raises(PlanError, match="could not read it"):
            read_plan(path)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "LARGEST_PLAN_BYTES", 2_000_000)
    path = tmp_path / "plan.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse
    with pytest.raises(PlanError, match="over 2 MB"):
        read_plan(path)


def test_no_number_for_silence() -> None:
    assert finite_or_none(-np.inf) is None
    assert finite_or_none(np.nan) is None
    assert finite_or_none(-800.78) is None  # the smallest numbers that floating point has
    assert finite_or_none(-23.456) == -23.46


def fields_of(part: type[BaseModel], within: str = "") -> list[str]:
    """Places of all fields, those of the parts included: "source.layout", "shots[].reason"."""
    names = []
    for name, field in part.model_fields.items():
        inner = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        place = f"{within}{name}{'[]' if get_origin(field.annotation) is list else ''}"
        names.append(place)
        for kind in inner:
            if get_origin(kind) is None and issubclass(kind, BaseModel):
                names += fields_of(kind, f"{place}.")
    return names


def test_the_page_explains_every_field() -> None:
    names = fields_of(MixPlan)
    assert {"source.layout", "loudness.downmix_lufs", "gains_db", "shots[].gains_db", "shots[].reason"} <= set(names)
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE) == names
    assert f"version {plans.VERSION}" in page


def test_the_example_on_the_page_is_a_plan(tmp_path: Path) -> None:
    example = PAGE.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
    assert plan_text(read_back(example, tmp_path)) == example.rstrip("\n")
