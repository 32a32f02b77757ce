// The last ten minutes, plotted by uPlot in the colours of the page.

import { $, when } from "./dom.js";

export const WINDOW = 600;
const HEIGHT = 180;

const number = (digits) => (_, value) => (value === null || value === undefined ? "–" : value.toFixed(digits));

const CHARTS = [
  { place: "chart-requests", digits: 0, series: [["requests", "--blue", true], ["errors", "--red", false]] },
  { place: "chart-latency", digits: 2, series: [["median", "--green", true], ["95 %", "--amber", false], ["99 %", "--red", false]] },
  { place: "chart-batches", digits: 1, series: [["rows", "--violet", true], ["with padding", "--grey", false]] },
];

// One second's values, in the order of CHARTS' series; null where there is nothing to measure.
function values(point) {
  const { requests, errors, p50, p95, p99, batches, rows, padding } = point;
  const latency = requests ? [p50 * 1e3, p95 * 1e3, p99 * 1e3] : [null, null, null];
  const sizes = batches ? [rows / batches, (rows + padding) / batches] : [null, null];
  return [[requests, errors], latency, sizes];
}

const NOTHING = values({ requests: 0, errors: 0, batches: 0 });

export class Charts {
  constructor() {
    this.plots = [];
    this.data = CHARTS.map(({ series }) => [[], ...series.map(() => [])]);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.make());
    new ResizeObserver(() => this.resize()).observe($("chart-requests").parentElement);
  }

  make() {
    for (const plot of this.plots) plot.destroy();
    this.plots = CHARTS.map((chart, index) => new uPlot(this.#options(chart), this.data[index], $(chart.place)));
  }

  resize() {
    for (const [index, plot] of this.plots.entries()) plot.setSize({ width: $(CHARTS[index].place).clientWidth, height: HEIGHT });
  }

  // points: a Map from seconds to points; now: the current second, which is not over.
  show(points, now, offset) {
    const shown = this.data.map((columns) => columns.map(() => []));
    for (let second = now - WINDOW; second < now; second++) {
      const point = points.get(second);
      const parts = point ? values(point) : NOTHING;
      parts.forEach((numbers, chart) => {
        shown[chart][0].push(second + Math.round(offset));
        numbers.forEach((value, series) => shown[chart][series + 1].push(value));
      });
    }
    this.data = shown;
    if (!this.plots.length) this.make();
    else this.plots.forEach((plot, index) => plot.setData(shown[index]));
  }

  #options({ place, digits, series }) {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: color("--quiet"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 }, font: "11px system-ui" };
    return {
      width: $(place).clientWidth,
      height: HEIGHT,
      padding: [12, 10, 0, 0],
      cursor: { sync: { key: "tenon" }, drag: { x: false, y: false }, points: { size: 6 } },
      legend: { live: true },
      scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, 10 ** -digits) * 1.08] } },
      axes: [{ ...axis, space: 90, size: 30, values: (_, times) => times.map((time) => when(time).slice(-8, -3)) }, { ...axis, size: 46, space: 34 }],
      series: [
        { value: (_, time) => (time ? when(time) : "–") },
        ...series.map(([label, name, filled]) => ({
          label,
          stroke: color(name),
          width: 1.5,
          fill: filled ? color(`${name}-faint`) : undefined,
          value: number(digits),
          points: { show: false },
        })),
      ],
    };
  }
}
