"""The page's routes: a REST API, which the page itself uses, and the files of the page.

`/openapi.json` describes it, `/api` shows that to people. Errors are JSON, `{"code": "E_…", "message": "…"}`, with the codes
of docs/errors.md. Sound, picture and results are files that are asked for by ranges of bytes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request, Response
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import Field

from limelight.errors import InputError, LimelightError, OutputError, PlanError, TargetExists, TooLarge
from limelight.mixing.plan import MixPlan, read_plan
from limelight.report.words import plain
from limelight.runtime import version_of
from limelight.server.answers import (
    Asked,
    ChoicesAnswer,
    Fault,
    FilmAnswer,
    JobAnswer,
    Known,
    Opened,
    PageView,
)
from limelight.server.choices import Choices, Name, what_there_is
from limelight.server.films import Films, QueueFull
from limelight.server.incoming import Incoming
from limelight.server.records import Film
from limelight.server.sound import FEATURES, INDEX, SOUND, WAVES, WAVES_PER_SECOND
from limelight.server.study import add_study
from limelight.server.work import PICTURES, PLAN, PROPOSAL, save_plan

STATIC = Path(__file__).with_name("static")
_HTTP_OF_ERROR: tuple[tuple[type[LimelightError], int], ...] = (
    (PlanError, 422),
    (TooLarge, 413),
    (TargetExists, 409),
    (OutputError, 507),
    (InputError, 404),
)
FilmId = Annotated[str, InPath(pattern="^[0-9a-f]{16}$", description="of a film that is open")]
JobId = Annotated[str, InPath(pattern="^[a-z]+-[0-9a-f]{1,32}$", description="of a job")]
Data = Literal["sound", "features", "waves"]
_FILES: dict[Data, str] = {"sound": SOUND, "features": FEATURES, "waves": WAVES}


def make_app(films: Films, *, study: Path | None = None) -> FastAPI:
    """The application, without its guard. study: the folder of a listening study, served beside."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(films.close)

    faults: dict[int | str, dict[str, Any]] = {
        status: {"model": Fault, "description": what}
        for status, what in {
            400: "not understood",
            404: "there is none",
            409: "is there already",
            413: "too large",
            422: "does not fit",
            429: "too many jobs wait",
            507: "cannot be written",
        }.items()
    }
    app = FastAPI(
        title="Limelight",
        version=version_of("limelight-audio"),
        description="Films analysed, heard, edited and rendered.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses=faults,
    )
    _add_errors(app)
    _add_page(app)
    _add_films(app, films)
    _add_dropping(app, films)
    _add_data(app, films)
    _add_jobs(app, films)
    if study is not None:
        add_study(app, study)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(LimelightError)
    async def ours(_request: Request, error: LimelightError) -> JSONResponse:
        status = next((status for kind, status in _HTTP_OF_ERROR if isinstance(error, kind)), 400)
        if isinstance(error, InputError) and error.code not in ("E_INPUT", "E_PLAN", "E_LIMIT"):
            status = 422
        return _fault(status, error.code, str(error))

    @app.exception_handler(QueueFull)
    async def full(_request: Request, error: QueueFull) -> JSONResponse:
        return _fault(429, TooLarge.code, str(error))

    @app.exception_handler(RequestValidationError)
    async def unfit(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return _fault(422, "E_USAGE", f"{place}: {first['msg']}; see /api")


def _fault(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": plain(message, limit=5000)}, status)


def _answer(films: Films, film: Film) -> FilmAnswer:
    return FilmAnswer.of(film, films.jobs(film.id), analysed=films.analysed(film.id))


def _add_films(app: FastAPI, films: Films) -> None:
    @app.get("/api/films")
    def list_films() -> list[FilmAnswer]:
        """All that are open."""
        return [_answer(films, film) for film in films.films()]

    @app.post("/api/films", status_code=201)
    def open_film(wish: Opened) -> FilmAnswer:
        """Opens a film by its path; it is analysed unless it is already."""
        return _answer(films, films.open(Path(wish.path), wish.choices))

    @app.get("/api/known")
    def list_known() -> list[Known]:
        """Films that could be opened: those in the folders that the page was started with."""
        return [
            Known(path=plain(path, limit=5000), name=plain(path.name), folder=plain(path.parent, limit=5000))
            for path in films.found()
        ]

    @app.get("/api/films/{film}")
    def get_film(film: FilmId) -> FilmAnswer:
        """One film and its jobs."""
        return _answer(films, films.film(film))

    @app.delete("/api/films/{film}", status_code=204)
    def close_film(film: FilmId) -> None:
        """Stops its jobs and removes what was made of it. The film itself stays, unless it was dropped here."""
        films.close_film(film)

    @app.get("/api/films/{film}/view", response_model=PageView)
    def view(film: FilmId) -> Response:
        """Plan, proposal, where the sound lies, pictures. Written from the files: a long film's plan is large."""
        folder, found = _analysed(films, film), _answer(films, films.film(film))
        parts = {
            "film": found.model_dump_json(),
            "plan": (folder / PLAN).read_text(encoding="utf-8"),
            "proposal": (folder / PROPOSAL).read_text(encoding="utf-8"),
            "sound": (folder / INDEX).read_text(encoding="utf-8"),
            "pictures": (folder / PICTURES).read_text(encoding="utf-8"),
            "waves_per_second": json.dumps(WAVES_PER_SECOND),
        }
        body = ",".join(f'"{name}":{text}' for name, text in parts.items())
        return Response(f"{{{body}}}", media_type="application/json")


def _add_dropping(app: FastAPI, films: Films) -> None:
    drop = {
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    }

    @app.post("/api/dropped", status_code=201, openapi_extra=drop)
    async def drop_film(
        request: Request, name: Annotated[str, Field(min_length=1, max_length=500)], style: Name = ""
    ) -> FilmAnswer:
        """Takes a film as the body of the request, and opens it."""
        chosen = Choices(style=style)
        chosen.the_style()
        with Incoming(films.drop(name)) as incoming:
            async for data in request.stream():
                await run_in_threadpool(incoming.add, data)
        try:
            film = await run_in_threadpool(films.open, incoming.place, chosen)
        except (LimelightError, QueueFull):
            incoming.place.unlink(missing_ok=True)
            raise
        return _answer(films, film)


def _add_page(app: FastAPI) -> None:
    @app.get("/api/choices")
    def list_choices() -> ChoicesAnswer:
        """Styles, loudness targets, codecs."""
        return ChoicesAnswer(**what_there_is())

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        """Asked for by browsers on pages that name none."""
        return FileResponse(STATIC / "icon.svg")

    @app.get("/api", include_in_schema=False)
    def api_page() -> FileResponse:
        return FileResponse(STATIC / "api.html")


def _add_data(app: FastAPI, films: Films) -> None:
    binary: dict[int | str, dict[str, Any]] = {
        status: {"content": {"application/octet-stream": {}}, "description": what}
        for status, what in {200: "the file", 206: "the range that was asked for"}.items()
    }
    binary |= {416: {"description": "there is no such range"}}

    @app.get("/api/films/{film}/data/{data}", response_class=FileResponse, responses=binary)
    def get_data(film: FilmId, data: Data) -> FileResponse:
        """The stems in pieces, the features or the waves; by ranges of bytes. See server/sound.py."""
        return FileResponse(_analysed(films, film) / _FILES[data], media_type="application/octet-stream")

    @app.get("/api/films/{film}/pictures/{number}", response_class=FileResponse, responses=_media("image/jpeg"))
    def get_picture(film: FilmId, number: Annotated[int, InPath(ge=0, le=9999)]) -> FileResponse:
        """A small picture; its time is told in the view."""
        place = films.folder(film) / f"{number:04d}.jpg"
        if not place.is_file():
            raise InputError(f"wanted picture {number}, there is none; the view tells which there are")
        return FileResponse(place, media_type="image/jpeg")

    @app.get("/api/films/{film}/film", response_class=FileResponse, responses=_media("video/*") | binary)
    def get_film_file(film: FilmId) -> FileResponse:
        """The film as it is, for the picture; by ranges of bytes."""
        return FileResponse(films.allowed(Path(films.film(film).path)))

    @app.get("/api/films/{film}/plan")
    def get_plan(film: FilmId) -> MixPlan:
        """The mix plan as it was kept last; docs/plan.md."""
        return read_plan(_analysed(films, film) / PLAN)

    @app.put("/api/films/{film}/plan")
    def put_plan(film: FilmId, plan: MixPlan) -> MixPlan:
        """Keeps an edited plan."""
        return save_plan(plan, _analysed(films, film))

    @app.get("/api/films/{film}/plan/file", response_class=FileResponse, responses=_media("application/json"))
    def get_plan_file(film: FilmId) -> FileResponse:
        """The mix plan to be kept: `limelight render` renders it."""
        name = f"{Path(films.film(film).name).stem}.plan.json"
        return FileResponse(_analysed(films, film) / PLAN, media_type="application/json", filename=name)

    @app.get("/api/films/{film}/results/{name}", response_class=FileResponse, responses=binary)
    def get_result(film: FilmId, name: Annotated[str, InPath(max_length=500)]) -> FileResponse:
        """A file that a job has made."""
        place = films.result(film, name)
        return FileResponse(place, filename=plain(place.name), media_type="application/octet-stream")


def _add_jobs(app: FastAPI, films: Films) -> None:
    @app.post("/api/films/{film}/jobs", status_code=201)
    def submit(film: FilmId, wish: Asked) -> JobAnswer:
        """Has a film analysed again, rendered, taken apart or handed over to an editor."""
        if (wish.kind == "timeline") != bool(wish.editors):
            raise PlanError("a timeline is for one editor or several, and nothing else is; name them")
        return JobAnswer.of(films.submit(film, wish.kind, wish.editors, wish.choices))

    @app.get("/api/jobs")
    def list_jobs() -> list[JobAnswer]:
        """All jobs, the oldest first."""
        return [JobAnswer.of(job) for job in films.jobs()]

    @app.get("/api/jobs/{job}")
    def get_job(job: JobId) -> JobAnswer:
        """One job, and how far it is."""
        return JobAnswer.of(films.job(job))

    @app.delete("/api/jobs/{job}", status_code=202)
    def cancel(job: JobId) -> JobAnswer:
        """Stops a job, soon; what it has half written is removed."""
        return JobAnswer.of(films.cancel(job))


def _media(kind: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {}}, "description": "the file"}}


def _analysed(films: Films, film: str) -> Path:
    folder = films.folder(film)
    if not films.analysed(film):
        raise InputError("wanted to hear and see the film, it is not analysed yet; wait for that, or see its error")
    return folder
