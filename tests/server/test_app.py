"""The REST API: what it promises in its own description, and the same JSON as the command line's."""

from __future__ import annotations

import json
import zipfile

import httpx
import pytest
from fakes import separator_card
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from page_at_work import TOKEN, ThreadEngine, put_film, wait_for
from test_films import SHORT, quick

from limelight.server.app import make_app
from limelight.server.films import Films


@pytest.fixture
def client(served):
    with httpx.Client(base_url=served.address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
        yield client


def test_a_view_holds_plan_proposal_sound_and_pictures(client, loud):
    view = client.get(f"/api/films/{loud}/view").json()
    assert view["film"]["analysed"]
    assert view["plan"] == view["proposal"]
    assert view["plan"]["format"] == "limelight-plan"
    assert view["sound"]["sample_rate"] == separator_card().sample_rate
    start, end, there = view["pictures"][0]
    assert (start, there) == (0.0, True)
    assert end > 1
    picture = client.get(f"/api/films/{loud}/pictures/0")
    assert picture.headers["content-type"] == "image/jpeg"
    assert client.get(f"/api/films/{loud}/pictures/9999").status_code == 404


def test_sound_and_film_come_by_ranges_of_bytes(client, loud, served):
    url = f"/api/films/{loud}/data/sound"
    whole = client.get(url).content
    part = client.get(url, headers={"Range": "bytes=10-29"})
    assert part.status_code == 206
    assert part.content == whole[10:30]
    assert part.headers["content-range"] == f"bytes 10-29/{len(whole)}"
    assert client.get(url, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
    film = client.get(f"/api/films/{loud}/film", headers={"Range": "bytes=0-3"})
    assert film.content == (served.folder / "loud.mkv").read_bytes()[:4]


def test_an_edited_plan_is_kept_and_an_unfit_one_is_not(client, loud):
    url = f"/api/films/{loud}/plan"
    plan = client.get(url).json()
    moved = plan | {"gains_db": {stem: [1.5] * len(curve) for stem, curve in plan["gains_db"].items()}}
    try:
        assert client.put(url, json=moved).status_code == 200
        assert client.get(url).json() == moved
        file = client.get(url + "/file")
        assert json.loads(file.text) == moved
        assert "loud.plan.json" in file.headers["content-disposition"]
        short = plan | {"gains_db": {stem: curve[:-1] for stem, curve in plan["gains_db"].items()}}
        other = plan | {"source": plan["source"] | {"duration_seconds": 1.0}}
        loudest = plan | {"makeup_db": 1e9}
        for unfit in (short, other, loudest, {}, [], plan | {"more": 1}):
            answer = client.put(url, json=unfit)
            assert answer.status_code == 422, unfit
            assert answer.json()["code"] in ("E_PLAN", "E_USAGE")
        assert client.get(url).json() == moved
    finally:
        client.put(url, json=plan)


def test_a_render_tells_what_the_command_line_tells(client, loud, served):
    job = client.post(f"/api/films/{loud}/jobs", json={"kind": "render"}).json()
    wait_for(served.films, job["id"])
    done = client.get(f"/api/jobs/{job['id']}").json()
    assert done["files"] == ["loud.highlighted.mkv"]
    keys = {"source", "dest", "loudness_after_lufs", "true_peak_after_dbtp", "gains_db", "verified", "seconds", "why"}
    assert keys <= set(done["facts"])
    assert done["facts"]["true_peak_after_dbtp"] <= -0.95
    answer = client.get(f"/api/films/{loud}/results/loud.highlighted.mkv")
    assert answer.content[:4] == b"\x1a\x45\xdf\xa3"
    assert "attachment" in answer.headers["content-disposition"]


def test_stems_and_a_timeline_can_be_downloaded(client, loud, served, tmp_path):
    stems = client.post(f"/api/films/{loud}/jobs", json={"kind": "stems"}).json()
    wait_for(served.films, stems["id"])
    assert client.get(f"/api/jobs/{stems['id']}").json()["files"] == ["speech.wav", "music.wav", "effects.wav"]
    job = client.post(f"/api/films/{loud}/jobs", json={"kind": "timeline", "editors": ["reaper"]}).json()
    wait_for(served.films, job["id"])
    (name,) = client.get(f"/api/jobs/{job['id']}").json()["files"]
    (tmp_path / name).write_bytes(client.get(f"/api/films/{loud}/results/{name}").content)
    with zipfile.ZipFile(tmp_path / name) as packed:
        assert sorted(packed.namelist()) == ["loud.effects.wav", "loud.music.wav", "loud.rpp", "loud.speech.wav"]


def test_a_dropped_film_is_opened_and_a_broken_one_is_not(client, served, tmp_path):
    film = put_film(tmp_path, SHORT, "dropped.mkv").read_bytes()
    answer = client.post("/api/dropped", params={"name": "dropped.mkv"}, content=film)
    assert answer.status_code == 201, answer.text
    opened = answer.json()
    assert opened["name"] == "dropped.mkv"
    wait_for(served.films, opened["jobs"][0]["id"])
    assert client.delete(f"/api/films/{opened['id']}").status_code == 204
    broken = client.post("/api/dropped", params={"name": "broken.mp4"}, content=b"no film at all")
    assert broken.status_code == 422
    assert broken.json()["code"] == "E_NOT_MEDIA"
    assert list((served.films.work / "dropped").iterdir()) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "timeline"}, 422),
        ({"kind": "render", "editors": ["reaper"]}, 422),
        ({"kind": "timeline", "editors": ["notepad"]}, 422),
        ({"kind": "format"}, 422),
        ({}, 422),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(client, loud, body, status):
    answer = client.post(f"/api/films/{loud}/jobs", json=body)
    assert answer.status_code == status
    assert "\n" not in answer.json()["message"]
    assert answer.json()["code"].startswith("E_")


def test_the_description_is_complete(client):
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            assert route.get("description"), (method, path)
            assert any(status.startswith("2") for status in route["responses"]), (method, path)
    assert client.get("/api").status_code == 200


@pytest.fixture(scope="module")
def quick_app(tmp_path_factory):
    """An application whose analyses do nothing, for hundreds of requests."""
    folder = tmp_path_factory.mktemp("quick")
    put_film(folder, SHORT, "a.mkv")
    films = Films(tmp_path_factory.mktemp("quick-work"), [folder], engine=ThreadEngine(), do=quick)
    films.open(folder / "a.mkv")
    yield make_app(films)
    films.close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_schemathesis_finds_nothing(quick_app):
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install -e '.[dev]'")
    schema = schemathesis.openapi.from_asgi("/openapi.json", quick_app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 15
    for operation in operations:
        fuzz(schemathesis, operation)


def fuzz(schemathesis, operation) -> None:
    """Requests that fit the description of a route, and some that do not; the answers must be as described."""

    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def check(data):
        case = data.draw(operation.as_strategy())
        # Rules between fields (curves of one length, editors for a timeline alone) are not a schema's to tell.
        case.call_and_validate(excluded_checks=[schemathesis.checks.CHECKS.get_one("positive_data_acceptance")])

    check()
