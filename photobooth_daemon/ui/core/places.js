// Where in the slot's form a JSON pointer is.

const FIXED = {
  "/provider": "provider",
  "/operation": "operation",
  "/display_name": "display_name",
  "/params": "recipe",
};

/** Returns the id of the element that shows what `pointer` names; of its panel where it has none of its own. */
export function placeOf(pointer) {
  if (FIXED[pointer]) return FIXED[pointer];
  const [, key, ...rest] = pointer.split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (key === "params") return `params-${rest[0]}`;
  if (key === "template_media") return "bindings";
  if (key === "guest_fields") return "guest-fields";
  if (key !== "fallback") return "answer";
  const [n, part, name] = rest;
  if (n === undefined) return "ladder";
  return part === "params" && name ? `rung-${n}-${name}` : part ? `rung-${n}-${part}` : "ladder";
}

/** Returns how `labelOf` of a difference calls the place: "params.model", "template_media". */
export function pathOf(pointer) {
  const [, key, part] = pointer.split("/");
  return key === "params" && part ? `params.${part}` : key;
}

/** Scrolls to an element and puts the focus into it. */
export function goTo(id) {
  const element = document.getElementById(id);
  if (!element) return;
  element.scrollIntoView({ block: "center" });
  const control = "input:not([hidden]), select, textarea, button";
  (element.matches(control) ? element : element.querySelector(control))?.focus({ preventScroll: true });
}
