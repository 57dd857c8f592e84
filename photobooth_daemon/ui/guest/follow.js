// Follows a gallery for as long as its page is open: by a stream, or where there is no place for
// another one, by asking for the list now and then. Whatever breaks is tried again, ever later.
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;
// A stream whose network is gone may look open for hours: the list tells.
const CHECK_MS = 30000;
const ANSWER_MS = 15000;
const CLOSED = [401, 404, 410];

class GalleryClosed extends Error {
  constructor(status) {
    super(`the gallery answers ${status}`);
    this.status = status;
  }
}

async function listed(gallery, limit, cursor) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (cursor) query.set("cursor", cursor);
  const answer = await fetch(`${gallery}/pictures?${query}`, {
    cache: "no-store",
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (CLOSED.includes(answer.status)) throw new GalleryClosed(answer.status);
  if (!answer.ok) throw new Error(`the list answers ${answer.status}`);
  return answer.json();
}

// `seen` has `all(isWhole)`, which reads the list anew, or its head, and returns whether there was
// something that the stream had not told; and `picture(item)`, `gone(jobId)`, `closed(status)`.
function follow(gallery, kind, seen) {
  let source = null;
  let timer = 0;
  let retryMs = FIRST_RETRY_MS;
  let ended = false;
  let away = false;

  // Returns whether the stream should be opened anew: it has missed something.
  async function catchUp(isWhole) {
    try {
      const missed = await seen.all(isWhole);
      const isBack = away;
      away = false;
      return missed || isBack;
    } catch (error) {
      if (error instanceof GalleryClosed) {
        ended = true;
        close();
        seen.closed(error.status);
      }
      // Else the network is gone, or the daemon restarts: what is there stays.
      away = true;
      return false;
    }
  }

  function close() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  function later() {
    if (ended) return;
    clearTimeout(timer);
    timer = setTimeout(open, retryMs);
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
  }

  function open() {
    if (ended) return;
    close();
    const opened = new EventSource(`${gallery}/live?for=${kind}`);
    source = opened;
    opened.addEventListener("open", () => {
      retryMs = FIRST_RETRY_MS;
      catchUp(true);
    });
    opened.addEventListener("picture", (event) => seen.picture(JSON.parse(event.data)));
    opened.addEventListener("gone", (event) => seen.gone(JSON.parse(event.data).job_id));
    opened.addEventListener("reset", () => catchUp(true));
    opened.addEventListener("error", async () => {
      // While it connects again by itself there is nothing to do; refused, it has ended for good.
      if (source !== opened || opened.readyState !== EventSource.CLOSED) return;
      await catchUp(false);
      later();
    });
  }

  async function check() {
    const hasMissed = !document.hidden && (await catchUp(false));
    if (ended) return;
    if (hasMissed && source && source.readyState === EventSource.OPEN) open();
    setTimeout(check, CHECK_MS);
  }

  open();
  setTimeout(check, CHECK_MS);
}
