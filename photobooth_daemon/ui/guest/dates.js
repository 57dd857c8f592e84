// Dates are written in UTC; with this file each reader sees them by the clock on the wall.
const written = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "long",
  timeStyle: "short",
});

for (const time of document.querySelectorAll("time[data-local]")) {
  time.textContent = written.format(new Date(time.dateTime));
}
