"""The page: everything that was found is on it, nothing is fetched, and no name of a file can change what it is."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from films import Film, film_path, sound_film
from invented import invented_plan, invented_result

from limelight.errors import OutputError, TargetExists
from limelight.mixing.plan import PlannedModel
from limelight.report.facts import decided
from limelight.report.listening import BIT_RATE, WHOLE_UP_TO_SECONDS
from limelight.report.page import MOST_SHOTS, SCRIPT, find, page, shot_rows, write_report
from limelight.report.thumbnails import jpeg
from limelight.types import STEMS

HOSTILE = "\"'><img src=https://evil.example/x onerror=alert(1)></script><script>alert(2)</script>\udcff\x1b[2J&amp;"
FILM = Film(seconds=4.0, size=(96, 64))
LARGEST = 8_000_000


class Reader(HTMLParser):
    """What a browser would find."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.text = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)

    def having(self, tag, name=""):
        return [a for t, a in self.elements if t == tag and name in (a.get("class") or "")]

    @property
    def said(self):
        return " ".join(self.text)


@pytest.fixture(scope="module")
def result():
    return invented_result(film_path(FILM))


@pytest.fixture(scope="module")
def found(result):
    return find(result)


@pytest.fixture(scope="module")
def html(result, found):
    return page(result, found)


def test_nothing_is_fetched(html):
    reader = Reader(html)
    addresses = [a[key] for _, a in reader.elements for key in ("src", "href", "action", "poster") if key in a]
    assert len(addresses) >= 8 + 2
    assert all(address.startswith(("data:image/jpeg;base64,", "data:audio/mp4;base64,")) for address in addresses)
    assert "://" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_allows_only_the_pages_own_script(html):
    policy = next(a["content"] for a in Reader(html).having("meta") if "http-equiv" in a)
    assert "default-src 'none'" in policy
    script = re.search(r"<script>(.*)</script>", html, re.DOTALL).group(1)
    named = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.endswith(f"script-src 'sha256-{named}'")
    assert script == SCRIPT
    assert html.count("<script") == 1


def hostile_result(film):
    plan = invented_plan(4.0, words=HOSTILE)
    plan = plan.model_copy(update={"model": plan.model.model_copy(update={"name": HOSTILE, "sha256": HOSTILE})})
    result = invented_result(film, plan=plan, notes=(HOSTILE,))
    written = replace(result.written, path=Path(HOSTILE), copied=(HOSTILE,) * 2, left_out=(HOSTILE,), codec=HOSTILE)
    return replace(
        result,
        source=replace(result.source, path=Path(HOSTILE), container=HOSTILE, tags={"title": HOSTILE}),
        soundtrack=replace(result.soundtrack, codec=HOSTILE, layout=HOSTILE),
        written=written,
    )


def test_hostile_names_stay_text(found):
    text = page(hostile_result(film_path(FILM)), found)
    text.encode("utf-8")
    reader = Reader(text)
    assert not [a for _, attributes in reader.elements for a in attributes if a.startswith("on")]
    assert len(reader.having("script")) == 1
    assert all(a["src"].startswith("data:") for a in reader.having("img"))
    assert "\x1b" not in text
    assert reader.said.count("<img src=https:") > 10


def test_hostile_names_change_no_elements(html, found):
    harmless, hostile = Reader(html), Reader(page(hostile_result(film_path(FILM)), found))
    tags = [tag for tag, _ in hostile.elements]
    tags.remove("p")  # the title, which the other film has not
    assert tags == [tag for tag, _ in harmless.elements]


def test_everything_that_was_found_is_told(html, result):
    said = Reader(html).said
    for fact in (
        "film.mp4",
        "−23.4 → −23.3 LUFS",
        "−4.3 → −1.0 dBTP",
        "0:00:04",
        "+3.0 dB",
        "left alone",
        result.plan.model.sha256,
        "50 packets, bit-identical",
        "2 chapters",
        "timed data cannot be copied",
        "2 holes in the sound",
        "music −2.0 dB",
        "Loudness-matched",
        "The whole film",
        "PyAV",
    ):
        assert fact in said, fact
    assert all(decided(shot) in said for shot in result.plan.shots)
    assert all(words in said for shot in result.plan.shots for words in shot.cues.values())


def with_shots(result, **changed):
    shots = [shot.model_copy(update=changed) for shot in result.plan.shots]
    return replace(result, plan=result.plan.model_copy(update={"shots": shots}))


def test_each_shot_tells_what_was_seen_heard_decided_and_how_sure(result, found):
    director = PlannedModel(name="learnt", sha256="0" * 64)
    levels = {"speech": -31.2, "music": -26.0, "effects": -100.0}
    told = with_shots(result, heard_lufs=levels, speech_present=0.634, confidence=0.8)
    told = replace(told, plan=told.plan.model_copy(update={"director": director}))
    rows = shot_rows(told, found)
    assert len(rows) == 3
    for row, shot in zip(rows, told.plan.shots, strict=True):
        assert row.told["Seen"] == shot.cues["camera focus"]
        assert row.told["Heard"].startswith("speech −31 LUFS, music −26 LUFS, somebody speaks 63 % of the time, ")
        assert "effects" not in row.told["Heard"]
        assert row.told["Decided"] == shot.reason
        assert row.told["Sure"] == "80 %"
    assert "Decided by the director learnt" in Reader(page(told, found)).said


def test_a_rule_says_how_sure_it_is_and_the_picture_does_not_decide(result, found):
    rule = PlannedModel(name="speech-first", sha256="0" * 64)
    told = with_shots(result, confidence=1.0)
    told = replace(told, plan=told.plan.model_copy(update={"director": rule}))
    assert shot_rows(told, found)[0].told["Sure"] == "100 %"
    assert "does not decide" in Reader(page(told, found)).said


def unchanged(result, **written):
    plan = result.plan.model_copy(
        update={"makeup_db": 0.0, "gains_db": {stem: [0.0] * 41 for stem in STEMS}},
    )
    return replace(result, plan=plan, written=replace(result.written, **written))


def test_a_film_that_was_left_as_it_was_says_so_and_has_nothing_to_compare(result, found):
    copied = Reader(page(unchanged(result, sound_copied=True), found))
    assert "Left as it was: nothing to mend. The soundtrack is copied packet by packet." in copied.said
    assert copied.having("audio") == []
    encoded = Reader(page(unchanged(result), found))
    assert "Left as it was: nothing to mend. Why it was encoded again" in encoded.said
    assert len(encoded.having("audio")) == 2
    assert "Left as it was" not in Reader(page(result, found)).said


def test_the_rate_is_that_of_the_written_soundtrack(result, found):
    opus = replace(found, new_track=replace(found.new_track, sample_rate=48_000, layout="5.1"))
    source = replace(result, soundtrack=replace(result.soundtrack, sample_rate=44_100, layout="5.1(side)"))
    said = Reader(page(source, opus)).said
    assert "160 kb/s, 5.1, 48 kHz" in said
    assert "5.1(side), 44.1 kHz" in said  # of the source, at the head


def test_one_curve_per_stem_two_waves_two_players_one_strip(html):
    reader = Reader(html)
    assert [len(reader.having("path", f"curve {stem}")) for stem in STEMS] == [1, 1, 1]
    assert len(reader.having("svg", "wave")) == len(reader.having("audio")) == 2
    assert len(reader.having("details")) == 3
    assert sum((a.get("alt") or "").startswith("Picture at") for a in reader.having("img")) == len(found_cells(html))


def found_cells(html):
    return re.findall(r'<span style="left:[\d.]+%;width:[\d.]+%">', html)


def test_sound_alone_says_so_and_shows_no_pictures():
    result = invented_result(film_path(sound_film("m4a", "aac")))
    reader = Reader(page(result, find(result)))
    assert "There is no picture: balanced by the sound alone." in reader.said
    assert reader.having("img") == []
    assert reader.having("svg", "cutmarks") == []
    assert len(reader.having("audio")) == 2


def test_a_long_film_is_cut_down(found):
    shots = 5000
    plan = invented_plan(7200.0, shots=shots, words="<" * 400)
    picture = jpeg(np.random.default_rng(1).integers(0, 255, (120, 214, 3), np.uint8))
    full = replace(found, cells=[found.cells[0]] * 24, pictures=[picture] * 24)
    text = page(replace(invented_result(film_path(FILM)), plan=plan), full)
    sound = 2 * WHOLE_UP_TO_SECONDS * BIT_RATE / 8 * 4 / 3
    assert len(text.encode()) + sound < LARGEST
    assert text.count("<tr>") - 1 <= MOST_SHOTS
    assert f"of {shots} shots" in text


def test_a_table_of_many_shots_has_200_rows(found):
    plan = invented_plan(7200.0, shots=900)
    text = page(replace(invented_result(film_path(FILM)), plan=plan), found)
    assert text.count("<tr>") - 1 == MOST_SHOTS
    assert "The first 200 of 900 shots" in text


def test_the_page_is_written_whole_and_replaces_an_old_one_when_it_may(tmp_path, result, html):
    target = tmp_path / "report.html"
    target.write_text("old")
    with pytest.raises(TargetExists, match="--force"):
        write_report(result, target)
    assert target.read_text() == "old"
    write_report(result, target, overwrite=True)
    assert target.read_text(encoding="utf-8").endswith("</html>\n")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert abs(len(target.read_bytes()) - len(html.encode())) < 2000


def test_a_folder_that_is_not_there(tmp_path, result):
    with pytest.raises(OutputError, match="cannot write"):
        write_report(result, tmp_path / "nowhere" / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_the_film_itself_is_never_overwritten(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(film_path(FILM).read_bytes())
    with pytest.raises(OutputError, match="choose another name"):
        write_report(invented_result(film), film, overwrite=True)
    assert film.read_bytes() == film_path(FILM).read_bytes()
