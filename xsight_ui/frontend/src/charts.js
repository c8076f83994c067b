// Everything that needs ECharts, fetched together when a page has the first such panel.
export { churn, churnRows } from "./views/churn.js";
export { segmentSize, segmentSizeRows } from "./views/segment_size.js";
export { stack, stackRows, trend, trendRows } from "./views/period_charts.js";
