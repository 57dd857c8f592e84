// The page works without this file, which reloads it whole; with it, only once there is news.
const LOOK_MS = 5000;

async function look() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    if (answer.status !== 202 && answer.status < 500) {
      location.reload();
      return;
    }
  } catch {
    // The network is away: what is there stays.
  }
  setTimeout(look, LOOK_MS);
}

setTimeout(look, LOOK_MS);
