// Line icons on a 20-pixel grid. They only decorate: the words stand beside them or in aria-label.

import { html } from "../core/html.js";

const PATHS = {
  board: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z",
  events: "M3 5h14v12H3zM3 9h14M7 3v4M13 3v4M7.500 13l1.8 1.800 3.5-3.500",
  dots: "M10 4.500v.1M10 10v.1M10 15.500v.1",
  eye: "M2 10c3-6.500 13-6.500 16 0-3 6.500-13 6.500-16 0M10 12.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  eye_off: "M3 3l14 14M8 5.600c4-.9 8 .6 10 4.400-.7 1.400-1.700 2.500-2.900 3.300M5.500 6.800C4 7.600 2.900 8.700 2 10c2.100 4.400 7 5.800 11 4.200",
  lock: "M5 9h10v8H5zM7 9V6.500a3 3 0 0 1 6 0V9",
  jobs: "M3 5h14M3 10h14M3 15h9",
  templates: "M10 3 3 6.5 10 10l7-3.5zM3 10l7 3.5 7-3.5M3 13.5 10 17l7-3.5",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  stats: "M4 17V9M10 17V3M16 17v-6",
  audit: "M10 3a7 7 0 1 1-6.3 4M3 3v4h4M10 6.5V10l2.5 2",
  health: "M2 10h4l2-5 4 10 2-5h4",
  account: "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M4 17c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5",
  people: "M7.5 9.500a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6M2.5 16c.4-2.7 2.300-4 5-4s4.600 1.300 5 4M13 4.200a2.6 2.6 0 0 1 0 5M14.5 12.300c1.700.5 2.700 1.700 3 3.700",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12M13.5 13.5 17 17",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M10 2v1.5M10 16.500V18M2 10h1.500M16.5 10H18M4.3 4.300l1.1 1.100M14.6 14.600l1.1 1.100M4.3 15.700l1.1-1.100M14.6 5.400l1.1-1.1",
  moon: "M16 12.500A6.5 6.5 0 0 1 7.5 4a6.5 6.5 0 1 0 8.5 8.5",
  contrast: "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14",
  menu: "M3 5.5h14M3 10h14M3 14.500h14",
  close: "M5 5l10 10M15 5 5 15",
  check: "M4 10.5 8 14.5 16 5.5",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M10 6v4l2.5 2",
  cross: "M5.5 5.500l9 9M14.5 5.500l-9 9",
  warning: "M10 3 18 17H2zM10 8v4M10 14.300v.2",
  copy: "M7 7h9v10H7zM13 7V3H4v10h3",
  external: "M8 4H4v12h12v-4M11 4h5v5M16 4l-7 7",
  upload: "M10 13V4M6 8l4-4 4 4M4 13v3h12v-3",
  download: "M10 4v9M6 9l4 4 4-4M4 13v3h12v-3",
  refresh: "M16.5 8A7 7 0 1 0 17 11M17 4v4h-4",
  plus: "M10 4v12M4 10h12",
  up: "M10 16V4M5 9l5-5 5 5",
  down: "M10 4v12M5 11l5 5 5-5",
  trash: "M4 6h12M8 6V4h4v2M6 6l.7 11h6.600L14 6",
  chevron: "M8 5l5 5-5 5",
  camera: "M3 6.500h3.500L8 4.500h4l1.5 2H17V16H3zM10 13.500a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4",
  picture: "M3 4h14v12H3zM3 13l4-4 3.5 3.500L13 10l4 4M13 7.500v.1",
  key: "M12.5 11a4 4 0 1 0-3.6-2.300L3 14.500V17h3v-2h2v-2h2l1-2.2",
  logout: "M8 4H4v12h4M12 6l4 4-4 4M16 10H8",
  help: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M8 8.200c0-2.7 4-2.7 4-.2 0 1.5-2 1.7-2 3.300M10 13.700v.1",
  play: "M6 4l10 6-10 6z",
  swap: "M4 7h12l-3-3M16 13H4l3 3",
  globe: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M3 10h14M10 3c3 3 3 11 0 14M10 3c-3 3-3 11 0 14",
};

export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}
