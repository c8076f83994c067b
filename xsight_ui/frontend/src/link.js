// One line at the foot of the screen while the page cannot hear the server, or may not any more.
import { h, icon } from "./dom.js";

/** Where one logs in, to come back to this page. */
export const logIn = () => `/login?next=${encodeURIComponent(here())}`;

const SAYS = {
  lost: { tone: "warn", text: "The connection is lost. What you see stays readable; the page tries again by itself." },
  ended: { tone: "bad", text: "Your session has ended. What you see is as it was; log in again to go on.", link: "Log in" },
};
let line = null;

export function showLink(state) {
  line?.remove();
  line = null;
  const says = SAYS[state];
  if (!says) return;
  const link = says.link && h("a", { class: "xs-button xs-button-small", href: logIn() }, says.link);
  line = document.body.appendChild(h("div", { class: "xs xs-link", role: state === "ended" ? "alert" : "status", "data-link": state, "data-tone": says.tone }, icon("alert"), h("span", {}, says.text), link));
}

/** The page's lasting address: the one below the server's own name is the server's. */
function here() {
  const [, page] = location.pathname.match(/\/app\/([a-z0-9-]+)/) ?? [];
  return page ? `/app/${page}${location.search}` : "/app/overview";
}
