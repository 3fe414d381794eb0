"""`limelight serve examples/demo.mp4`, as `make page` calls it: the film is seen and heard, its faders work, it opens fast.

A screenshot and what the analyser heard (analyser.csv) are left in $LIMELIGHT_PICTURES, else in the test's own folder.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from test_browser import until

EXAMPLES = Path(__file__).parents[2] / "examples"
ANALYSED_SECONDS = 900
# Level of what the analyser hears, in dB: the mean of a second, so that no pause of the film counts.
LEVEL = """async () => {
  const { analyser } = limelight.player, x = new Float32Array(analyser.fftSize);
  let power = 0, count = 0;
  for (const end = performance.now() + 1000; performance.now() < end; ) {
    analyser.getFloatTimeDomainData(x);
    power += x.reduce((sum, v) => sum + v * v, 0) / x.length;
    count++;
    await new Promise((done) => setTimeout(done, 25));
  }
  return 10 * Math.log10(power / count + 1e-12);
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page in a process of its own, with the demo film analysed."""
    command = [sys.executable, "-m", "limelight", "serve", str(EXAMPLES / "demo.mp4"), "--port", "0", "--no-open"]
    work = tmp_path_factory.mktemp("work")
    running = subprocess.Popen(
        [*command, "--no-token", "--quiet", "--work", str(work)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        found = running.stdout.readline().strip()
        end = time.monotonic() + ANALYSED_SECONDS
        while not httpx.get(f"{found}api/films", timeout=60).json()[0]["analysed"]:
            assert time.monotonic() < end
            time.sleep(0.5)
        yield found
    finally:
        running.terminate()
        running.wait(60)
        running.stdout.close()


@pytest.fixture
def demo(browser, address):
    film = httpx.get(f"{address}api/films", timeout=60).json()[0]["id"]
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(120_000)  # a machine may have other work
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(f"{address}#/film/{film}")
    page.wait_for_selector("#shots tr", timeout=60_000)
    until(page, "window.limelight?.timeline !== undefined")
    yield page, session
    context.close()


@pytest.mark.slow
def test_the_demo_film_plays_and_its_faders_work(demo, tmp_path):
    page, _ = demo
    out = Path(os.environ.get("LIMELIGHT_PICTURES") or tmp_path)
    page.click(".fader.speech .mute")  # music and effects alone: the make-up gain keeps the loudness of the whole
    page.click("#play")
    until(page, "limelight.player.at > 0.5")
    heard = []
    for fader in (0, -40, 0):
        page.evaluate(f"limelight.desk.once(() => limelight.desk.control({{ offsetsDb: [0, {fader}, {fader}] }}))")
        page.evaluate("limelight.player.seek(2)")
        until(page, "limelight.player.at > 2.2 && !limelight.player.starved")
        heard.append((fader, page.evaluate("limelight.desk.makeupDb"), page.evaluate(LEVEL)))
    page.screenshot(path=out / "demo-page.png")
    page.click("#play")
    with (out / "analyser.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("music_and_effects_db", "makeup_db", "heard_db"), *heard])
    (_, makeup_before, before), *others = heard
    assert before > -50
    for fader, makeup, level in others:
        assert level == pytest.approx(before + fader + makeup - makeup_before, abs=3)


@pytest.mark.slow
def test_a_film_that_is_analysed_costs_little_to_open(demo):
    """In processor time of the page's thread, which no other work on the machine changes: under a second with all of it."""
    _, session = demo
    spent = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    assert spent["TaskDuration"] < 1.0
    assert spent["ScriptDuration"] < 0.3
