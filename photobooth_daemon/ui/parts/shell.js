// What stands around every screen: the way to the others, the state of the connection, the person.

import { html, useEffect, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { stopLive } from "../core/live.js";
import { link } from "../core/router.js";
import { logout, may } from "../core/session.js";
import { app, useStore } from "../core/store.js";
import { IconButton } from "./basics.js";
import { Icon } from "./icons.js";
import { toastProblem } from "./toast.js";

const SCREENS = [
  { path: "", icon: "board", permission: "slots:read" },
  { path: "events", icon: "events", permission: "events:read" },
  { path: "jobs", icon: "jobs", permission: "jobs:read" },
  { path: "templates", icon: "templates", permission: "slots:read" },
  { path: "stats", icon: "stats", permission: "stats:read" },
  { path: "settings", icon: "settings", permission: "settings:read" },
  { path: "audit", icon: "audit", permission: "audit:read" },
  { path: "accounts", icon: "people", permission: "admins:write" },
  { path: "health", icon: "health", permission: null },
  { path: "account", icon: "account", permission: null },
];

/** The screens this person may open. */
export function openScreens() {
  return SCREENS.filter(({ permission }) => !permission || may(permission));
}

function Connection() {
  const connection = useStore(app, (state) => state.connection);
  return html`<p class=${`connection ${connection}`} role="status"><span class="dot" aria-hidden="true"></span>${t(`connection.${connection}`)}</p>`;
}

async function leave() {
  try {
    await logout();
    stopLive();
  } catch (problem) {
    toastProblem(problem);
  }
}

export function Shell({ children, onSearch, onHelp }) {
  const route = useStore(app, (state) => state.route);
  const session = useStore(app, (state) => state.session);
  const health = useStore(app, (state) => state.health);
  const [open, setOpen] = useState(false);
  const here = route.parts[0] === "slots" ? "" : (route.parts[0] ?? "");
  useEffect(() => setOpen(false), [route]);
  const toContent = (event) => {
    event.preventDefault();
    document.querySelector("main h1")?.focus();
  };
  return html`<div class="shell">
    <a class="skip" href="#content" onClick=${toContent}>${t("nav.skip")}</a>
    <header class="bar">
      <${IconButton} icon=${open ? "close" : "menu"} label=${t(open ? "nav.close" : "nav.open")} aria-expanded=${String(open)} aria-controls="nav" onClick=${() => setOpen(!open)} />
      <a class="brand" href="#/"><img src="/ui/icon.svg" width="24" height="24" alt="" />${t("app.name")}</a>
      <${IconButton} icon="search" label=${t("nav.search")} onClick=${onSearch} />
    </header>
    <nav id="nav" class=${open ? "open" : ""} aria-label=${t("nav.label")} onKeyDown=${(event) => event.key === "Escape" && setOpen(false)}>
      <a class="brand" href="#/"><img src="/ui/icon.svg" width="26" height="26" alt="" />${t("app.name")}</a>
      <button type="button" class="search-button" onClick=${onSearch}><${Icon} name="search" /><span>${t("nav.search")}</span><kbd>/</kbd></button>
      <ul>${openScreens().map(({ path, icon }) => html`<li key=${path}><a href=${link(path)} aria-current=${here === path ? "page" : undefined}><${Icon} name=${icon} /><span>${t(`screen.${path || "board"}`)}</span>
        ${path === "health" && health && health.status !== "ok" && html`<span class=${`health-mark ${health.status}`} title=${t(`health.title.${health.status}`)}><${Icon} name="warning" /><span class="visually-hidden">${t(`health.short.${health.status}`)}</span></span>`}</a></li>`)}</ul>
      <div class="nav-foot">
        <${Connection} />
        <div class="person"><span>${session.username}</span>
          <${IconButton} icon="help" label=${t("nav.help")} onClick=${onHelp} />
          <${IconButton} icon="logout" label=${t("nav.logout")} onClick=${leave} />
        </div>
      </div>
    </nav>
    <main id="content">${children}</main>
  </div>`;
}
