// What makes an open page live. Without it, everything is there to be read and asked for.
"use strict";

(() => {
  const live = document.getElementById("live");
  const say = (state, words) => {
    if (live && live.textContent !== words) live.textContent = words;
    document.body.dataset.live = state;
  };

  // What a person has opened or is writing stays as it is while the page around it is made anew.
  const callbacks = Idiomorph.defaults.callbacks;
  callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.tagName === "DETAILS");
  callbacks.beforeNodeMorphed = (before, after) => {
    if (!(before instanceof Element)) return true;
    if (before.matches("form[data-touched]")) return false;
    if (before.matches(".chart")) {
      if (before.dataset.chart !== after.dataset.chart) {
        before.dataset.chart = after.dataset.chart;
        draw(before);
      }
      return false;
    }
    return true;
  };
  document.addEventListener("input", (event) => event.target.form?.setAttribute("data-touched", ""));

  const renew = () => htmx.ajax("GET", location.href, { target: "#main", select: "#main", swap: "morph:outerHTML" });
  document.addEventListener("htmx:responseError", () => say("old", "NOT LIVE: it could not be made anew"));
  document.addEventListener("htmx:sendError", () => say("old", "NOT LIVE: the keeper does not answer"));
  document.addEventListener("htmx:afterSettle", () => {
    say("live", "live");
    drawAll();
  });

  // Times go on, also when nothing happens.
  const RENEW_SECONDS = 30;
  let renewed = Date.now();
  const news = () => {
    renewed = Date.now();
    renew();
  };
  const listen = () => {
    const source = new EventSource("/live");
    let heard = false;
    source.onopen = () => {
      say("live", "live");
      if (heard) news(); // what happened meanwhile
      heard = true;
    };
    source.onerror = () => say("old", "NOT LIVE: the keeper does not answer");
    source.addEventListener("news", news);
    source.addEventListener("out", () => location.assign("/sign-in"));
    addEventListener("pagehide", () => source.close());
  };
  setInterval(() => !document.hidden && Date.now() - renewed > RENEW_SECONDS * 1000 && news(), 5000);
  document.addEventListener("visibilitychange", () => !document.hidden && Date.now() - renewed > 5000 && news());

  // Charts. The same figures stand in a table beside each.
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = new WeakMap();
  const DAY_SECONDS = 86400;
  const utc = (seconds) => new Date(seconds * 1000).toISOString(); // as everywhere on the page
  const times = (_, all) => {
    const days = all.length > 1 && all.at(-1) - all[0] > 4 * DAY_SECONDS;
    return all.map((at) => (days || at % DAY_SECONDS === 0 ? utc(at).slice(5, 10) : utc(at).slice(11, 16)));
  };
  const draw = (place) => {
    if (!window.uPlot) return;
    drawn.get(place)?.destroy();
    const data = JSON.parse(place.dataset.chart);
    const axis = { stroke: style("--dim"), grid: { stroke: style("--line"), width: 1 }, ticks: { stroke: style("--line") } };
    const lines = data.names.map((label, number) => ({
      label,
      stroke: style(number ? "--dim" : "--link"),
      width: 2,
      dash: number ? [4, 4] : undefined,
      spanGaps: false,
      value: (_, seconds) => (seconds == null ? "-" : `${seconds.toPrecision(3)} s`),
    }));
    const size = { width: Math.max(260, place.clientWidth), height: 180 };
    const at = { label: "at", value: (_, seconds) => (seconds == null ? "-" : utc(seconds).slice(0, 16) + "Z") };
    const options = { ...size, series: [at, ...lines], axes: [{ ...axis, values: times }, { ...axis, size: 60, values: (_, all) => all.map((one) => `${one} s`) }] };
    options.tzDate = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");
    options.scales = { y: { range: (_, low, high) => [0, high || 1] } };
    drawn.set(place, new uPlot(options, [data.at, ...data.lines], place));
  };
  const drawAll = () => document.querySelectorAll(".chart").forEach((place) => drawn.has(place) || draw(place));
  const again = () => document.querySelectorAll(".chart").forEach(draw);
  addEventListener("resize", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  addEventListener("DOMContentLoaded", () => {
    drawAll();
    listen();
  });
})();
