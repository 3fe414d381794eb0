// The keys of a film's page.

import { decibels } from "./decibels.js";
import { STEMS } from "./mixer.js";

export function key(page, event) {
  const { target, key } = event;
  const command = event.ctrlKey || event.metaKey;
  if (target.matches("input:not([type='range']), select, textarea") || event.altKey) return;
  if (command) {
    if (key.toLowerCase() !== "z" && key.toLowerCase() !== "y") return;
    if (key.toLowerCase() === "y" || event.shiftKey) page.desk.redo();
    else page.desk.undo();
    event.preventDefault();
    return;
  }
  const onSlider = target.matches("input[type='range']");
  const onButton = target.matches("button, a, summary, [role='region']");
  const onTimeline = target === page.find("timeline");
  const done = press(page, event, { onSlider, onButton, onTimeline });
  if (done) event.preventDefault();
}

function press(page, { key, code, shiftKey }, { onSlider, onButton, onTimeline }) {
  const { player, timeline } = page;
  if (key === " ") return !onButton && (player.toggle(), true);
  const digit = /^Digit([123])$/.exec(code)?.[1];
  if (digit) return shiftKey ? page.flip("muted", digit - 1) : page.choose(digit - 1), true;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return !onSlider && (player.seek(player.at + (key === "ArrowLeft" ? -1 : 1) * (shiftKey ? 10 : 1)), true);
  }
  if (key === "ArrowUp" || key === "ArrowDown") {
    if (!onTimeline) return false;
    timeline.nudge(key === "ArrowUp" ? 0.5 : -0.5);
    page.say(`${STEMS[timeline.stem]} ${decibels(page.desk.gainAt(timeline.stem, timeline.range ? timeline.range[0] + 0.5 : player.at))}`);
    return true;
  }
  if (key === "Home" || key === "End") return !onSlider && (player.seek(key === "Home" ? 0 : player.seconds), true);
  const actions = {
    a: () => player.listen({ after: 0 }),
    b: () => player.listen({ after: 1 }),
    "+": () => timeline.zoom(0.5),
    "=": () => timeline.zoom(0.5),
    "-": () => timeline.zoom(2),
    "[": () => timeline.choose(player.at, Math.max(player.at + 0.5, timeline.range?.[1] ?? 0)),
    "]": () => timeline.choose(Math.min(player.at - 0.5, timeline.range?.[0] ?? player.at - 1), player.at),
    ",": () => jump(page, -1),
    ".": () => jump(page, 1),
    escape: () => timeline.choose(null),
  };
  const action = actions[key.toLowerCase()];
  action?.();
  return Boolean(action);
}

function jump(page, by) {
  const starts = page.view.proposal.shots.map((shot) => shot.start_seconds);
  const at = page.player.at;
  const next = by > 0 ? starts.find((start) => start > at + 0.05) : starts.findLast((start) => start < at - 0.5);
  if (next !== undefined) page.player.seek(next);
}
