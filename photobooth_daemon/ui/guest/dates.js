// Dates are written in UTC; with this file each reader sees them by the clock on the wall.
const FORMS = {
  "": { dateStyle: "long", timeStyle: "short" },
  time: { timeStyle: "short" },
};

function localise(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const form = new Intl.DateTimeFormat(document.documentElement.lang, FORMS[time.dataset.local]);
    time.textContent = form.format(new Date(time.dateTime));
  }
}

localise(document);
