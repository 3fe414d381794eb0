"""Who may speak to the page. Each promise of SECURITY.md about it is attacked here."""

from __future__ import annotations

import http.client
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from films import Film, film_path
from page_at_work import TOKEN, Listening, Served, ThreadEngine

from limelight.server import guard
from limelight.server.films import Films

BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def client(served: Served):
    with httpx.Client(base_url=served.address, headers=BEARER) as client:
        yield client


def test_without_the_token_nothing_is_told(served):
    for path in ("/", "/api/films", "/openapi.json", "/static/app.js", "/api", "/nothing"):
        answer = httpx.get(served.address + path)
        assert answer.status_code == 401, path
        assert "terminal" in answer.text
    wrong = {"Authorization": f"Bearer {TOKEN[:-1]}x"}
    assert httpx.get(served.address + "/api/films", headers=wrong).status_code == 401
    assert httpx.get(served.address + "/api/films?token=", headers={"Authorization": "Bearer"}).status_code == 401


def test_the_token_leaves_the_address_for_a_cookie_that_scripts_and_other_sites_do_not_get(served):
    answer = httpx.get(served.door)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    name, _, value = cookie.partition(";")[0].partition("=")
    assert httpx.get(served.address + "/", cookies={name: value}).status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "//evil.example/%0d%0aset-cookie:a=b"])
def test_the_door_leads_to_no_other_host(served, path):
    answer = _raw(served, "GET", f"{path}?token={TOKEN}", {})
    assert answer.status == 303
    place = answer.headers["location"]
    assert place.startswith("/")
    assert not place.startswith(("//", "/\\"))
    assert "a" not in answer.headers
    assert answer.headers["set-cookie"].count("=") == 3


def test_a_name_that_a_stranger_points_here_is_not_ours(served):
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "localhost.evil.example:8760"):
        answer = _raw(served, "GET", "/api/films", {**BEARER, "Host": host})
        assert answer.status == 421, host


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_another_sites_page_may_not_ask(client, origin):
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert client.request(method, "/api/films", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_nor_with_what_browsers_say_of_it(client, site):
    assert client.get("/api/films", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.post("/api/films", headers={"Sec-Fetch-Site": site}, json={"path": "x"}).status_code == 403


def test_the_pages_own_requests_pass(client, served):
    own = {"Origin": served.address, "Sec-Fetch-Site": "same-origin"}
    assert client.get("/api/films", headers=own).status_code == 200


def test_no_other_origin_is_ever_allowed_to_read(client):
    answer = client.options("/api/films", headers={"Access-Control-Request-Method": "DELETE"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_every_answer_has_the_policy(client, served):
    answers = [client.get(path) for path in ("/", "/api/films", "/static/app.js", "/api/films/nothing")]
    answers.append(httpx.get(served.address))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"


def test_the_page_has_no_inline_script_and_loads_nothing_from_elsewhere():
    for place in guard.__file__, Path(guard.__file__).with_name("static"):
        files = [Path(place)] if str(place).endswith(".py") else sorted(Path(place).iterdir())
        for file in files:
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".html":
                assert "<script>" not in text
                assert " onclick" not in text
                assert " style=" not in text
            if file.suffix in (".html", ".js", ".css"):
                assert "https://" not in text, file
                assert "innerHTML" not in text, file
                assert "eval(" not in text, file


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../../../../etc/passwd",
        "{folder}/../{name}/../../etc/passwd",
        "{folder}",
        "{folder}/link.mkv",
        "{folder}/loud.mkv\0.mp4",
        "file:///etc/passwd",
        "http://127.0.0.1/film.mp4",
        "/dev/zero",
        "{folder}/pipe.mkv",
        "",
        "x" * 5000,
    ],
)
def test_nothing_outside_the_folders_is_opened(client, served, path, tmp_path):
    outside = Path(os.path.realpath(tmp_path)) / "outside.mkv"
    outside.write_bytes(film_path(Film(seconds=1.0, container="mkv")).read_bytes())
    link, pipe = served.folder / "link.mkv", served.folder / "pipe.mkv"
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    if not pipe.exists():
        os.mkfifo(pipe)
    try:
        told = path.format(folder=served.folder, name=served.folder.name)
        answer = client.post("/api/films", json={"path": told})
        assert answer.status_code in (404, 422), answer.text
        assert "Traceback" not in answer.text
        assert str(outside) not in [
            known["path"] for known in client.get("/api/known").json() if known["path"] != str(link)
        ]
    finally:
        link.unlink()
        pipe.unlink()


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e%2f%2e%2e%2fcli/serve.py",
        "/api/films/{film}/results/..%2fplan.json",
        "/api/films/{film}/results/%2e%2e%2ffilm.json",
        "/api/films/{film}/results/..",
        "/api/films/{film}/data/..%2f..%2flock",
        "/api/films/..%2f..%2f/view",
        "/api/films/{film}/pictures/..%2f0000",
        "/api/films/0000000000000000/data/sound",
    ],
)
def test_no_file_is_served_but_those_that_are_meant(served, loud, path):
    answer = _raw(served, "GET", path.format(film=loud), BEARER)
    assert answer.status in (404, 422), path
    assert b"import" not in answer.body
    assert b"limelight-plan" not in answer.body


def test_a_film_that_has_become_a_link_elsewhere_is_not_served(served, tmp_path, client):
    place = served.folder / "soon-a-link.mkv"
    place.write_bytes(film_path(Film(seconds=1.0, container="mkv", picture=None, sound="flac")).read_bytes())
    film = client.post("/api/films", json={"path": str(place)}).json()["id"]
    place.unlink()
    place.symlink_to("/etc/passwd")
    try:
        assert client.get(f"/api/films/{film}/film").status_code == 404
    finally:
        place.unlink()
        client.delete(f"/api/films/{film}")


def test_bodies_have_a_limit_that_is_not_only_announced(served):
    big = str(guard.LARGEST_BODY_BYTES + 1)
    answer = _raw(served, "PUT", "/api/films/0000000000000000/plan", {**BEARER, "Content-Length": big})
    assert answer.status == 413

    def chunks():
        for _ in range(40):
            yield b"x" * 1_000_000

    answer = httpx.put(served.address + "/api/films/0000000000000000/plan", headers=BEARER, content=chunks())
    assert answer.status_code == 413


def test_with_no_token_the_other_checks_stay(tmp_path):
    films = Films(tmp_path / "work", [tmp_path], engine=ThreadEngine())
    try:
        with Listening(films, token=None) as address:
            assert httpx.get(address + "/api/films").status_code == 200
            assert httpx.get(address + "/api/films", headers={"Origin": "http://evil.example"}).status_code == 403
            assert httpx.get(address + "/api/films", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
            assert httpx.get(address + "/api/films", headers={"Host": "evil.example"}).status_code == 421
    finally:
        films.close()


@dataclass(frozen=True)
class Answer:
    """Of a request that no client tidies up."""

    status: int
    headers: dict[str, str]
    body: bytes


def _raw(served: Served, method: str, path: str, headers: dict[str, str]) -> Answer:
    with closing(http.client.HTTPConnection(served.address.removeprefix("http://"), timeout=20)) as connection:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as answer:
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
