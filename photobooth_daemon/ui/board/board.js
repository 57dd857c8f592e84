// The live board on a screen: reads the state when it is told of a change, and goes on by itself
// after any interruption, for as long as the evening lasts.

import { ago, language, t, timeOfDay } from "./texts.js";

const SETTLE_MS = 300; // a burst of photos makes one look
const LOOK_MS = 30_000; // times age even while nothing happens
const RETRY_MS = 3_000;
const CLOCK_MS = 5_000; // it shows minutes
const PATIENCE_MS = 15_000; // a network that swallows everything says nothing

const byId = (id) => document.getElementById(id);
const failures = new Map(); // slot: the failure that was last heard of
let state = null;
let settling = 0;
let stream = null;
let following = 0;
let isLost = false;
let awake = null;
let sound = null;

/** Makes an element; children are elements or text, never markup. */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// What is shown already stays on the screen without a flicker.
function picture({ preview_url: src }, className) {
  const shown = document.querySelector(`img.${className}[src="${src}"]`);
  return shown ?? element("img", { class: className, src, alt: "", decoding: "async" });
}

function words(slot) {
  if (slot.failure) return t(`reason.${slot.failure}`) ?? t("failed");
  if (slot.in_work) return t("working", { count: slot.in_work });
  return slot.pictures.length ? ago(slot.pictures[0].created_at) : t("waiting");
}

// The one thing to do about it, for whoever stands before the screen.
const step = (slot) => slot.failure ? t(`step.${slot.failure}`) ?? t("step_else") : null;

const numberOf = (slot) => String(Number(slot.slot_id.split("-")[1]));

// One that nobody has named is called by its number in the screen's language.
function nameOf(slot) {
  const number = numberOf(slot);
  return slot.display_name === `Slot ${number}` ? t("unnamed", { number }) : slot.display_name;
}

function liveSlot(slot) {
  const [newest, ...older] = slot.pictures;
  return element("li", { class: slot.failure ? "slot trouble" : "slot" },
    element("h2", {}, element("span", { class: "number" }, numberOf(slot)), nameOf(slot)),
    newest ? picture(newest, "newest") : element("div", { class: "newest none" }),
    element("p", { class: "words" }, words(slot)),
    step(slot) && element("p", { class: "step" }, step(slot)),
    element("div", { class: "older" }, ...older.slice(0, 12).map((found) => picture(found, "small"))));
}

function show() {
  byId("label").textContent = state.label;
  byId("events").textContent = state.events
    .map((event) => `${event.name}, ${t("until", { time: timeOfDay(new Date(event.ends_at)) })}`).join(" · ");
  const on = state.slots.filter((slot) => slot.enabled);
  const rest = state.slots.filter((slot) => !slot.enabled);
  byId("live").replaceChildren(...on.map(liveSlot));
  byId("rest").replaceChildren(...rest.map((slot) => element("li", {}, `${nameOf(slot)} — ${t("off")}`)));
  say(on.length ? "" : t("empty"));
}

function say(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

function listenForFailures() {
  for (const slot of state.slots) {
    if (slot.failure && !failures.get(slot.slot_id)) beep();
    failures.set(slot.slot_id, slot.failure);
  }
}

async function look() {
  try {
    const answer = await fetch("/board/state", { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status === 404) {
      byId("live").replaceChildren();
      say(t("gone"));
      return;
    }
    if (!answer.ok) throw new TypeError(`status ${answer.status}`);
    state = await answer.json();
    byId("connection").textContent = "";
    // The stream may not know that it was cut.
    if (isLost) follow();
    isLost = false;
    show();
    listenForFailures();
  } catch (error) {
    if (!(error instanceof TypeError) && error.name !== "TimeoutError") throw error;
    isLost = true;
    byId("connection").textContent = t("lost");
    lookSoon(RETRY_MS);
  }
}

function lookSoon(delay = SETTLE_MS) {
  clearTimeout(settling);
  settling = setTimeout(look, delay);
}

function follow() {
  clearTimeout(following);
  stream?.close();
  stream = new EventSource("/board/live");
  stream.addEventListener("open", () => lookSoon());
  stream.addEventListener("changed", () => lookSoon());
  stream.addEventListener("error", ({ target }) => {
    // A browser gives up on a refusal; the daemon may only be starting.
    if (target !== stream || stream.readyState !== EventSource.CLOSED) return;
    clearTimeout(following);
    following = setTimeout(follow, RETRY_MS);
    lookSoon(RETRY_MS);
  });
}

function beep() {
  if (!sound) return;
  const tone = sound.createOscillator();
  const volume = sound.createGain();
  volume.gain.setValueAtTime(0.2, sound.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + 0.6);
  tone.connect(volume).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.6);
}

function showSound() {
  byId("sound").textContent = t(sound ? "sound_on" : "sound_off");
  byId("sound").setAttribute("aria-pressed", String(Boolean(sound)));
}

// Browsers let a page make sounds only after a hand has touched it.
byId("sound").addEventListener("click", () => {
  if (sound) sound.close();
  sound = sound ? null : new AudioContext();
  showSound();
  beep();
});

async function stayAwake() {
  if (!("wakeLock" in navigator) || document.visibilityState !== "visible" || awake?.released === false) return;
  try {
    awake = await navigator.wakeLock.request("screen");
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // a battery that is nearly empty
  }
}

function tick() {
  byId("clock").textContent = timeOfDay(new Date());
}

document.documentElement.lang = language;
document.addEventListener("visibilitychange", stayAwake);
showSound();
tick();
setInterval(tick, CLOCK_MS);
setInterval(() => {
  lookSoon();
  stayAwake(); // what took it away may be over: the battery is being charged
}, LOOK_MS);
stayAwake();
look();
follow();
