// What a forecast was worth on the store's own past, in a sentence.
import { h } from "../dom.js";

export const proof = ({ proof: said }) => said ? [h("p", { class: "xs-foot xs-proof", "data-tone": said.tone }, said.text)] : [];
