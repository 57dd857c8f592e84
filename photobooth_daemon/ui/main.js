// Starts the page: language and theme, the session, the screens by address.

import { html, render, useEffect, useState } from "./core/html.js";
import { onEventRunning } from "./core/api.js";
import { preferredLanguage, speak, t } from "./core/i18n.js";
import { startKeys } from "./core/keys.js";
import { startLive } from "./core/live.js";
import { applyTheme, remembered } from "./core/prefs.js";
import { startRouter } from "./core/router.js";
import { resume } from "./core/session.js";
import { app, useStore } from "./core/store.js";
import { Button, Empty, ProblemNotice, Waiting } from "./parts/basics.js";
import { DialogHost } from "./parts/dialog.js";
import { openHelp } from "./parts/help.js";
import { askForReason } from "./parts/override.js";
import { openSearch } from "./parts/search.js";
import { Shell } from "./parts/shell.js";
import { Toasts } from "./parts/toast.js";
import { BoardScreen } from "./screens/board.js";
import { ChoosePassword, LoginAgain, LoginScreen } from "./screens/login.js";

// The board comes with the page; every other screen when it is first opened.
const SCREENS = {
  slots: () => import("./screens/slot.js"),
  events: () => import("./screens/events.js"),
  event: () => import("./screens/event.js"),
  jobs: () => import("./screens/jobs.js"),
  job: () => import("./screens/job.js"),
  templates: () => import("./screens/templates.js"),
  stats: () => import("./screens/stats.js"),
  settings: () => import("./screens/settings.js"),
  audit: () => import("./screens/audit.js"),
  health: () => import("./screens/health.js"),
  account: () => import("./screens/account.js"),
  accounts: () => import("./screens/accounts.js"),
};

function screenName([first, second]) {
  if (first === "slots") return second ? "slots" : "board";
  if (first === "jobs" && second) return "job";
  if (first === "events" && second) return "event";
  return first ?? "board";
}

function Screen() {
  const route = useStore(app, (state) => state.route);
  const [loaded, setLoaded] = useState({});
  const name = screenName(route.parts);
  useEffect(() => {
    if (loaded[name] || !SCREENS[name]) return;
    SCREENS[name]().then(
      (module) => setLoaded((before) => ({ ...before, [name]: module.Screen })),
      () => setLoaded((before) => ({ ...before, [name]: Outdated })),
    );
  }, [name]);
  if (name === "board") return html`<${BoardScreen} />`;
  if (!SCREENS[name]) return html`<${NoScreen} />`;
  const Loaded = loaded[name];
  if (!Loaded) return html`<${Waiting} rows=${6} />`;
  return html`<${Loaded} key=${name + (route.parts[1] ?? "")} id=${route.parts[1]} query=${route.query} />`;
}

function NoScreen() {
  return html`<${Empty} icon="search" title=${t("nav.no_screen")} action=${html`<a class="button primary" href="#/">${t("screen.board")}</a>`}>${t("nav.no_screen_todo")}<//>`;
}

// A screen's module is gone when the daemon was upgraded under an open page.
function Outdated() {
  return html`<${Empty} icon="refresh" title=${t("nav.outdated")} action=${html`<${Button} kind="primary" onClick=${() => location.reload()}>${t("act.reload")}<//>`}>${t("nav.outdated_todo")}<//>`;
}

function Page() {
  const sessionState = useStore(app, (state) => state.sessionState);
  useStore(app, (state) => state.language);
  if (sessionState === "out") return html`<${LoginScreen} />`;
  if (sessionState === "new_password") return html`<${ChoosePassword} /><${Toasts} />`;
  return html`<${Shell} onSearch=${openSearch} onHelp=${openHelp}><${Screen} /><//>
    <${DialogHost} />
    ${sessionState === "expired" && html`<${LoginAgain} />`}
    <${Toasts} />`;
}

async function start() {
  const root = document.getElementById("app");
  applyTheme(remembered("theme", "auto"));
  await speak(preferredLanguage());
  onEventRunning(askForReason);
  startRouter();
  startKeys({ search: openSearch, help: openHelp });
  try {
    await resume();
  } catch (problem) {
    if (!problem.code) throw problem;
    render(html`<main class="login"><div class="login-card"><${ProblemNotice} problem=${problem} retry=${start} /></div></main>`, root);
    return;
  }
  render(html`<${Page} />`, root);
  if (app.get().sessionState === "in") startLive();
}

start();
