// A segment's size day by day, and what its members had spent.
import { categories, chart, fade, grid, tooltip, values } from "../chart.js";
import { h } from "../dom.js";

export function segmentSize(tile, page) {
  const box = h("div", { class: "xs-chart", role: "img" });
  tile.body.replaceChildren(box);
  const option = (c) => {
    const { sizes } = tile.panel;
    const days = sizes.map(({ day }) => day);
    box.setAttribute("aria-label", sizes.length ? `From ${sizes[0].members} customers on ${days[0]} to ${sizes.at(-1).members} on ${days.at(-1)}` : "No sizes yet");
    return {
      grid: grid(),
      tooltip: tooltip(c, { type: "line", lineStyle: { color: c["line-strong"] } }, (i) => page.format.date(days[i]), (i) => [
        ["Customers", page.format.count(sizes[i].members), c.accent], ["Net sales", page.format.money(sizes[i].net_minor), c["accent-2"]]]),
      xAxis: categories(c, days.map(page.format.dateShort), { boundaryGap: sizes.length < 2 }),
      yAxis: values(c, page.format.countShort, { minInterval: 1 }),
      series: [{ type: "line", data: sizes.map(({ members }) => members), showSymbol: sizes.length < 20, symbolSize: 6, lineStyle: { width: 2, color: c.accent }, itemStyle: { color: c.accent }, areaStyle: { color: fade(c.accent, 0.1) } }],
    };
  };
  const drawn = chart(box, option);
  return { update: drawn.redraw, dispose: drawn.dispose };
}

export const segmentSizeRows = (panel) => ({
  columns: ["Day", "Customers", "Net sales"].map((title) => ({ title })),
  rows: panel.sizes.map(({ day, members, net_minor: net }) => [day, { format: "count", value: members }, { format: "money", value: net }]),
});
