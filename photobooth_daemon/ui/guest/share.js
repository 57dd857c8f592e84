// The page works without this file; with it, one tap shares the link.
const button = document.getElementById("share");
const said = document.getElementById("said");

async function share() {
  const { link, title, copied } = button.dataset;
  if (navigator.share) {
    try {
      await navigator.share({ title, url: link });
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
    return;
  }
  await navigator.clipboard.writeText(link);
  said.textContent = copied;
}

// Both ways exist only behind TLS (or on localhost): elsewhere the printed link has to do.
if (button && (navigator.share || navigator.clipboard)) {
  button.hidden = false;
  button.addEventListener("click", share);
}
