// The eleven segments as areas: by customers or by what they brought in; from any day.
import { ask, newest } from "../answers.js";
import { chart, pointTip } from "../chart.js";
import { chosen, choose, onChoice, pageLink } from "../choices.js";
import { asOf, asOfField, problem } from "../controls.js";
import { h } from "../dom.js";
import { toggle } from "../toggle.js";

const SIZES = [["customers", "Customers"], ["revenue_minor", "Net sales"]];

const DARK = "#0f1728"; // on the middle tones of both themes

const measure = () => chosen("size", "customers", SIZES.map(([key]) => key));

export function segmentMap(tile, page) {
  const box = h("div", { class: "xs-chart", role: "img" });
  const controls = h("div", { class: "xs-controls" });
  const said = h("div");
  tile.body.replaceChildren(controls, said, box);

  const items = () => (tile.shown ?? tile.panel).items;
  const option = (c) => {
    const size = measure();
    const { format } = page;
    const all = items();
    const whole = all.reduce((sum, item) => sum + Math.max(0, item[size]), 0);
    const show = size === "customers" ? format.count : format.moneyShort;
    box.setAttribute("aria-label", `Segments by ${size === "customers" ? "customers" : "net sales"}: ${all.map((item) => `${item.name} ${show(item[size])}`).join(", ")}`);
    return {
      tooltip: pointTip(c, ({ data }) => [data.item.name, [["Customers", format.count(data.item.customers)], ["Net sales", format.moneyShort(data.item.revenue_minor)], ["Share", format.percent(whole ? Math.max(0, data.item[size]) / whole : 0)]]]),
      series: [{
        type: "treemap", roam: false, nodeClick: false, breadcrumb: { show: false }, left: 0, right: 0, top: 0, bottom: 0, sort: "desc",
        itemStyle: { borderColor: c.card, borderWidth: 0, gapWidth: 4 }, emphasis: { disabled: true },
        label: {
          fontSize: 12.5, lineHeight: 17, padding: [6, 8], overflow: "truncate", ellipsis: "…", position: "insideTopLeft",
          rich: { b: { fontWeight: 640, fontSize: 13, lineHeight: 18 }, s: { fontSize: 12, lineHeight: 17 } },
          formatter: ({ data }) => `{b|${data.item.name}}\n{s|${show(data.item[size])} · ${format.percent(whole ? Math.max(0, data.item[size]) / whole : 0)}}`,
        },
        data: all.filter((item) => item[size] > 0).map((item) => ({
          name: item.name, value: item[size], item,
          itemStyle: { color: c[`tone-${item.tone}`], borderRadius: 8 },
          label: { color: { best: c["on-accent"], low: c.ink }[item.tone] ?? DARK, show: item[size] / (whole || 1) > 0.012 },
        })),
      }],
    };
  };
  const drawn = chart(box, option, { onclick: ({ data }) => {
    const link = pageLink("customers", { segment: data.item.key });
    if (link) location.assign(link);
  } });

  const latest = newest(tile, (result) => {
    const tones = Object.fromEntries(tile.panel.items.map(({ key, tone }) => [key, tone]));
    tile.shown = { ...tile.panel, items: result.segments.map((segment) => ({ ...segment, tone: tones[segment.key] ?? "mid" })) };
    said.replaceChildren();
    drawn.redraw();
  }, (error) => said.replaceChildren(problem(error)));

  const update = () => {
    const day = asOf(tile.panel.as_of);
    controls.replaceChildren(toggle("Size", SIZES, measure(), (size) => choose({ size: size === "customers" ? null : size })), asOfField(tile.panel.as_of));
    if (day !== tile.panel.as_of) return void latest(ask(page, "rfm", { as_of: day }));
    tile.shown = null;
    said.replaceChildren();
    tile.body.removeAttribute("aria-busy");
    drawn.redraw();
  };
  update();
  const end = onChoice(update);
  return { update, dispose: () => (end(), drawn.dispose()), values: () => ({ as_of: asOf(tile.panel.as_of) }) };
}

export const segmentMapRows = (panel) => ({
  columns: ["Segment", "Customers", "Net sales", "Suggested action"].map((title) => ({ title })),
  rows: panel.items.map((item) => [item.name, { format: "count", value: item.customers }, { format: "money", value: item.revenue_minor }, item.action]),
});

