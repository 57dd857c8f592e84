// Follows a gallery for as long as its page is open: by a stream, or where there is no place for
// another one, by asking for the list now and then. Whatever breaks is tried again, ever later.
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;
const POLL_MS = 15000;
const CLOSED = [401, 404, 410];

async function listed(gallery, limit, cursor) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (cursor) query.set("cursor", cursor);
  const answer = await fetch(`${gallery}/pictures?${query}`, { cache: "no-store" });
  if (CLOSED.includes(answer.status)) return null;
  if (!answer.ok) throw new Error(`the list answers ${answer.status}`);
  return answer.json();
}

// `seen` has `all()`, which reads the list anew and says whether the gallery is still open, and
// `picture(item)`, `gone(jobId)` and `closed()`.
function follow(gallery, kind, seen) {
  let source = null;
  let timer = 0;
  let retryMs = FIRST_RETRY_MS;

  async function catchUp() {
    try {
      if (await seen.all()) return true;
      stop();
      seen.closed();
    } catch {
      // The network, or a daemon that restarts: what is there stays.
      return true;
    }
    return false;
  }

  function stop() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(open, Math.max(retryMs, POLL_MS * (retryMs >= LONGEST_RETRY_MS ? 1 : 0)));
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
  }

  function open() {
    stop();
    source = new EventSource(`${gallery}/live?for=${kind}`);
    source.addEventListener("open", () => {
      retryMs = FIRST_RETRY_MS;
      catchUp();
    });
    source.addEventListener("picture", (event) => seen.picture(JSON.parse(event.data)));
    source.addEventListener("gone", (event) => seen.gone(JSON.parse(event.data).job_id));
    source.addEventListener("reset", catchUp);
    source.addEventListener("error", async () => {
      // While it connects by itself again there is nothing to do; refused, it has ended for good.
      if (source && source.readyState !== EventSource.CLOSED) return;
      if (await catchUp()) later();
    });
  }

  open();
}
