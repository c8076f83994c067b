// One order over the page: its lines, discounts and refunds. Which one stands in the address.
import { setParameters } from "./address.js";
import { customer, status } from "./cells.js";
import { h, icon } from "./dom.js";
import { nameCustomers, ownStore } from "./names.js";
import { get } from "./session.js";
import { stateBox, failure } from "./states.js";

let open = null;

/** Shows the order of that number; null takes it away. */
export async function showOrder(id, page) {
  open?.close();
  if (!id) return;
  const body = h("div", { class: "xs-order-body" }, h("div", { class: "xs-skeleton" }));
  const title = h("h2", { id: "xs-order-title" }, "Order");
  const dialog = h("dialog", { class: "xs-dialog xs-order-dialog", "aria-labelledby": title.id, "data-panel": "order" },
    h("header", {}, title, h("button", { type: "button", class: "xs-icon-button", "aria-label": "Close", onclick: () => leave() }, icon("close"))), body);
  const leave = () => setParameters({ order: null });
  dialog.addEventListener("cancel", (event) => (event.preventDefault(), leave()));
  dialog.addEventListener("click", (event) => event.target === dialog && leave());
  open = { close: () => (dialog.close(), dialog.remove(), (open = null)) };
  document.querySelector(".xs-shell").append(dialog);
  dialog.showModal();
  const answer = (await ownStore()) ? await get(`/api/v1/orders/${id}`) : { ok: false, body: { detail: "Your session is over. Log in again." } };
  if (!answer.ok) return void body.replaceChildren(stateBox(failure(answer.body?.detail ?? "The order could not be read.")));
  const { order } = answer.body;
  if (order.customer_id) await nameCustomers(page, [order.customer_id]);
  title.textContent = `Order ${order.name ?? order.id}`;
  body.replaceChildren(...parts(answer.body, page));
}

function parts({ order, email, lines, discounts, refunds }, page) {
  const { format } = page;
  const sum = (label, value, note = null) => h("div", {}, h("dt", {}, label, note && h("small", { class: "xs-muted" }, ` ${note}`)), h("dd", { class: "xs-number" }, format.amount(value)));
  const less = (text) => (Number(text) ? `-${text}` : text);
  return [
    h("p", { class: "xs-order-head" }, h("span", { class: "xs-muted" }, format.time(order.processed_at)), status(order.financial_status), status(order.fulfillment_status), order.cancelled_at && status("CANCELLED"), order.test && status("TEST")),
    h("p", { class: "xs-order-head" }, order.customer_id ? customer(order.customer_id, page.names?.get(order.customer_id)?.name) : "A guest", email && h("span", { class: "xs-muted" }, email)),
    h("div", { class: "xs-order-lines", tabindex: "0", role: "region", "aria-label": "Lines" }, h("table", { class: "xs-plain" },
      h("thead", {}, h("tr", {}, ["Item", "Quantity", "Price", "Discount", "Net"].map((name, i) => h("th", { scope: "col", class: i ? "xs-number" : null }, name)))),
      h("tbody", {}, lines.map((line) => h("tr", {},
        h("td", {}, line.title ?? "–", h("small", { class: "xs-muted" }, [line.variant_title, line.sku].filter(Boolean).map((text) => ` ${text}`))),
        h("td", { class: "xs-number" }, format.count(line.quantity), line.current_quantity !== line.quantity && h("small", { class: "xs-muted" }, ` ${format.count(line.current_quantity)} kept`)),
        ...[line.unit_price, less(line.discounts), line.net].map((text) => h("td", { class: "xs-number" }, format.amount(text)))))))),
    h("dl", { class: "xs-order-sums" },
      sum("Gross sales", order.gross), sum("Discounts", less(order.discounts), discounts.map(({ code, title }) => code ?? title).filter(Boolean).join(", ")),
      sum("Shipping", order.shipping), sum("Tax", order.tax), sum("Total", order.total),
      ...refunds.map((refund) => sum("Refunded", less(refund.total), format.time(refund.created_at)))),
  ];
}
