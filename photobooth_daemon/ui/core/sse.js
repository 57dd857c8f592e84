// Server-sent events over fetch, because EventSource can neither send Last-Event-ID after a refused
// reconnection nor say that the session is over.

const SILENCE_MS = 40_000; // the daemon sends a comment every 15 s
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;

/** Splits a stream of text into events; feed it pieces cut anywhere. */
export function eventParser(onEvent) {
  let rest = "";
  let event = { type: "message", data: [], id: null };
  const take = (line) => {
    if (line === "") {
      if (event.data.length || event.type !== "message") {
        onEvent({ type: event.type, id: event.id, data: event.data.join("\n") });
      }
      event = { type: "message", data: [], id: null };
      return;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") event.type = value;
    else if (field === "data") event.data.push(value);
    else if (field === "id") event.id = value;
  };
  return (text) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop();
    lines.forEach(take);
  };
}

/**
 * Keeps a stream open until `close()`: reconnects by itself, resuming after the last event seen.
 *
 * `onState` hears "live", "lost" and "expired" (the session is over: nothing more is tried).
 */
export function openStream(url, { onEvent, onState }) {
  let lastId = "";
  let failures = 0;
  let controller = null;
  let retry = 0;
  let watchdog = 0;
  let closed = false;

  const heard = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => controller?.abort(), SILENCE_MS);
  };

  async function read(answer) {
    const decoder = new TextDecoder();
    const feed = eventParser((event) => {
      if (event.id !== null) lastId = event.id;
      onEvent(event);
    });
    const reader = answer.body.getReader();
    for (;;) {
      heard();
      const { done, value } = await reader.read();
      if (done) return;
      feed(decoder.decode(value, { stream: true }));
    }
  }

  async function connect() {
    clearTimeout(retry);
    retry = 0;
    controller = new AbortController();
    heard();
    try {
      const answer = await fetch(url, {
        headers: { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) },
        credentials: "same-origin",
        cache: "no-store",
        signal: controller.signal,
      });
      if (answer.status === 401 || answer.status === 403) {
        closed = true;
        onState(answer.status === 401 ? "expired" : "lost");
        return;
      }
      if (answer.ok) {
        failures = 0;
        onState("live");
        await read(answer);
      }
    } catch (error) {
      if (!(error instanceof TypeError) && error.name !== "AbortError") throw error;
    } finally {
      clearTimeout(watchdog);
      if (!closed) again();
    }
  }

  function again() {
    onState("lost");
    const delay = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS);
    failures += 1;
    retry = setTimeout(connect, delay * (0.75 + Math.random() / 2));
  }

  // The browser knows sooner than a silence tells that the network is gone, or back.
  const goneOffline = () => controller?.abort();
  const backOnline = () => {
    failures = 0;
    if (retry) connect();
  };
  addEventListener("offline", goneOffline);
  addEventListener("online", backOnline);

  connect();
  return {
    close() {
      closed = true;
      removeEventListener("offline", goneOffline);
      removeEventListener("online", backOnline);
      clearTimeout(retry);
      clearTimeout(watchdog);
      controller?.abort();
    },
  };
}
