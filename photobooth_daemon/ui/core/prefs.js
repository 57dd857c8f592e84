// What one browser remembers about one reader: language, theme, single-key shortcuts.

const PREFIX = "photobooth.";

/** Returns the remembered value, or `fallback` where storage is empty or forbidden. */
export function remembered(name, fallback) {
  try {
    return localStorage.getItem(PREFIX + name) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Remembers a value; a browser that forbids storage forgets it with the page. */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    return;
  }
}

/** Puts a theme into force: "auto" follows the system. */
export function applyTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
