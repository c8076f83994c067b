// Everything of the Settings page, fetched together when it is opened.
export { alert, alerts } from "./views/settings/alerts.js";
export { audit } from "./views/settings/audit.js";
export { branding } from "./views/settings/branding.js";
export { connection, rules } from "./views/settings/store.js";
export { invite, members } from "./views/settings/members.js";
export { ask, requests } from "./views/settings/privacy.js";
export { report, reports } from "./views/settings/reports.js";
export { newToken, tokens } from "./views/settings/tokens.js";
export { sessions, you } from "./views/settings/you.js";
