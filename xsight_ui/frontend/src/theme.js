// Light or dark: one attribute on <html>, set before the first paint by the shell, or here in JupyterLab.

const root = document.documentElement;
const listeners = new Set();
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try {
    return localStorage.getItem("xsight-theme");
  } catch {
    return null; // storage may be forbidden
  }
}

function wanted() {
  const lab = document.body?.dataset.jpThemeLight;
  if (lab) return lab === "false" ? "dark" : "light";
  return chosen() ?? (systemDark.matches ? "dark" : "light");
}

export const theme = {
  get current() {
    return root.dataset.theme;
  },
  apply() {
    if (root.dataset.theme === wanted()) return;
    root.dataset.theme = wanted();
    for (const listener of listeners) listener();
  },
  toggle() {
    try {
      localStorage.setItem("xsight-theme", theme.current === "dark" ? "light" : "dark");
    } catch {
      // then it lasts as long as the page
    }
    root.dataset.theme = theme.current === "dark" ? "light" : "dark";
    for (const listener of listeners) listener();
  },
  onChange(listener) {
    listeners.add(listener);
  },
};

theme.apply();
systemDark.addEventListener("change", theme.apply);
if (document.body && !document.body.dataset.tenant) {
  new MutationObserver(theme.apply).observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
}
