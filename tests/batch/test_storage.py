"""Films and results on storage that is no disk: an S3 server of this machine, and fsspec's own in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from batch.invented_films import SETTINGS, make_sound

from limelight.batch import storage
from limelight.batch.batches import Totals, run_batch
from limelight.batch.films import FilmTask, do_film
from limelight.batch.inputs import Inputs
from limelight.batch.local_engine import LocalEngine
from limelight.batch.settings import FilmSettings
from limelight.errors import InputError, OutputError, TargetExists

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
USUAL = FilmSettings(**SETTINGS)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """An empty bucket; who asks is told by the environment alone, as on a cluster's nodes."""
    server_module = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("films")
        yield "s3://films"
        s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture(params=["disk", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder of each kind."""
    if request.param == "disk":
        return str(tmp_path / "folder")
    pytest.importorskip("fsspec")
    if request.param == "memory":
        return f"memory://{tmp_path.name}"
    return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"


def test_all_kinds_of_storage_are_alike(place: str, tmp_path: Path) -> None:
    film = storage.join(place, "b/film.mkv")
    assert storage.stamp(film) is None
    assert storage.read_text(film) is None
    storage.write_text(film, "one")
    storage.write_text(storage.join(place, "a.mkv"), "two")
    storage.write_text(storage.join(place, ".hidden/c.mkv"), "three")
    first = storage.stamp(film)
    assert first.size_bytes == 3
    assert storage.stamp(film) == first
    assert storage.read_text(film) == "one"
    assert [name for name, _ in storage.files_in(place)] == ["a.mkv", "b/film.mkv"]
    assert dict(storage.files_in(place))["b/film.mkv"] == first
    assert storage.is_folder(place)
    assert not storage.is_folder(film)
    with storage.local_copy(film) as copy:
        assert copy.name == "film.mkv"
        assert copy.read_text() == "one"
    storage.write_text(film, "other")
    assert storage.stamp(film) != first


def test_what_is_uploaded_is_whole_or_absent(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    target = f"memory://{tmp_path.name}/film.mkv"
    with pytest.raises(ZeroDivisionError), storage.to_be_written(target, overwrite=False) as grown:
        grown.write_text(str(1 / 0))
    assert storage.stamp(target) is None
    with storage.to_be_written(target, overwrite=False) as grown:
        grown.write_text("whole")
    with pytest.raises(TargetExists), storage.to_be_written(target, overwrite=False) as grown:
        grown.write_text("another")
    assert storage.read_text(target) == "whole"
    assert not grown.exists()


@pytest.mark.batch
def test_films_in_a_bucket_are_done_as_on_a_disk(bucket: str, tmp_path: Path) -> None:
    sounds = [make_sound(tmp_path / "in" / f"film{number}.mkv", seed=number) for number in range(2)]
    for path in sounds:
        with storage.to_be_written(f"{bucket}/in/{path.name}", overwrite=False) as grown:
            grown.write_bytes(path.read_bytes())
    here = {}
    for path in sounds:
        record = do_film(FilmTask(str(path), str(tmp_path / "out" / path.stem), USUAL), lambda done: None).record
        here[path.name] = record.result_sha256
    inputs = Inputs((f"{bucket}/in",), f"{bucket}/out", replace(USUAL, plan=True))
    count, size = inputs.check()
    assert (count, size) == (2, sum(path.stat().st_size for path in sounds))
    lines = f"{bucket}/out/batch.jsonl"
    totals = Totals(count, size)
    found = [one for one in run_batch(inputs, LocalEngine(1), totals, status_file=lines) if one]
    assert {storage.name_of(one.film): one.sha256 for one in found} == here
    names = [name for name, _ in storage.files_in(f"{bucket}/out")]
    results = [f"film{number}.highlighted.{kind}" for number in range(2) for kind in ("mka", "plan.json")]
    assert [name.replace(".mkv", ".mka") for name in names] == ["batch.jsonl", *results]
    assert len((storage.read_text(lines) or "").splitlines()) == 2
    again = [one for one in run_batch(inputs, LocalEngine(1), Totals(count, size), status_file=lines) if one]
    assert Counter(one.state for one in again) == {"before": 2}
    assert len([json.loads(line) for line in (storage.read_text(lines) or "").splitlines()]) == 4
    with pytest.raises(TargetExists):
        do_film(replace(next(iter(inputs)), settings=replace(USUAL, strength=0.5)), lambda done: None)


def test_storage_that_cannot_be_reached_is_told_in_one_line(bucket: str) -> None:
    with pytest.raises(InputError, match="cannot look at nosuch://a/b"):
        storage.stamp("nosuch://a/b")
    with pytest.raises(OutputError, match="cannot write s3://none/film: "):
        storage.write_text("s3://none/film", "x")
    with pytest.raises(InputError, match="found none"):
        Inputs((f"{bucket}/none/*.mkv",), "/out").check()
    with pytest.raises(InputError, match="cannot fetch"), storage.local_copy(f"{bucket}/none.mkv"):
        pass
