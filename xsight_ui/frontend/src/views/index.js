// Which module shows which kind of panel. Light ones come with the kit; charts and tables are fetched when a page has one.
import { skeleton } from "../states.js";
import * as atRisk from "./at_risk.js";
import * as cohortHeat from "./cohort_heat.js";
import * as cohortParts from "./cohort_parts.js";
import * as cohorts from "./cohorts.js";
import * as completeness from "./completeness.js";
import * as facts from "./facts.js";
import * as kpis from "./kpis.js";
import * as lifetimeValue from "./lifetime_value.js";
import * as metafields from "./metafields.js";
import * as productPairs from "./product_pairs.js";
import * as products from "./products.js";
import * as published from "./published.js";
import * as quarantine from "./quarantine.js";
import * as rfmGrid from "./rfm_grid.js";
import * as segmentWhy from "./segment_why.js";
import * as segmentLibrary from "./segment_library.js";
import * as segmentList from "./segment_list.js";
import * as segments from "./segments.js";
import * as shopifyGroups from "./shopify_groups.js";
import * as syncRuns from "./sync_runs.js";
import * as syncStatus from "./sync_status.js";
import * as trust from "./trust.js";

const charts = () => import("../charts.js");
const plots = () => import("../plots.js");
const people = () => import("../person.js");
const table = () => import("../table.js");
const settings = () => import("../settings.js");
const room = () => import("../segments/room.js");

const here = ({ mount, rows }) => ({ mount, rows: async () => rows });
const nothing = () => ({ columns: [], rows: [] });
const form = (mount) => ({ load: settings, mount: async (tile, page) => (await settings())[mount](tile, page), rows: async () => nothing });
const later = (load, mount, rows) => ({ load, mount: async (tile, page) => (await load())[mount](tile, page), rows: async () => (await load())[rows] });

/** kind → { mount(tile, page), rows() → (panel, page) => { columns, rows } }; `load` only where code is fetched. */
export const views = {
  loading: here({ mount: (tile) => (tile.body.replaceChildren(skeleton()), { update() {} }), rows: () => ({ columns: [], rows: [] }) }),
  kpis: here(kpis),
  segments: here(segments),
  segment_list: here(segmentList),
  segment_library: here(segmentLibrary),
  segment_rule: later(room, "rule", "ruleRows"),
  segment_members: later(room, "members", "membersRows"),
  segment_moves: later(room, "moves", "movesRows"),
  segment_overlap: later(room, "overlap", "overlapRows"),
  segment_acts: later(room, "acts", "actsRows"),
  segment_lift: later(room, "lift", "liftRows"),
  segment_size: later(charts, "segmentSize", "segmentSizeRows"),
  products: here(products),
  product_pairs: here(productPairs),
  rfm_grid: here(rfmGrid),
  cohorts: here(cohorts),
  lifetime_value: here(lifetimeValue),
  published: here(published),
  sync_status: here(syncStatus),
  completeness: here(completeness),
  sync_runs: here(syncRuns),
  quarantine: here(quarantine),
  metafields: here(metafields),
  cohort_heat: here(cohortHeat),
  cohort_parts: here(cohortParts),
  cohort_curves: later(plots, "cohortCurves", "cohortRows"),
  at_risk: here(atRisk),
  limits: here(trust.limits),
  model_card: here(trust.modelCard),
  spread: later(plots, "spread", "spreadRows"),
  calibration: later(plots, "calibration", "calibrationRows"),
  backtest: later(plots, "backtest", "backtestRows"),
  segment_why: here(segmentWhy),
  shopify_groups: here(shopifyGroups),
  segment_map: later(plots, "segmentMap", "segmentMapRows"),
  segment_flow: later(plots, "segmentFlow", "segmentFlowRows"),
  segment_history: later(plots, "segmentHistory", "segmentHistoryRows"),
  trend: later(charts, "trend", "trendRows"),
  stack: later(charts, "stack", "stackRows"),
  churn: later(charts, "churn", "churnRows"),
  table: later(table, "mount", "rows"),
  facts: here(facts),
  person: later(people, "person", "personRows"),
  scores: later(people, "scores", "scoreRows"),
  memberships: later(people, "memberships", "membershipRows"),
  timeline: later(people, "timeline", "timelineRows"),
  list: later(table, "list", "listRows"),
  settings_connection: form("connection"),
  settings_rules: form("rules"),
  settings_members: form("members"),
  settings_invite: form("invite"),
  settings_tokens: form("tokens"),
  settings_new_token: form("newToken"),
  settings_alerts: form("alerts"),
  settings_alert: form("alert"),
  settings_reports: form("reports"),
  settings_report: form("report"),
  settings_branding: form("branding"),
  settings_audit: form("audit"),
  settings_requests: form("requests"),
  settings_ask: form("ask"),
  settings_sessions: form("sessions"),
  settings_you: form("you"),
};
