// Draws the plots of each world with uPlot. Colours are of the Okabe–Ito set, told apart by most eyes.
(() => {
  "use strict";
  const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000"];
  const colour = (i) => colours[i % colours.length];
  const dim = getComputedStyle(document.documentElement).getPropertyValue("--dim").trim();
  const line = getComputedStyle(document.documentElement).getPropertyValue("--line").trim();
  const axis = (label, extra) => Object.assign({ label, stroke: dim, grid: { stroke: line, width: 1 }, ticks: { stroke: line } }, extra);
  const percent = { values: (u, vs) => vs.map((v) => (v === null ? "" : +(100 * v).toFixed(1) + "%")) };
  // Of a logarithmic axis' many ticks only the powers of ten are named.
  const powers = { values: (u, vs) => vs.map((v) => (v && Number.isInteger(+Math.log10(v).toFixed(6)) ? v.toExponential(0) : "")) };
  const size = { width: 460, height: 300 };
  const share = { y: { range: [0, 1.02] } };

  // place adds a titled plot to a world's row.
  const place = (root, title, options, data) => {
    const box = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = title;
    box.append(caption);
    root.append(box);
    new uPlot(Object.assign({}, size, options), data, box);
  };

  const detection = (root, w) => {
    if (!w.detection) return;
    const xs = w.exchanges.map((x) => Math.max(x, 0.5)); // 0 has no place on a logarithmic axis
    place(root, "Share of accounts suspended by their n-th exchange", {
      scales: Object.assign({ x: { time: false, distr: 3, log: 2 } }, share),
      axes: [axis("exchanges served"), axis("suspended", percent)],
      series: [{ label: "exchanges" }].concat(w.detection.map((d, i) => ({ label: d.level, stroke: colour(i), width: 2 }))),
    }, [xs].concat(w.detection.map((d) => d.shares)));
  };

  const timeline = (root, w) => {
    if (!w.timeline || !w.timeline.length) return;
    const days = [...new Set(w.timeline.map((r) => r.ts))].sort((a, b) => a - b);
    const levels = [...new Set(w.timeline.map((r) => r.level))].sort();
    const rows = levels.map((l) => days.map((d) => {
      const r = w.timeline.find((x) => x.ts === d && x.level === l);
      return r && r.served + r.stopped ? r.served / (r.served + r.stopped) : null;
    }));
    place(root, "Share of a campaign's exchanges that were still served, by day", {
      scales: share,
      axes: [axis(""), axis("served", percent)],
      series: [{ label: "day" }].concat(levels.map((l, i) => ({ label: l, stroke: colour(i), width: 2, spanGaps: true }))),
    }, [days.map((d) => d / 1000)].concat(rows));
  };

  // step reads a curve at x: the best that is reached without more false positives.
  const step = (points, x) => points.reduce((best, p) => (p.fpr <= x && p.tpr > best ? p.tpr : best), 0);

  const ranks = (root, w) => {
    const floor = 1e-5;
    const xs = [...new Set([floor].concat(...w.curves.map((c) => c.points.map((p) => Math.max(p.fpr, floor)))))].sort((a, b) => a - b);
    if (xs.length < 2) return;
    place(root, "Recall against false positives, best thresholds", {
      scales: Object.assign({ x: { time: false, distr: 3, log: 10 } }, share),
      axes: [axis("honest accounts flagged (share; 1e-5 stands for none)", powers), axis("recall", percent)],
      series: [{ label: "FPR" }].concat(w.curves.map((c, i) => ({ label: c.name, stroke: colour(i), width: i ? 1 : 3 }))),
    }, [xs].concat(w.curves.map((c) => xs.map((x) => step(c.points, x <= floor ? 0 : x)))));
  };

  const reliability = (root, w) => {
    const ps = (w.reliability || []).slice().sort((a, b) => a[0] - b[0]);
    if (!ps.length) return;
    place(root, "Reliability: fraudulent share at each score", {
      scales: Object.assign({ x: { time: false, range: [0, 1] } }, share),
      axes: [axis("account score"), axis("fraud", percent)],
      series: [{ label: "score" },
        { label: "found", stroke: colour(0), width: 2, points: { show: true, size: 8 } },
        { label: "ideal", stroke: dim, dash: [4, 4] }],
    }, [ps.map((p) => p[0]), ps.map((p) => p[1]), ps.map((p) => p[0])]);
  };

  for (const w of JSON.parse(document.getElementById("plots").textContent)) {
    const root = document.getElementById("plots " + w.world);
    for (const draw of [detection, timeline, ranks, reliability]) draw(root, w);
  }
})();
