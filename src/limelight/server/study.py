"""A listening study on the page's own server: `/study/` is the folder that `limelight study make` has made, and answers that
are posted are kept beside it, one file a person, for `limelight study read`.

    SITE/            served as it is, but that the page is told where to post
    SITE.answers/    PERSON.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field

from limelight.errors import OutputError, PlanError
from limelight.media.target import naming_write_errors, whole_or_absent
from limelight.study.make import read_definition

MOST_PERSONS = 10_000


class Answers(BaseModel):
    """What one person said; the rest is for `limelight study read` to judge."""

    model_config = ConfigDict(extra="allow")

    format: Literal["limelight-study-answers"]  # study.read.ANSWERS
    version: Literal[1]
    study: str = Field(max_length=100)
    person: str = Field(pattern="^[0-9a-zA-Z-]{8,64}$", description="made up by the page")
    trials: Annotated[list[dict[str, Any]], Field(max_length=1000)]


class Kept(BaseModel):
    """Whose answers are there now."""

    person: str


def answers_folder(study: Path) -> Path:
    """Beside the study."""
    return study.with_name(f"{study.name}.answers")


def add_study(app: FastAPI, folder: Path) -> None:
    """Serves a study. Raises InputError where the folder is none, OutputError where answers cannot be kept."""
    definition, kept = read_definition(folder), answers_folder(folder)
    with naming_write_errors(kept):
        kept.mkdir(exist_ok=True)

    @app.post("/study/answers", status_code=201)
    def post_answers(answers: Answers) -> Kept:
        """Keeps a person's answers; not twice."""
        if answers.study != definition["id"]:
            raise PlanError("wanted answers to this study, got another's; open the study anew")
        if sum(1 for _ in kept.iterdir()) >= MOST_PERSONS:
            raise OutputError(f"{MOST_PERSONS} persons have answered, more are not kept; make another study")
        place = kept / f"{answers.person}.json"
        with whole_or_absent(place, overwrite=False) as temporary, naming_write_errors(place):
            temporary.write_text(answers.model_dump_json(indent=1), encoding="utf-8")
        return Kept(person=answers.person)

    @app.get("/study/definition.js", include_in_schema=False)
    def get_definition() -> Response:
        told = definition | {"post": definition["post"] or "answers"}
        return Response(f"window.STUDY = {json.dumps(told)};\n", media_type="text/javascript")

    app.mount("/study", StaticFiles(directory=folder, html=True), name="study")
