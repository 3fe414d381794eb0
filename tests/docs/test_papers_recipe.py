"""The papers' recipe stands in several places, alike, and its scripts go on where they should; no command is really run."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest
from docs.blocks import ROOT

RECIPE = ("--recipe released", "--level mixed", "--limit input", "--frames", "--keep-trivial")
BUILD = re.compile(r"limelight muddy build(?:[^\n]*\\\n)*[^\n]*")


@pytest.mark.parametrize(
    ("place", "of"),
    [
        ("docs/papers.md", "-o set/"),
        ("docs/muddy.md", "--condensed-movies"),
        ("runs/tables.sh", "toy/films"),
        ("research/runs/visah-full.sh", "$films"),
    ],
)
def test_the_papers_data_are_built_alike(place: str, of: str) -> None:
    commands = [one for one in BUILD.findall((ROOT / place).read_text(encoding="utf-8")) if of in one]
    assert [option for option in RECIPE if option not in commands[-1]] == []


# Stands for `limelight`, `accelerate` and `python`: writes down what it is asked, and where, and answers MUDDY to a build.
STUB = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >>"$LOG"
case "$*" in *" ablate "*) echo "## A table" ;; *) echo "a path" ;; esac
case "$*" in
  *"muddy build"*) exit "${MUDDY:-0}" ;;
  *" evaluate "*)
    mkdir -p evaluated && cp "${PAGE:-$(dirname "$0")/page.md}" evaluated/results.md ;;
esac
"""


def commands(folder: Path, words: list[str], **environment: str) -> tuple[int, str, list[str]]:
    """The exit code of one of our scripts, started in a folder, what it printed, and the commands that it gave."""
    bin_, log = folder / "bin", folder / "log"
    bin_.mkdir(exist_ok=True)
    for name in ("limelight", "accelerate", "python"):
        (bin_ / name).write_text(STUB, encoding="utf-8")
        (bin_ / name).chmod(0o755)
    log.write_text("", encoding="utf-8")
    (bin_ / "page.md").write_text(PAGE, encoding="utf-8")
    script, *others = words
    done = subprocess.run(
        ["bash", str(ROOT / script), *others],
        cwd=folder, env=os.environ | {"LOG": str(log)} | environment, stdout=subprocess.PIPE, text=True, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, log.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(("of_build", "of_script", "given"), [(0, 0, 4), (7, 0, 4), (5, 5, 1)])
def test_the_full_recipe_goes_on_after_skipped_films_and_after_nothing_else(
    tmp_path: Path, of_build: int, of_script: int, given: int
) -> None:
    """With relative paths, and by default with a separator of the paper's kind."""
    script = ["research/runs/visah-full.sh", "films", "full"]
    code, _, found = commands(tmp_path, script, BIN="bin", MUDDY=str(of_build))
    assert (code, len(found)) == (of_script, given)
    assert "films -o full/set" in found[0]
    assert "--separator bandit" in found[0]
    if given == 4:
        assert "-m limelight train full/set --into full/run" in found[2]
        assert "export full/run -o full/visah.onnx" in found[3]


def test_captions_of_the_full_recipe_are_shared_out(tmp_path: Path) -> None:
    *_, found = commands(tmp_path, ["research/runs/visah-full.sh", "films", "full"], BIN="bin", TEXT="1", SHARDS="3")
    shared = sorted(re.search(r"--shard (\S+)", one)[1] for one in found if "contexts full/set captions" in one)  # type: ignore[index]
    assert shared == ["0/3", "1/3", "2/3"]
    assert any("--preset visah-text" in one and "--context captions" in one for one in found)


PAGE = "# Results\n\n## Figures\n\n## By difficulty\n\n| a |\n\n## By recipe\n\n| b |\n\n## How to read\n"
PRINTED = {"main": "# Results\n\n## Figures\n\n## How to read", "difficulty": "## By difficulty\n\n| a |"}


def test_a_set_of_one_difficulty_is_told_and_no_table_without_rows(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "page.md").write_text("# Results\n\n## Figures\n", encoding="utf-8")
    script = ["runs/tables.sh", "difficulty", "into"]
    code, said, _ = commands(tmp_path, script, SET="set", PYTHON="bin/python", PAGE=str(tmp_path / "page.md"))
    assert (code, said) == (3, "")


@pytest.mark.parametrize(
    ("table", "trained", "captions"),
    [("main", 4, ["camera focus"]), ("difficulty", 4, ["camera focus"]), ("context", 0, ["general"]), ("depth", 0, ["general"]),
     ("cues", 0, ["minimal --cue all", "focused --cue all"])],
)  # fmt: skip
def test_a_table_at_full_size_asks_for_what_it_needs(
    tmp_path: Path, table: str, trained: int, captions: list[str]
) -> None:
    """Twice the same, as after a stop; a relative interpreter, set and folder are found from elsewhere too."""
    (tmp_path / "set").mkdir()
    for _ in range(2):
        code, said, found = commands(
            tmp_path, ["runs/tables.sh", table, "into"], SET="set", PYTHON="bin/python", RECOMPUTE="1"
        )
        assert (code, said.strip()) == (0, PRINTED.get(table, "## A table"))
        assert all(("-m limelight" in one and f"{tmp_path}/set" in one) or " export " in one for one in found)
        assert sum(" train " in one for one in found) == sum(" export " in one for one in found) == trained
        assert sum(" ablate " in one for one in found) == (trained == 0)
        asked = [one for one in found if " captions" in one and " contexts " in one]
        assert [one.endswith(words) for one, words in zip(asked, captions, strict=True)] == [True] * len(captions)
        assert all(
            "--tagger passt --embedder imagebind" in one for one in found if " ablate " in one or " evaluate " in one
        )
        assert all("--recompute" in one for one in found if " train " in one or " ablate " in one)


@pytest.mark.parametrize("module", sorted((ROOT / "research" / "runs").glob("*.py")), ids=lambda path: path.stem)
def test_processes_that_a_command_starts_do_not_begin_it_again(module: Path) -> None:
    """They import it: what it does itself must stand behind a guard."""
    begun = [line.value for line in ast.parse(module.read_text(encoding="utf-8")).body if isinstance(line, ast.Expr)]
    assert "main" not in [
        call.func.id for call in begun if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    ]
