// The page's address: its parameters are what is chosen (choices.js); other pages have theirs beside it.

export { choose as setParameters, current as parameters, onChoice as onParameters } from "./choices.js";

/** Address of another page of the dashboard; null where there is none, as in a notebook. */
export const pageAddress = (page, values = {}) => {
  const folder = document.body.dataset.pages;
  const text = new URLSearchParams(values).toString();
  return folder ? `${folder}${page}${text && `?${text}`}` : null;
};
