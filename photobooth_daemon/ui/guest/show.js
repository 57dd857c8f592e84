// A screen in the hall: each new picture at once, then older ones by chance, for a whole evening.
// What it holds is bounded: so many ids, so few pictures, two elements.
const OLD_MS = 7000;
const FRESH_MS = 2500;
const PAGE = 200;
const MOST_KNOWN = 2000;
const MOST_KEPT = 8;
const MOST_TRIES = 3;
const CLOSED_RETRY_MS = 30000;
const PICTURE_MS = 20000;
const FAILED_MS = 1000;

const stage = document.getElementById("stage");
const welcome = document.getElementById("welcome");
const wait = document.getElementById("wait");
const gallery = stage.dataset.gallery;
// Each picture's address and time, by its job, oldest first.
const known = new Map();
// Jobs whose pictures nobody has seen yet, and how often their loading failed.
const fresh = new Map();
// Pictures as object URLs, the one used last at the end: shown while the network is away.
const kept = new Map();
const slides = [document.createElement("img"), document.createElement("img")];
let front = 0;
let current = null;
let isFresh = false;
let shownAt = 0;
let timer = 0;
let pauseMs = 0;
let isBusy = false;
let hasBegun = false;

for (const slide of slides) {
  slide.alt = "";
  slide.className = "slide";
  stage.append(slide);
}

function learn(item) {
  if (known.has(item.job_id)) return false;
  known.set(item.job_id, { url: item.result_url, created: item.created_at });
  for (const jobId of known.keys()) {
    if (known.size <= MOST_KNOWN) break;
    forget(jobId);
  }
  return true;
}

function forget(jobId) {
  known.delete(jobId);
  fresh.delete(jobId);
  if (kept.has(jobId)) URL.revokeObjectURL(kept.get(jobId));
  kept.delete(jobId);
}

function picture(item) {
  if (!learn(item)) return;
  fresh.set(item.job_id, 0);
  soon();
}

function gone(jobId) {
  forget(jobId);
  if (jobId !== current) return;
  leave();
  soon();
}

// Reads the list, or only its head, puts in what is new and takes out what is gone.
async function all(isWhole) {
  const items = [];
  let cursor = null;
  do {
    const page = await listed(gallery, PAGE, cursor);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && (isWhole || !hasBegun) && items.length < MOST_KNOWN);
  const there = new Set(items.map((item) => item.job_id));
  const oldest = cursor ? items.at(-1).created_at : "";
  for (const [jobId, { created }] of [...known]) {
    if (created >= oldest && !there.has(jobId)) gone(jobId);
  }
  let missed = false;
  for (const item of items.reverse()) {
    if (!hasBegun) learn(item);
    else if (!known.has(item.job_id)) {
      missed = true;
      picture(item);
    }
  }
  hasBegun = true;
  wait.hidden = known.size > 0;
  if (!current) soon();
  return missed;
}

function chosen() {
  for (const jobId of fresh.keys()) return jobId;
  const others = [...known.keys()].filter((jobId) => jobId !== current);
  return others[Math.floor(Math.random() * others.length)];
}

async function load(jobId) {
  const held = kept.get(jobId);
  if (held) {
    kept.delete(jobId);
    kept.set(jobId, held);
    return held;
  }
  const answer = await fetch(known.get(jobId).url, { signal: AbortSignal.timeout(PICTURE_MS) });
  if (answer.status === 404 || answer.status === 410) {
    gone(jobId);
    return null;
  }
  if (!answer.ok) throw new Error(`the picture answers ${answer.status}`);
  const blob = await answer.blob();
  if (!known.has(jobId)) return null;
  const made = URL.createObjectURL(blob);
  kept.set(jobId, made);
  for (const other of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    URL.revokeObjectURL(kept.get(other));
    kept.delete(other);
  }
  return made;
}

async function put(jobId, address) {
  const slide = slides[1 - front];
  slide.src = address;
  await slide.decode();
  if (!known.has(jobId)) return;
  slide.alt = stage.dataset.alt;
  slide.classList.add("seen");
  slides[front].classList.remove("seen");
  slides[front].alt = "";
  front = 1 - front;
  current = jobId;
  shownAt = performance.now();
  welcome.hidden = true;
}

// Takes the picture off the screen at once: it is gone for everybody.
function leave() {
  current = null;
  isFresh = false;
  slides[front].classList.remove("seen");
  slides[front].removeAttribute("src");
  welcome.hidden = known.size > 0;
  wait.hidden = known.size > 0;
}

async function advance() {
  if (isBusy) return;
  isBusy = true;
  const jobId = chosen();
  try {
    if (jobId) {
      const wasFresh = fresh.has(jobId);
      const address = await load(jobId);
      if (address) {
        await put(jobId, address);
        isFresh = wasFresh;
      }
      fresh.delete(jobId);
    }
    pauseMs = 0;
  } catch {
    pauseMs = FAILED_MS;
    await failed(jobId);
  } finally {
    isBusy = false;
    soon();
  }
}

// The network is away, or the picture cannot be read: one that is here takes its turn.
async function failed(jobId) {
  const tries = (fresh.get(jobId) ?? MOST_TRIES) + 1;
  fresh.delete(jobId);
  if (tries < MOST_TRIES) setTimeout(() => known.has(jobId) && fresh.set(jobId, tries), OLD_MS);
  const others = [...kept.keys()].filter((other) => other !== current && other !== jobId);
  if (!others.length || performance.now() - shownAt < OLD_MS) return;
  const other = others[Math.floor(Math.random() * others.length)];
  try {
    await put(other, kept.get(other));
  } catch {
    forget(other);
  }
}

// The next turn: at once where a new picture waits, else after a look at this one.
function soon() {
  if (isBusy) return;
  clearTimeout(timer);
  if (known.size === 0) return;
  const least = fresh.size ? (isFresh ? FRESH_MS : 0) : OLD_MS;
  const restMs = current ? shownAt + least - performance.now() : 0;
  timer = setTimeout(advance, Math.max(restMs, pauseMs, 0));
}

function begin() {
  follow(gallery, "show", {
    all,
    picture,
    gone,
    closed(status) {
      if (status === 401) {
        location.reload();
        return;
      }
      for (const jobId of [...known.keys()]) gone(jobId);
      setTimeout(begin, CLOSED_RETRY_MS);
    },
  });
}

async function stayAwake() {
  if (document.visibilityState !== "visible" || !navigator.wakeLock) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // Refused, as on a low battery: the show goes on.
  }
}

document.addEventListener("visibilitychange", stayAwake);
document.addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
});
stayAwake();
begin();
