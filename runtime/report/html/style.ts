/* The look of the report: one style sheet, light and dark by the reader's preference. */

export const style = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b2430; --soft: #5d6977; --line: #dfe3e8;
  --accent: #2f6fde; --good: #11845b; --warn: #a15c00; --bad: #c0362c;
  --g0: #2f6fde; --g1: #0f8f83; --g2: #c07d12; --g3: #a4479a; --g4: #77808c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1a2028; --ink: #e6eaf0; --soft: #98a4b3; --line: #2c3540;
    --accent: #6ea0ff; --good: #4cc38a; --warn: #e0a04a; --bad: #ff7b72;
    --g0: #6ea0ff; --g1: #3fc1b4; --g2: #e0a94f; --g3: #d583cb; --g4: #9aa5b3;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 20px 64px; }
header h1 { margin: 0; font-size: 28px; line-height: 1.2; letter-spacing: -0.01em; }
header p { margin: 6px 0 0; color: var(--soft); }
section { margin-top: 24px; padding: 20px 22px 22px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
h2 { margin: 0 0 4px; font-size: 17px; }
section > p, .note { margin: 0 0 14px; color: var(--soft); max-width: 72ch; }
.figure { overflow-x: auto; }
.figure svg { display: block; max-width: 100%; height: auto; }
.figure.wide svg { max-width: none; }
svg text { fill: var(--ink); font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
svg .soft { fill: var(--soft); }
svg .small { font-size: 10.5px; }
svg .strong { font-weight: 600; }
svg .rule { stroke: var(--line); fill: none; }
svg .frame { fill: var(--card); stroke: var(--line); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(176px, 1fr)); gap: 14px; margin-top: 24px; }
.tile { padding: 14px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile span { display: block; color: var(--soft); font-size: 13px; }
.tile b { display: block; font-size: 23px; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile small { color: var(--soft); font-size: 12.5px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: middle; }
th { color: var(--soft); font-weight: 500; font-size: 13px; }
td.n, th.n { text-align: right; }
tr:last-child td { border-bottom: 0; }
.scroll { max-height: 340px; overflow: auto; }
.meter { display: inline-block; width: 140px; height: 8px; border-radius: 4px; background: var(--line); overflow: hidden; vertical-align: middle; }
.meter i { display: block; height: 100%; background: var(--accent); }
.meter.tight i { background: var(--warn); }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--soft); }
.heat .measure { display: none; }
#by-memory:checked ~ .heat .memory, #by-synapses:checked ~ .heat .synapses, #by-spikes:checked ~ .heat .spikes { display: inline; }
.switcher > input { accent-color: var(--accent); }
.switcher > label { margin-right: 16px; }
.error { color: var(--bad); } .warning { color: var(--warn); } .noted { color: var(--soft); }
code { font: 12.5px ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 12px; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
footer { margin-top: 28px; color: var(--soft); font-size: 13px; }
@media (max-width: 720px) { .figure svg { max-width: none; } .tiles { grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); } }
@media print { body { background: #fff; } section, .tile { break-inside: avoid; } }
`.replace(/\n\s*/g, "\n");
