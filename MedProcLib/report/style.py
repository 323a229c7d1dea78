"""How the report looks, on a screen and on paper."""

CSS = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #e1e5ea; --paper: #ffffff; --panel: #f6f8fa; --accent: #1f4e79; }
* { box-sizing: border-box; }
html { font: 16px/1.5 "Inter", "Segoe UI", "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif;
  color: var(--ink); background: var(--paper); -webkit-text-size-adjust: 100%; }
body { max-width: 1080px; margin: 0 auto; padding: 40px 32px 64px; overflow-wrap: break-word; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 6px; font-weight: 650; }
h2 { font-size: 1.25rem; letter-spacing: -0.005em; margin: 52px 0 14px; padding-top: 16px;
  border-top: 1px solid var(--line); font-weight: 650; }
h3 { font-size: 1.02rem; margin: 0; font-weight: 650; }
p { margin: 0 0 12px; max-width: 75ch; }
.brand { font-size: 0.78rem; letter-spacing: 0.14em; text-transform: uppercase; color: var(--accent);
  font-weight: 650; margin: 0 0 10px; }
.when { color: var(--soft); margin: 0 0 26px; }
.lead { font-size: 1.22rem; line-height: 1.45; margin: 0 0 18px; max-width: 62ch; text-wrap: pretty; }
.note { color: var(--soft); font-size: 0.9rem; }
.tiles { display: flex; flex-wrap: wrap; gap: 7px; margin: 0 0 18px; padding: 0; list-style: none; }
.tiles li { border: 1px solid var(--line); border-radius: 8px; padding: 9px 12px 8px; min-width: 84px; }
.tiles b { display: block; font-size: 1.45rem; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles span { font-size: 0.8rem; gap: 5px; color: var(--soft); }
.tiles .none { opacity: 0.45; }
.banner { border-left: 4px solid var(--accent); background: var(--panel); padding: 12px 18px;
  border-radius: 0 6px 6px 0;
  margin: 0 0 18px; }
.banner p:last-child { margin: 0; }
.banner.failed { border-color: #b3261e; background: #fdf1f0; }
.banner.doubtful { border-color: #c77700; background: #fff8eb; }
.banner.good { border-color: #2e7d4f; background: #f1f8f4; }
table { border-collapse: collapse; width: 100%; font-size: 0.89rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 0.8rem; border-bottom: 1.5px solid #c7ced6;
  padding: 6px 10px 6px 0; vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); padding: 6px 12px 6px 0; vertical-align: top; overflow-wrap: break-word; }
td.number, td .fixed, th.number { white-space: nowrap; }
td.number, th.number { text-align: right; }
tbody tr:last-child td { border-bottom-color: #c7ced6; }
.scroll { margin: 0 0 12px; } .scroll, .plot { overflow-x: auto;
  background: linear-gradient(to right, var(--paper) 24px, transparent) local,
  linear-gradient(to left, var(--paper) 24px, transparent) right local, linear-gradient(to right, #c3cad3, transparent),
  linear-gradient(to left, #c3cad3, transparent) right; background-size: 24px 100%, 24px 100%, 12px 100%, 12px 100%;
  background-repeat: no-repeat; }
.chip { display: inline-flex; align-items: center; gap: 7px; font-weight: 600; white-space: nowrap; }
.chip .swatch { width: 19px; height: 19px; border-radius: 5px; font-size: 0.78rem; }
.row { display: grid; gap: 12px; margin: 0 0 14px; }
.three { grid-template-columns: repeat(3, 1fr); } .six { grid-template-columns: repeat(6, 1fr); gap: 8px; }
.stack { grid-template-columns: repeat(var(--columns), 1fr); }
.slices { grid-template-columns: 0.72fr 1fr 1fr 1fr; align-items: start; }
figure { margin: 0; min-width: 0; }
figure img { display: block; width: 100%; height: auto; border-radius: 5px; background: #000; }
figcaption { font-size: 0.8rem; color: var(--soft); padding: 5px 1px 0; line-height: 1.35; overflow-wrap: anywhere; }
.finding { margin: 0 0 30px; break-inside: avoid; }
.finding header { display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: baseline; margin: 0 0 8px; }
.finding header .volumes { font-variant-numeric: tabular-nums; }
.finding header .why { color: var(--soft); font-size: 0.86rem; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; font-size: 0.86rem; margin: 0 0 14px; }
.ramp { display: inline-block; width: 130px; height: 11px; border-radius: 3px; vertical-align: -1px; margin: 0 6px; }
td.number + td:not(.number), th.number + th:not(.number) { padding-left: 26px; }
.chart { width: 100%; max-width: 720px; height: auto; }
.plot figcaption { font-weight: 600; color: var(--ink); padding: 0 0 4px; } .charts { display: grid; gap: 26px; }
.plot { break-inside: avoid; } .lane { font-size: 12px; fill: #10151c; font-weight: 600; }
td small { display: block; color: var(--soft); font-size: 0.74rem; white-space: nowrap; line-height: 1.3; }
td .name { white-space: normal; }
td.number .swatch, td > .swatch { vertical-align: 1px; }
.swatch { display: inline-flex; width: 17px; height: 17px; border-radius: 4px; align-items: center;
  justify-content: center; font-style: normal; font-size: 0.7rem; line-height: 1; color: #10151c; font-weight: 700; }
.verdict { border-radius: 4px; padding: 1px 7px; font-weight: 600; white-space: nowrap; background: var(--panel); }
.verdict.yes { background: #fde6d8; } .verdict.cannot_say { background: #fff3d6; }
.stack figcaption b { display: block; }
.stack figcaption small, header small { display: inline; color: var(--soft); margin-left: 5px; font-size: 0.74rem; }
.criterion { margin: 26px 0; } h4 { margin: 14px 0 4px; font-size: 0.92rem; }
.steps { break-inside: avoid; } .steps ol { margin: 0 0 6px; padding-left: 24px; font-size: 0.89rem;
  font-variant-numeric: tabular-nums; } .missing { font-size: 0.89rem; color: #8a4b00; margin: 0 0 6px; }
.axis { font-size: 12px; fill: #5b6675; } .value { font-size: 13px; fill: #1c2430; font-weight: 600; }
svg.dumbbell { display: block; }
.paper { display: none; } details { margin: 0 0 12px; } summary { cursor: pointer; font-weight: 600; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 14px 16px;
  font-size: 0.78rem;
  line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 48px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--soft);
  font-size: 0.84rem; }
@media screen and (min-width: 1200px) { .wide .scroll { width: calc(100vw - 96px); max-width: 1400px;
  margin-left: calc((1016px - min(100vw - 96px, 1400px)) / 2); } }
@media (max-width: 1000px) {
  body { padding: 28px 20px 48px; } table { font-size: 0.8rem; } th { font-size: 0.74rem; }
  td, th { padding-right: 7px; } svg.dumbbell { width: 64px; height: auto; } .chip { gap: 4px; }
  td.number + td:not(.number), th.number + th:not(.number) { padding-left: 12px; }
}
@media screen and (max-width: 700px) {
  body { padding: 24px 16px 48px; }
  .three { grid-template-columns: 1fr; } .six { grid-template-columns: repeat(3, 1fr); }
  .slices { grid-template-columns: 1fr 1fr; } .stack { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); }
  .plot .chart { min-width: 560px; }
}
@media print {
  @page { margin: 14mm; } @page wide { size: A4 landscape; margin: 10mm; } .wide { page: wide; }
  html { font-size: 11.5px; } body { max-width: none; padding: 0; }
  p { break-inside: avoid; } h2 { margin-top: 28px; break-after: avoid; }
  h2 + .note, h2 + p, .finding > header, .criterion > h3, .criterion > p, h4 { break-after: avoid; }
  p:has(+ .row), .banner:has(+ p + .row) { break-after: avoid; }
  .scroll + .note, .row + .legend { break-before: avoid; }
  .wide p { max-width: none; }
  .map .row, .map .scroll { width: 76%; }
  .chart { max-width: 150mm; } .record { display: none; } .paper { display: block; }
  .finding, figure, tr, .plot, .banner, .tiles li, .row { break-inside: avoid; }
  .swatch, .verdict, .banner, .ramp, pre, svg { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .scroll, .plot { overflow: visible; background: none; } svg.dumbbell { width: 90px; height: auto; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""
