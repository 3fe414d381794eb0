# ruff: noqa: T201 - a script talks
"""The tables: what any director does to good mixes, and how far it mends bad ones.

    python -m research.director.tables CASES [--separator NAME] [--directors NAME FILE.py …] [--oracle] [--markdown FILE]

Scores are kept beside the cases by separator and director, so a table that is printed again is quick. Means are over groups (a
person, a film, a mixture), each counted once; intervals are of 95 %, by resampling groups.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from limelight.models.protocols import Director, Separator
from limelight.models.registry import load_director, load_separator
from research.director.heard import Heard, folder_of, recall_one
from research.director.references import DoNothing, Oracle
from research.director.score import Reference, Score, directed, score
from research.director.train import fold_of

KINDS = {
    "films": "films/*",
    "talkers": "talkers/paper",
    "talkers, good": "talkers/good",
    "paper": "test/paper",
    "fault": "test/fault",
    "good": "test/good",
    "scenes": "test/paperfilm",
    "scenes, good": "test/goodfilm",
}
RESAMPLED, SEED = 2000, 7
SAME = 1e-4  # of full scale: a file in 16 bits
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"
Scores = dict[str, dict[str, list[Score]]]  # director, kind
DirectorOf = Callable[[Heard], Director]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--separator", default="lite")
    parser.add_argument("--directors", nargs="*", default=["speech-first"])
    parser.add_argument(
        "--rendered", nargs="*", default=[], metavar="NAME=FOLDER", help="Any program's FOLDER/CASE.wav."
    )
    parser.add_argument("--oracle", action="store_true", help="Also the best still gains, which takes a while.")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--crossed", type=Path, help="What train.py wrote: groups are judged without themselves.")
    parser.add_argument("--markdown", type=Path, help="Also written there, between <!-- tables --> and its end.")
    options = parser.parse_args()
    separator = load_separator(options.separator, threads=1)
    assert isinstance(separator, Separator)
    folder = folder_of(options.cases, separator.card)
    makers: dict[str, DirectorOf] = {"do nothing": lambda _heard: DoNothing()}
    for name in options.directors:
        director = load_director(name)
        makers[director.card.name if name.endswith(".py") else name] = lambda _heard, it=director: it
    if options.crossed:
        makers[options.crossed.stem] = Crossed(options.crossed)
    for name, _, place in (text.partition("=") for text in options.rendered):
        makers[name] = Rendered(Path(place))
    if options.oracle:
        makers["oracle: best still gains"] = Oracle
    found = scored(options.cases, folder, separator, makers, options.kinds)
    text = f"Separator: {separator.card.name}.\n\n" + tables(found)
    print(text)
    if options.markdown:
        page = options.markdown.read_text(encoding="utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        options.markdown.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")


def scored(
    cases: Path, folder: Path, separator: Separator, makers: dict[str, DirectorOf], kinds: Iterable[str]
) -> Scores:
    """Every director on every case; what is known is not made again."""
    found: Scores = defaultdict(dict)
    for kind in kinds:
        kept = {name: Kept(folder / "scores" / kind, name, maker) for name, maker in makers.items()}
        for path in sorted(folder.glob(f"{KINDS[kind]}-[0-9]*.npz")):
            wanting = [one for one in kept.values() if one.wants(path.relative_to(folder).with_suffix("").as_posix())]
            if wanting:
                heard = recall_one(cases, folder, path, separator.card)
                reference = Reference(heard.case)
                for one in wanting:
                    one.add(reference, heard)
        for name, one in kept.items():
            one.save()
            found[name][kind] = list(one.known.values())
    return found


class Crossed:
    """Curves of all folds: each group by those that were fitted without it; what was not trained on by those of all."""

    def __init__(self, path: Path) -> None:
        self._all = load_director(str(path))
        self._folds = [load_director(str(one)) for one in sorted(path.parent.glob(f"{path.stem}-fold-*.py"))]
        self.mark = "".join(director.card.sha256 for director in (self._all, *self._folds))

    def __call__(self, heard: Heard) -> Director:
        seen = heard.case.name.split("/")[0] in ("films", "talkers", "train")
        return self._folds[fold_of(heard.case.group, len(self._folds))] if seen and self._folds else self._all


class Rendered:
    """What another program made of the cases, as sound files; what it did not make is not scored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, heard: Heard) -> Director:
        raise TypeError("sound that is there already has no director")

    def score(self, reference: Reference) -> Score | None:
        path = self.folder / f"{reference.case.name}.wav"
        if not path.is_file():
            return None
        made = wavfile.read(path)[1].astype(np.float32)[: len(reference.case.given)]
        output = np.pad(made, (0, len(reference.case.given) - len(made)))
        same = float(np.abs(output - reference.case.given).max(initial=0)) < SAME
        return score(reference, None if same else output, np.zeros((3, 1)))


class Kept:
    """The scores of one director on one kind of case."""

    def __init__(self, folder: Path, name: str, maker: DirectorOf) -> None:
        self._maker = maker
        self._path = folder / f"{name.replace('/', '-').replace(' ', '-')}-{_fingerprint(name, maker)}.json"
        rows = json.loads(self._path.read_text()) if self._path.is_file() else []
        self.known = {row["name"]: Score(**row) for row in rows}

    def wants(self, name: str) -> bool:
        """Whether a case is not scored yet, and can be."""
        made = not isinstance(self._maker, Rendered) or (self._maker.folder / f"{name}.wav").is_file()
        return made and name not in self.known

    def add(self, reference: Reference, heard: Heard) -> None:
        name, maker = heard.case.name, self._maker
        found = maker.score(reference) if isinstance(maker, Rendered) else directed(reference, heard, maker(heard))
        if found is not None:
            self.known[name] = found

    def save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps([asdict(score) for score in self.known.values()]))


def _fingerprint(name: str, maker: DirectorOf) -> str:
    if name.startswith(("oracle", "do nothing")) or isinstance(maker, Rendered):
        return "0"
    if isinstance(maker, Crossed):
        return sha256(maker.mark.encode()).hexdigest()[:8]
    return str(maker(None).card.sha256)[:8]  # type: ignore[arg-type]


def by_group(scores: Iterable[Score], figure: Callable[[Score], float]) -> dict[str, float]:
    """The mean of a figure for each group."""
    values: dict[str, list[float]] = defaultdict(list)
    for one in scores:
        value = figure(one)
        if np.isfinite(value):
            values[one.group].append(value)
    return {group: float(np.mean(of_group)) for group, of_group in values.items()}


def with_interval(values: Sequence[float], form: str = "{:.2f}") -> str:
    """Mean and 95 % interval."""
    if not values:
        return "–"
    rng = np.random.default_rng(SEED)
    array = np.asarray(values)
    means = array[rng.integers(0, len(array), (RESAMPLED, len(array)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{form.format(array.mean())} ({form.format(low)} … {form.format(high)})".replace("-", "−")


def relative(scores: Sequence[Score]) -> str:
    """Level-matched MAG against doing nothing, in %: the ratio of the means, resampled by group."""
    after, before = by_group(scores, lambda s: s.levelled), by_group(scores, lambda s: s.levelled_before)
    if not after:
        return "–"
    a, b = np.array(list(after.values())), np.array([before[group] for group in after])
    chosen = np.random.default_rng(SEED).integers(0, len(a), (RESAMPLED, len(a)))
    low, high = np.quantile(100 * (a[chosen].mean(axis=1) / b[chosen].mean(axis=1) - 1), [0.025, 0.975])
    return f"{100 * (a.mean() / b.mean() - 1):+.1f} % ({low:+.1f} … {high:+.1f})".replace("-", "−")


def untouched(scores: Sequence[Score]) -> str:
    values = list(by_group(scores, lambda s: 100.0 * s.untouched).values())
    return f"{np.mean(values):.0f} %" if values else "–"


def change(scores: Sequence[Score]) -> str:
    return with_interval([100 * x for x in by_group(scores, lambda s: s.change).values()], "{:.1f} %")


def worst(scores: Sequence[Score], count: int = 3) -> str:
    if not scores:
        return "–"
    ranked = sorted(scores, key=lambda s: -s.change)[:count]
    return ", ".join(f"{s.name.split('/')[1]} {100 * s.change:.0f} %" for s in ranked if s.change > 0) or "none"


def ratio(scores: Sequence[Score]) -> str:
    return with_interval(list(by_group(scores, lambda s: s.ratio).values()))


def talking(scores: Sequence[Score]) -> list[Score]:
    return [score for score in scores if score.talk]


def silent(scores: Sequence[Score]) -> list[Score]:
    return [score for score in scores if not score.talk]


Column = tuple[str, str, Callable[[Sequence[Score]], str]]
TABLES: dict[str, tuple[Column, ...]] = {
    "Finished films": (
        ("untouched, by group", "films", untouched),
        ("change of magnitude", "films", change),
        ("worst", "films", worst),
    ),
    "Talkers in real pictures over the sound of real films": (
        ("bad: fitted MAG, ratio to input", "talkers", ratio),
        ("bad: level-matched MAG", "talkers", relative),
        ("good: untouched", "talkers, good", untouched),
        ("good: change", "talkers, good", change),
    ),
    "Mixtures at levels of real films: level-matched MAG": (
        ("papers' rule, talk", "paper", lambda s: relative(talking(s))),
        ("papers' rule, no talk", "paper", lambda s: relative(silent(s))),
        ("faults that move, talk", "fault", lambda s: relative(talking(s))),
        ("faults that move, no talk", "fault", lambda s: relative(silent(s))),
        ("good, talk: change", "good", lambda s: change(talking(s))),
        ("good, no talk: change", "good", lambda s: change(silent(s))),
    ),
    "Films of several scenes": (
        ("papers' rule: level-matched MAG", "scenes", relative),
        ("fitted MAG, ratio to input", "scenes", ratio),
        ("good: change", "scenes, good", change),
    ),
}


def tables(found: Scores) -> str:
    """Markdown."""
    parts = []
    for title, columns in TABLES.items():
        shown = [column for column in columns if any(column[1] in kinds for kinds in found.values())]
        if not shown:
            continue
        sizes = {kind: len({s.group for s in next(iter(found.values()))[kind]}) for _, kind, _ in shown}
        counts = ", ".join(f"{kind} {size}" for kind, size in sizes.items())
        lines = [f"### {title}", "", f"Groups: {counts}.", ""]
        lines += ["| | " + " | ".join(head for head, _, _ in shown) + " |", "|---|" + "---:|" * len(shown)]
        for name, kinds in found.items():
            lines.append(f"| {name} | " + " | ".join(figure(kinds[kind]) for _, kind, figure in shown) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
