// Who moved from which segment to which between two days of the viewer's choice.
import { ask, newest } from "../answers.js";
import { chart, pointTip } from "../chart.js";
import { chosen, choose, daysBefore, isDay, onChoice } from "../choices.js";
import { asOf, asOfField, dayField, problem } from "../controls.js";
import { h } from "../dom.js";
import { NOT_YET, segmentColours } from "./segment_colours.js";

const PRESETS = [[30, "30 days"], [90, "90 days"], [365, "A year"]];
const STORED_DAYS = 90;
const LABEL_FROM = 700; // px, above which names stand beside both ends

const since = (tile) => {
  const end = asOf(tile.panel.as_of);
  return chosen("since", daysBefore(end, STORED_DAYS), (word) => isDay(word) && word < end);
};

export function segmentFlow(tile, page) {
  const box = h("div", { class: "xs-chart", role: "img" });
  const controls = h("div", { class: "xs-controls" });
  const said = h("div");
  const foot = h("p", { class: "xs-muted xs-foot" });
  tile.body.replaceChildren(controls, said, box, foot);
  let drawn = null;

  const flow = () => (tile.shown ?? tile.panel).flow;
  const option = (c, width) => {
    const { segments, matrix } = flow();
    const { format } = page;
    const keys = segments.map(({ key }) => key);
    const names = Object.fromEntries([...segments.map(({ key, name }) => [key, name]), [NOT_YET, "Not yet"]]);
    const colour = segmentColours(c, { ...tile.panel.tones, [NOT_YET]: "mid" }, [...keys, NOT_YET]);
    const rows = [...keys, NOT_YET];
    const links = rows.flatMap((from, i) => keys.map((to, k) => ({ source: `was ${from}`, target: `is ${to}`, value: matrix[i][k], from, to }))).filter(({ value }) => value > 0);
    const was = rows.map((key, i) => ({ key, side: "was", count: matrix[i].reduce((a, b) => a + b, 0) }));
    const is = keys.map((key, k) => ({ key, side: "is", count: matrix.reduce((sum, row) => sum + row[k], 0) }));
    const room = width > LABEL_FROM ? 128 : 8;
    const node = ({ key, side, count }) => ({ name: `${side} ${key}`, key, side, count, itemStyle: { color: colour[key] }, label: { position: width > LABEL_FROM ? (side === "was" ? "left" : "right") : (side === "was" ? "right" : "left") } });
    const total = (key) => was.find((one) => one.key === key).count;
    box.setAttribute("aria-label", `Moves between segments from ${format.date(flow().since)} to ${format.date(flow().as_of)}`);
    return {
      tooltip: pointTip(c, ({ dataType, data }) => dataType === "edge"
        ? [`${names[data.from]} → ${names[data.to]}`, [["Customers", format.count(data.value)], [`Of those who were ${names[data.from]}`, format.percent(data.value / (total(data.from) || 1))]]]
        : [names[data.key], [[data.side === "was" ? format.date(flow().since) : format.date(flow().as_of), format.count(data.count)]]]),
      series: [{
        type: "sankey", left: room, right: room, top: 6, bottom: 6, nodeWidth: 14, nodeGap: 7, layoutIterations: 0, draggable: false,
        nodes: [...was, ...is].filter(({ count }) => count > 0).map(node), links,
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 }, emphasis: { focus: "adjacency", lineStyle: { opacity: 0.6 } },
        label: { color: c.ink, fontSize: width > LABEL_FROM ? 12 : 10.5, fontFamily: "Inter, system-ui, sans-serif", formatter: ({ data }) => names[data.key] },
        itemStyle: { borderWidth: 0 },
      }],
    };
  };

  const show = () => {
    said.replaceChildren();
    const { matrix, segments } = flow();
    const stayed = segments.reduce((sum, _, i) => sum + matrix[i][i], 0);
    const known = matrix.slice(0, segments.length).flat().reduce((a, b) => a + b, 0);
    const fresh = matrix.at(-1).reduce((a, b) => a + b, 0);
    foot.textContent = known ? `Of ${page.format.count(known)} customers of the earlier day ${page.format.percent(stayed / known)} are where they were; ${page.format.count(fresh)} have come since.` : `All ${page.format.count(fresh)} customers have come since.`;
    if (drawn) drawn.redraw();
    else drawn = chart(box, option);
  };
  const latest = newest(tile, (flow) => {
    tile.shown = { ...tile.panel, flow };
    show();
  }, (error) => said.replaceChildren(problem(error)));

  const update = () => {
    const [start, end] = [since(tile), asOf(tile.panel.as_of)];
    const go = (day) => choose({ since: day === daysBefore(end, STORED_DAYS) ? null : day });
    controls.replaceChildren(
      h("div", { class: "xs-toggle", role: "group", "aria-label": "Earlier day" }, PRESETS.map(([days, text]) => h("button", { type: "button", "aria-pressed": String(start === daysBefore(end, days)), onclick: () => go(daysBefore(end, days)) }, text))),
      dayField("From", start, { max: daysBefore(end, 1) }, go), asOfField(tile.panel.as_of));
    const stored = tile.panel.flow;
    if (stored && stored.since === start && stored.as_of === end) {
      tile.shown = null;
      tile.body.removeAttribute("aria-busy");
      return show();
    }
    latest(ask(page, "rfm/migration", { since: start, as_of: end }));
  };
  update();
  const finish = onChoice(update);
  return { update, dispose: () => (finish(), drawn?.dispose()), values: () => ({ since: since(tile), as_of: asOf(tile.panel.as_of) }) };
}

export function segmentFlowRows({ flow }) {
  if (!flow) return { columns: [{ title: "Was" }], rows: [] };
  const names = [...flow.segments.map(({ name }) => name), "Not yet"];
  return {
    columns: [{ title: `On ${flow.since}` }, { title: `On ${flow.as_of}` }, { title: "Customers" }],
    rows: flow.matrix.flatMap((row, i) => row.map((count, k) => [names[i], names[k], { format: "count", value: count }])).filter(([, , { value }]) => value > 0),
  };
}
