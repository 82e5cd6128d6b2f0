// Draws the charts and keeps the page fresh. What it draws comes from /series/…; tables are
// HTML that htmx loads when this script says "refresh".
"use strict";

(function () {
  const REFRESH_MS = 5000;
  const PLOT_HEIGHT = 200; // CSS pixels, without the legend below
  const charts = new Map(); // element -> {plot, scheme, last}

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

  // stack turns values into running sums, the first series lowest.
  function stack(values) {
    const sums = [];
    values.forEach((row, i) => sums.push(row.map((v, j) => v + (i ? sums[i - 1][j] : 0))));
    return sums;
  }

  // Bars are drawn from the highest sum down, so that each lower one covers its part.
  function plotData(s) {
    return s.bars ? [s.x, ...stack(s.values).reverse()] : [s.x, ...s.values];
  }

  function seriesOptions(s) {
    const order = s.names.map((_, i) => (s.bars ? s.names.length - 1 - i : i));
    return order.map((i) => {
      const color = css("--s" + (i + 1));
      return {
        label: s.names[i],
        stroke: color,
        fill: s.bars ? color : undefined,
        width: s.bars ? 0 : 2,
        paths: s.bars ? uPlot.paths.bars({ size: [0.85, 28, 1] }) : undefined,
        points: { show: !s.bars && s.x.length < 2 },
        value: (u, _, seriesIdx, idx) => (idx == null ? "–" : exact.format(u.own[i][idx])),
      };
    });
  }

  // whole: what is counted comes in whole numbers, so its axis does too.
  const whole = [];
  for (let ten = 1; ten < 1e15; ten *= 10) whole.push(ten, 2 * ten, 5 * ten);

  // times labels the axis: the day where it changes, else the time; days alone where ticks are days.
  function times(u, ticks, axisIdx, space, step) {
    let day = "";
    return ticks.map((ts) => {
      const iso = new Date(ts * 1e3).toISOString();
      const today = iso.slice(0, 10);
      if (step >= 86400) return today.slice(5);
      const label = iso.slice(11, 16) + (today === day ? "" : "\n" + today);
      day = today;
      return label;
    });
  }

  function options(el, s) {
    const axis = { stroke: css("--soft"), grid: { stroke: css("--grid"), width: 1 }, ticks: { stroke: css("--grid"), width: 1 } };
    return {
      width: el.clientWidth,
      height: PLOT_HEIGHT,
      padding: [10, 22, 0, 0],
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC"),
      cursor: { drag: { x: false, y: false }, points: { show: !s.bars } },
      scales: { x: { range: () => el.range }, y: { range: (_, lo, hi) => [0, hi > 0 ? hi * 1.08 : 1] } },
      axes: [
        { ...axis, values: times },
        { ...axis, size: 56, incrs: whole, values: (_, ticks) => ticks.map((v) => short.format(v)) },
      ],
      series: [{ label: "Time", value: (_, ts) => (ts == null ? "–" : new Date(ts * 1e3).toISOString().slice(0, 16).replace("T", " ")) }, ...seriesOptions(s)],
    };
  }

  function draw(el, s) {
    let held = charts.get(el);
    el.range = [s.from, Math.max(s.to, s.from + 60)];
    if (s.x.length === 0) {
      if (held) held.plot.destroy();
      charts.delete(el);
      el.replaceChildren(Object.assign(document.createElement("p"), { className: "empty", textContent: "Nothing here yet." }));
      return;
    }
    if (held && held.scheme === scheme()) {
      held.plot.own = s.values;
      held.plot.setData(plotData(s));
      held.last = s;
      return;
    }
    if (held) held.plot.destroy();
    el.replaceChildren();
    const plot = new uPlot(options(el, s), plotData(s), el);
    plot.own = s.values;
    charts.set(el, { plot, scheme: scheme(), last: s });
  }

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const scheme = () => (dark.matches ? "dark" : "light");

  async function load(el) {
    try {
      const answer = await fetch(el.dataset.series, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      draw(el, await answer.json());
      arrived(el);
    } catch {
      missed(el);
    }
  }

  // What could not be refreshed stays, paler; the head of the page says why.
  const missing = new Set();
  function arrived(el) {
    el.classList.remove("stale");
    missing.delete(el);
    showStatus();
  }
  function missed(el) {
    el.classList.add("stale");
    missing.add(el);
    showStatus();
  }
  function showStatus() {
    const status = document.getElementById("status");
    const down = missing.size > 0;
    status.dataset.state = down ? "down" : "live";
    status.textContent = down ? "ClickHouse does not answer; what is shown is old" : "live, " + new Date().toISOString().slice(11, 19) + " UTC";
  }

  function refresh() {
    if (document.visibilityState !== "visible") return;
    document.querySelectorAll("[data-series]").forEach(load);
    htmx.trigger(document.body, "refresh");
  }

  document.addEventListener("htmx:afterSwap", (e) => arrived(e.detail.target));
  document.addEventListener("htmx:responseError", (e) => missed(e.detail.target));
  document.addEventListener("htmx:sendError", (e) => missed(e.detail.target));
  document.addEventListener("visibilitychange", refresh);
  document.querySelectorAll("form[data-submit]").forEach((f) => f.addEventListener("change", () => f.submit()));
  dark.addEventListener("change", () => charts.forEach((held, el) => draw(el, held.last)));
  window.addEventListener("resize", () => charts.forEach((held, el) => held.plot.setSize({ width: el.clientWidth, height: PLOT_HEIGHT })));

  document.querySelectorAll("[data-series]").forEach(load);
  setInterval(refresh, REFRESH_MS);
})();
