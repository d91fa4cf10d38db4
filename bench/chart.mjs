// Line charts in SVG, as the tables' figures grow over decades: both axes are logarithmic.

const [WIDTH, HEIGHT] = [760, 420];
const plot = { left: 70, right: 530, top: 44, bottom: 360 };
/** Between names at the right edge. */
const ROW = 17;

/** Colours that stay apart for those who see fewer, on a light and on a dark ground. */
const colours = [
  ["#0067a5", "#58b0ee"],
  ["#c2500a", "#ff9a55"],
  ["#00795c", "#3fcfa6"],
  ["#a2447d", "#ec9fcb"],
  ["#7a6000", "#e3c04a"],
  ["#5b4bb0", "#a99cf5"],
  ["#5f6368", "#b4b8bd"],
];
const rulesOf = (side) =>
  [
    `text{fill:${["#1f2328", "#e6edf3"][side]}}`,
    `.grid{stroke:${["#d1d9e0", "#3d444d"][side]}}`,
    `.axis{stroke:${["#59636e", "#9198a1"][side]}}`,
    ...colours.map((pair, k) => `.s${k}{stroke:${pair[side]}}.f${k}{fill:${pair[side]}}`),
  ].join("");
const style = `text{font:13px system-ui,sans-serif}
.small{font-size:12px}.title{font-size:15px;font-weight:600}
.line{fill:none;stroke-width:2}.first{stroke-width:3.5}.lead{stroke-width:1;stroke-dasharray:2 3;fill:none}
${rulesOf(0)}
@media (prefers-color-scheme:dark){${rulesOf(1)}}`;

const rounded = (value) => Math.round(value * 10) / 10;
const escaped = (text) =>
  text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
const text = (x, y, words, rest) => `<text x="${x}" y="${y}" ${rest}>${escaped(words)}</text>`;
const scale = (low, high, from, to) => (value) =>
  rounded(from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from));

/** Places for names near those wanted, none on another. */
function apart(wanted, low, high) {
  const places = [];
  wanted.forEach((want, k) => places.push(Math.max(want, k ? places[k - 1] + ROW : low)));
  for (let k = places.length - 1; k >= 0; k--)
    places[k] = Math.min(places[k], k === places.length - 1 ? high : places[k + 1] - ROW);
  return places;
}

/** 1, 2 and 5 of each decade between, and the ends around. */
function ticksOf(low, high) {
  const ticks = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
    for (const digit of [1, 2, 5]) ticks.push(digit * 10 ** e);
  const first = ticks.findLastIndex((tick) => tick <= low);
  return ticks.slice(first, ticks.findIndex((tick) => tick >= high) + 1);
}

/**
 * A chart of lines, the first one thicker.
 *
 * @param series each `{ name, points: [[x, y], ...] }`, by x; a line ends where it has no more points
 * @param xs where the axis below has its marks
 */
export function lineChart({ title, xLabel, yLabel, xs, series }) {
  const ys = series.flatMap(({ points }) => points.map(([, y]) => y));
  const ticks = ticksOf(Math.min(...ys), Math.max(...ys));
  const x = scale(xs[0], xs.at(-1), plot.left + 20, plot.right - 20);
  const y = scale(ticks[0], ticks.at(-1), plot.bottom, plot.top);
  const parts = [];
  for (const tick of ticks) {
    const named = ticks.length < 9 || Math.log10(tick) % 1 === 0;
    parts.push(`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(tick)}" y2="${y(tick)}"/>`);
    if (named)
      parts.push(
        text(plot.left - 8, y(tick) + 4, tick.toLocaleString("en"), 'class="small" text-anchor="end"'),
      );
  }
  for (const mark of xs)
    parts.push(
      `<line class="axis" x1="${x(mark)}" x2="${x(mark)}" y1="${plot.bottom}" y2="${plot.bottom + 5}"/>`,
      text(x(mark), plot.bottom + 20, `${mark}`, 'class="small" text-anchor="middle"'),
    );
  parts.push(
    `<path class="axis" fill="none" d="M${plot.left} ${plot.top}V${plot.bottom}H${plot.right}"/>`,
    text((plot.left + plot.right) / 2, plot.bottom + 44, xLabel, 'text-anchor="middle"'),
    `<g transform="translate(20 ${(plot.top + plot.bottom) / 2}) rotate(-90)">`,
    text(0, 0, yLabel, 'text-anchor="middle"'),
    "</g>",
  );
  const ends = series
    .map(({ name, points }, k) => ({ name, k, x: x(points.at(-1)[0]), y: y(points.at(-1)[1]) }))
    .sort((a, b) => a.y - b.y);
  const places = apart(
    ends.map((end) => end.y),
    plot.top,
    plot.bottom,
  );
  series.forEach(({ points }, k) => {
    const path = points.map(([px, py], n) => `${n ? "L" : "M"}${x(px)} ${y(py)}`).join("");
    parts.push(`<path class="line s${k}${k ? "" : " first"}" d="${path}"/>`);
    for (const [px, py] of points)
      parts.push(`<circle class="f${k}" r="${k ? 3 : 4.5}" cx="${x(px)}" cy="${y(py)}"/>`);
  });
  ends.forEach(({ name, k, x: endX, y: endY }, n) => {
    const at = plot.right + 14;
    parts.push(
      `<path class="lead s${k}" d="M${endX + 5} ${endY}L${at - 4} ${places[n]}"/>`,
      text(at, places[n] + 4, name, `class="f${k}"`),
    );
  });
  const box = `viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box}>
<style>${style}</style>
${text(plot.left, 24, title, 'class="title"')}
${parts.join("\n")}
</svg>
`;
}
