"""What is said follows the figures: other figures, other sentences."""

from __future__ import annotations

from metrics.evaluator.lines import KINDS, found, lines

from limelight.metrics.sentences import against_nothing, against_pictures, by_kind, harm_said, in_short, of_methods
from limelight.metrics.tables import Results


def only(*names: str, clips: int = 24) -> Results:
    return Results.of(lines(clips), {name: KINDS[name] for name in names})


def test_who_comes_nearest_is_said_if_that_is_sure() -> None:
    best, others, worse, _ = in_short(Results.of([*lines(), *single_gain()], KINDS | {"best single gain": "oracle"}))
    assert best.startswith("At equal loudness good comes nearest the target: level-matched MAG ")
    assert "(−50 % [−50 … −50])" in best
    assert others == "good is nearer than bad for sure."
    assert worse == "Worse than doing nothing at equal loudness, for sure: bad (+50 %)."


def test_that_nobody_is_better_is_said() -> None:
    assert next(in_short(only("do nothing", "bad"))).startswith(
        "At equal loudness every method is worse than doing nothing"
    )
    same = Results.of([*lines(), *renamed("do nothing", "same")], {"do nothing": "control", "same": "method"})
    assert next(in_short(same)).startswith("At equal loudness no method is surely better")


def test_who_is_as_near_is_not_passed_over() -> None:
    of = Results.of([*lines(), *renamed("good", "twin")], KINDS | {"twin": "method"})
    assert "good is nearer than bad for sure, but not surely, or not by half a percent, nearer than twin." in list(
        in_short(of)
    )


def test_what_is_sure_and_too_small_to_matter_is_not_made_much_of() -> None:
    """A hair off the target's distance, on every clip alike."""
    hair = [
        type(line)(**{**vars(line), "method": "hair", "figures": {k: 1.0001 * v for k, v in line.figures.items()}})
        for line in lines()
        if line.method == "do nothing"
    ]
    of = Results.of(
        [*lines(), *hair, *_pictures(hair)], {"do nothing": "control", "hair": "method", "hair, no picture": "picture"}
    )
    assert of.difference("hair", "do nothing", "mag_level_matched").leaves_out_zero
    said = list(in_short(of))
    assert said[0].startswith("At equal loudness no method is surely better")
    assert not any("for sure" in sentence for sentence in said)
    assert next(against_pictures(of, "hair")).endswith("by 0 % [0 … 0], next to nothing.")


def _pictures(of):
    for line in of:
        figures = {name: 1.001 * value for name, value in line.figures.items()}
        yield type(line)(**{**vars(line), "method": "hair, no picture", "figures": figures})


def test_few_clips_are_not_trusted() -> None:
    first, second, *_ = in_short(found(clips=4))
    assert first == "4 clips are too few to show any difference, whatever stands below."
    assert "no method is surely better" in second


def test_who_does_not_beat_one_gain_in_mag_is_told() -> None:
    kinds = KINDS | {"best single gain": "oracle"}
    *_, said = in_short(Results.of([*lines(), *single_gain("good")], kinds))
    assert said.endswith("no method did as well.")
    *_, said = in_short(Results.of([*lines(), *single_gain("good, another picture")], kinds))
    assert said.endswith("; good did better.")


def test_what_is_better_and_what_is_worse_is_said() -> None:
    of = found()
    (good,) = against_nothing(of, "good")
    (bad,) = against_nothing(of, "bad")
    assert good.startswith("Against doing nothing: better in level-matched MAG (")
    assert bad.startswith("Against doing nothing: worse in level-matched MAG (")
    (same,) = against_nothing(of, "do nothing")
    assert same.startswith("Against doing nothing: no difference is shown in level-matched MAG, ")


def test_every_kind_of_scene_has_its_change() -> None:
    assert list(by_kind(found(), "good")) == [
        "Its change of level-matched MAG by kind of scene: <b> −50 %, talk −50 %."
    ]
    assert list(by_kind(found(clips=1), "good")) == []


def test_harm_is_beside_what_is_wrong_with_bad_mixes() -> None:
    (said,) = harm_said(found(), "bad")
    assert "of what is wrong with the bad mixes" in said
    assert list(harm_said(Results.of(without("clean_mix_change"), KINDS), "bad")) == []


def test_the_picture_s_worth_is_said_where_it_was_tried() -> None:
    another, none = against_pictures(found(), "good")
    assert another.startswith(
        "Its own picture instead of another clip's changes level-matched MAG by −38 % [−38 … −37]"
    ) or ("by −37 %" in another)
    assert another.endswith(", so the right picture helps.")
    assert "instead of none" in none
    assert list(against_pictures(found(), "bad")) == []


def test_each_method_is_told_once() -> None:
    assert [told.method for told in of_methods(found())] == ["good", "bad"]


def renamed(method: str, name: str):
    return [type(line)(**{**vars(line), "method": name}) for line in lines() if line.method == method]


def single_gain(like: str = "good"):
    return renamed(like, "best single gain")


def without(figure: str):
    for line in lines():
        figures = {name: value for name, value in line.figures.items() if name != figure}
        yield type(line)(**{**vars(line), "figures": figures})
