// The gallery works without this file; with it, new pictures appear and removed ones go by
// themselves, and one tap shares a picture.
const list = document.getElementById("tiles");
const empty = document.getElementById("empty");
const blank = document.getElementById("tile");
const said = document.getElementById("said");
const SHOWN = 60;
const PREVIEW_EDGE_PX = 512;

function find(jobId) {
  return list.querySelector(`[data-job="${CSS.escape(jobId)}"]`);
}

function made(item) {
  const tile = blank.content.firstElementChild.cloneNode(true);
  tile.dataset.job = item.job_id;
  tile.dataset.created = item.created_at;
  tile.querySelector(".look").href = `/r/${item.job_id}`;
  tile.querySelector(".get").href = `${item.result_url}?download=1`;
  const image = tile.querySelector("img");
  const scale = Math.min(1, PREVIEW_EDGE_PX / Math.max(item.width, item.height, 1));
  image.width = Math.round(item.width * scale);
  image.height = Math.round(item.height * scale);
  image.src = item.preview_url;
  tile.querySelector("time").dateTime = item.created_at;
  finish(tile);
  return tile;
}

// What a tile has once a script runs: the reader's own time, and a button.
function finish(tile) {
  localise(tile);
  const alt = blank.content.querySelector("img").alt;
  tile.querySelector("img").alt = `${alt}, ${tile.querySelector("time").textContent}`;
  offerSharing(tile);
}

function show(item) {
  if (find(item.job_id)) return false;
  const tile = made(item);
  const next = [...list.children].find((other) => other.dataset.created < item.created_at);
  list.insertBefore(tile, next || null);
  empty.hidden = true;
  return true;
}

function drop(jobId) {
  const tile = find(jobId);
  if (!tile) return;
  tile.remove();
  empty.hidden = list.children.length > 0;
}

// Puts in what is new and takes out what is gone, as far down as one answer reaches.
async function all() {
  const page = await listed(list.dataset.gallery, SHOWN, null);
  const known = new Set(page.items.map((item) => item.job_id));
  const oldest = page.next_cursor ? page.items.at(-1).created_at : "";
  for (const tile of [...list.children]) {
    if (tile.dataset.created >= oldest && !known.has(tile.dataset.job)) drop(tile.dataset.job);
  }
  return page.items.map(show).includes(true);
}

async function share(tile) {
  const link = new URL(tile.querySelector(".look").href).href;
  if (navigator.share) {
    try {
      await navigator.share({ title: said.dataset.title, url: link });
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
    return;
  }
  await navigator.clipboard.writeText(link);
  said.textContent = said.dataset.copied;
}

// Both ways exist only behind TLS (or on localhost).
function offerSharing(root) {
  if (!navigator.share && !navigator.clipboard) return;
  for (const button of root.querySelectorAll(".share")) button.hidden = false;
}

for (const tile of list.children) finish(tile);
list.addEventListener("click", (event) => {
  if (event.target.closest(".share")) share(event.target.closest(".tile"));
});
if (list.dataset.gallery) {
  follow(list.dataset.gallery, "page", {
    all,
    picture: show,
    gone: drop,
    closed: () => location.reload(),
  });
}
