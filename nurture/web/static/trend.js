// Draws the months of a table as a line above it, from the numbers in its rows. Without this file the table has its
// own small pictures, as on paper; with it they would say the same twice, so the style sheet hides them on screens.
"use strict";

const GAP = 46; // pixels that the name of a month needs

function read(rows, name) {
  return rows.map((row) => (name in row.dataset ? Number(row.dataset[name]) : null));
}

// What stands below the axis: the months that have room, and the year where it is another than before.
function monthNames(months) {
  const short = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", timeZone: "UTC" });
  return months.map((month, at) => {
    const year = month.slice(0, 4);
    const name = short.format(new Date(`${month}-01T00:00:00Z`));
    return at && months[at - 1].startsWith(year) ? name : `${name}\n${year}`;
  });
}

function line(colour, band, dash) {
  return {
    stroke: colour,
    width: band ? 0 : 2,
    dash,
    points: { show: !band, size: 7, fill: colour, stroke: colour },
  };
}

function plotted(figure) {
  const plot = figure.querySelector(".plot");
  const rows = [...document.getElementById(figure.dataset.of).tBodies[0].rows];
  const months = rows.map((row) => row.dataset.month);
  const lines = figure.dataset.lines.split(" ");
  const band = figure.dataset.band ? figure.dataset.band.split(" ") : [];
  const goal = figure.dataset.goal ? Number(figure.dataset.goal) : null;
  const share = figure.dataset.unit === "share";
  const style = getComputedStyle(figure);
  const colour = (name) => style.getPropertyValue(name).trim();
  const text = { stroke: colour("--soft"), font: `12px ${style.fontFamily}`, ticks: { show: false } };

  const drawGoal = (u) => {
    if (goal === null) return;
    const y = Math.round(u.valToPos(goal, "y", true));
    u.ctx.save();
    u.ctx.strokeStyle = colour("--soft");
    u.ctx.lineWidth = devicePixelRatio * 1.5;
    u.ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    u.ctx.beginPath();
    u.ctx.moveTo(u.bbox.left, y);
    u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
    u.ctx.stroke();
    u.ctx.restore();
  };
  const point = (u) => rows.forEach((row, at) => row.classList.toggle("pointed", at === u.cursor.idx));

  return new uPlot(
    {
      width: plot.clientWidth,
      height: plot.clientHeight,
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: (u, low, high) => [low - 0.25, high + 0.25] },
        y: { range: (u, low, high) => [0, share ? 1 : Math.ceil(Math.max(high ?? 0, goal ?? 0, 1) * 1.1)] },
      },
      axes: [
        {
          ...text,
          size: 40,
          grid: { show: false },
          splits: (u) => {
            const step = Math.max(1, Math.ceil((months.length * GAP) / u.width));
            return months.map((_, at) => at).filter((at) => at % step === 0);
          },
          values: (u, shown) => monthNames(shown.map((at) => months[at])),
        },
        {
          ...text,
          size: 48,
          space: 36,
          grid: { stroke: colour("--faint"), width: 1 },
          ...(share && { splits: () => [0, 0.5, 1] }),
          values: (u, at) => at.map((value) => (share ? `${Math.round(value * 100)} %` : String(value))),
        },
      ],
      series: [
        {},
        ...band.map(() => line(colour("--trend-band"), true)),
        ...lines.map((_, at) => line(colour(at ? "--warm" : "--accent"), false, at ? [5, 4] : undefined)),
      ],
      bands: band.length ? [{ series: [2, 1], fill: colour("--trend-band") }] : [],
      hooks: { drawClear: [drawGoal], setCursor: [point] },
    },
    [months.map((_, at) => at), ...[...band, ...lines].map((name) => read(rows, name))],
    plot,
  );
}

for (const figure of document.querySelectorAll("figure[data-of]")) {
  figure.hidden = false;
  figure.closest(".kpi").classList.add("charted");
  const plot = figure.querySelector(".plot");
  let drawn = plotted(figure);
  new ResizeObserver(() => {
    if (plot.clientWidth) drawn.setSize({ width: plot.clientWidth, height: plot.clientHeight });
  }).observe(plot);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    drawn.destroy();
    drawn = plotted(figure);
  });
}
