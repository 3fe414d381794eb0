"""The look of the page: calm, one column, dark where the reader's system is dark, fit for paper and telephones.

Stems are blue, vermilion and green after Okabe and Ito's palette, which stays apart for colour-blind readers, darker on
white so that numbers in them can be read; the curves differ in their dashes too.
"""

STYLE = """
:root { color-scheme: light dark;
  --ground: #fbfbfa; --card: #ffffff; --ink: #1c1d1f; --quiet: #6a6d72; --line: #e3e3e0;
  --grid: #ececea; --cut: #c9c9c5;  --wave: #8b9099; --accent: #1c1d1f; --on-accent: #ffffff;
  --speech: #0072b2; --music: #bf4f00; --effects: #00805e; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #16171a; --card: #1d1f23; --ink: #e8e8e6; --quiet: #9a9da3; --line: #303338;
  --grid: #292c31; --cut: #474b52;  --wave: #868c97; --accent: #e8e8e6; --on-accent: #16171a;
  --speech: #56b4e9; --music: #f0803c; --effects: #2cc79a; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; }
main { max-width: 1080px; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { margin: .1rem 0 .3rem; font-size: 1.7rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em;
  overflow-wrap: anywhere; }
h2 { margin: 2.8rem 0 .9rem; font-size: 1.05rem; font-weight: 650; }
p { margin: .4rem 0; } .quiet, .over { color: var(--quiet); font-size: .87rem; overflow-wrap: anywhere; }
.notice { border-left: 3px solid var(--music); padding: .3rem .8rem; margin: 1rem 0 0; }
.figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1px; margin-top: 1.6rem;
  background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.figures div { background: var(--card); padding: .8rem 1rem .75rem; }
.figures dt { color: var(--quiet); font-size: .82rem; }
.figures dd { margin: .1rem 0 0; font-size: 1.2rem; font-weight: 600; letter-spacing: -.01em; }
.figures dd small { display: block; font-size: .82rem; font-weight: 400; letter-spacing: 0; color: var(--quiet); }
.key { display: inline-block; width: 1.1em; height: 0; border-top: 3px solid; vertical-align: .22em;
  margin-right: .4em; }
.key.music { border-top-style: dashed; } .key.effects { border-top-style: dotted; }
.speech { color: var(--speech); } .music { color: var(--music); } .effects { color: var(--effects); }
.lanes { position: relative; padding-left: 3.2rem; cursor: default; }
.lane { position: relative; } .lane + h3, h3 { margin: 1.1rem 0 .3rem; font-size: .87rem; font-weight: 600; }
h3 span { font-weight: 400; color: var(--quiet); margin-left: .6em; }
h3 .legend { display: inline-block; margin: 0 .5em 0 .6em; color: var(--ink); white-space: nowrap; }
svg { display: block; width: 100%; overflow: visible; } path { vector-effect: non-scaling-stroke; fill: none; }
.wave { height: 84px; } .gains { height: 210px; } .cutmarks { height: 8px; }
.wave .peak { fill: var(--wave); opacity: .38; } .wave .rms { fill: var(--wave); }
.grid { stroke: var(--grid); } .zero { stroke: var(--quiet); opacity: .75; } .wave .zero { stroke: var(--line); }
.cuts { stroke: var(--cut); stroke-width: 1; } .gains .cuts, .wave .cuts { stroke: var(--grid); }
.cutmarks .cuts { stroke: var(--quiet); }
.curve { stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.curve.music { stroke-dasharray: 7 3; } .curve.effects { stroke-dasharray: 2 2.5; }
.scale span { position: absolute; right: 100%; margin-right: .55rem; transform: translateY(-50%);
  color: var(--quiet); font-size: .75rem; white-space: nowrap; }
.strip { position: relative; height: 76px; background: var(--line); border-radius: 4px; overflow: hidden; }
.strip span { position: absolute; top: 0; bottom: 0; overflow: hidden; border-right: 1px solid var(--ground); }
.strip span:last-child { border-right: 0; }
.strip img { display: block; width: 100%; height: 100%; object-fit: cover; }
.times { position: relative; height: 1.5rem; margin-top: .45rem; border-top: 1px solid var(--line);
  color: var(--quiet); font-size: .75rem; }
.times span { position: absolute; top: .3rem; transform: translateX(-50%); }
.times span::before { content: ""; position: absolute; left: 50%; top: -.3rem; height: .25rem;
  border-left: 1px solid var(--cut); }
.times .first { transform: none; } .times .first::before { left: 0; }
.times .last { transform: translateX(-100%); } .times .last::before { left: 100%; }
.over-all { position: absolute; left: 3.2rem; right: 0; top: 0; bottom: 1.2rem; pointer-events: none; }
.excerpt { position: absolute; top: 0; bottom: 0; background: var(--quiet); opacity: .1; }
.playhead { position: absolute; top: 0; bottom: 0; border-left: 1.5px solid var(--ink); }
.transport { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: center; padding: .9rem 1rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); padding: .4rem 1.1rem;
  border-radius: 7px; cursor: pointer; }
button:focus-visible, input:focus-visible, summary:focus-visible { outline: 2px solid var(--speech);
  outline-offset: 2px; }
.play { min-width: 5.4rem; background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
.switch { display: flex; } .switch button { border-radius: 7px 0 0 7px; }
.switch button + button { border-radius: 0 7px 7px 0; border-left: 0; }
.switch [aria-pressed=true] { background: var(--line); font-weight: 600; }
.transport input { flex: 1 1 12rem; accent-color: var(--accent); min-width: 0; }
.plain { display: flex; flex-wrap: wrap; gap: 1rem; } .plain label { flex: 1 1 18rem; }
audio { display: block; width: 100%; }
table { width: 100%; border-collapse: collapse; } th { text-align: left; font-size: .82rem; font-weight: 400;
  color: var(--quiet); padding: 0 .8rem .4rem 0; white-space: nowrap; }
td { padding: .6rem .8rem .6rem 0; border-top: 1px solid var(--line); vertical-align: top; }
.time { white-space: nowrap; } .time span { display: block; color: var(--quiet); font-size: .82rem; }
.picture img { display: block; height: 54px; width: 96px; object-fit: cover; border-radius: 4px; }
th.db, td.db { text-align: right; padding-right: 1.1rem; white-space: nowrap; } td.db { font-weight: 600; }
.why { width: 60%; overflow-wrap: anywhere; } details { margin-top: .3rem; font-size: .87rem; }
summary { color: var(--quiet); cursor: pointer; }
.shots dl, .made { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; } .figures dt i { margin-right: .5em; }
code { font: .85em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.made ul { margin: 0; padding: 0; list-style: none; }
@media (max-width: 640px) {
  main { padding: 1.4rem 1rem 3rem; } h1 { font-size: 1.35rem; } .figures { grid-template-columns: repeat(2, 1fr); }
  .lanes { padding-left: 2.4rem; } .over-all { left: 2.4rem; } .strip { height: 48px; } .wave { height: 64px; }
  .gains { height: 170px; } .times .odd { display: none; } h3 span { display: block; margin: 0; }
  h3 .legend { display: inline-block; margin: 0 .9em 0 0; } .figures dd { font-size: 1.05rem; }
  .shots thead { display: none; } .shots tr { display: flex; flex-wrap: wrap; gap: .3rem 1rem; padding: .8rem 0;
    border-top: 1px solid var(--line); align-items: center; } .shots .picture { flex: 1 1 60%; }
  .shots .picture:empty { display: none; }
  .shots td { border: 0; padding: 0; } .shots .why { width: 100%; } td.db::before { content: attr(data-stem) " ";
    font-weight: 400; } td.db { font-size: .87rem; } .made, .shots dl { grid-template-columns: 1fr; gap: 0; }
  .made dd, .shots dd { margin-bottom: .5rem; } }
@media print { body { background: none; font-size: 11px; } main { padding: 0; max-width: none; }
  .transport, .plain, .playhead, .listen { display: none !important; } tr, .lanes { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
