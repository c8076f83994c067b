// The plots that few pages have, fetched when one does.
import { SankeyChart, ScatterChart, TreemapChart } from "echarts/charts";
import * as echarts from "echarts/core";

echarts.use([SankeyChart, ScatterChart, TreemapChart]);

export { rows as cohortRows } from "./views/cohort_heat.js";
export { cohortCurves } from "./views/cohort_curves.js";
export { backtest, backtestRows, calibration, calibrationRows } from "./views/evidence.js";
export { spread, spreadRows } from "./views/spread.js";
export { segmentFlow, segmentFlowRows } from "./views/segment_flow.js";
export { segmentHistory, segmentHistoryRows } from "./views/segment_history.js";
export { segmentMap, segmentMapRows } from "./views/segment_map.js";
