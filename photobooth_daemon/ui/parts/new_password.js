// New passwords: what the daemon takes, and good ones from the browser's own dice.

import { PASSWORD_BYTES } from "../core/bounds.js";
import { t } from "../core/i18n.js";

// No letters that are mistaken for others when read aloud or typed on a booth.
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 4;
const GROUP_LENGTH = 4;

/** Returns why a password is not taken, in words, or null. */
export function passwordFault(text) {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes < PASSWORD_BYTES.minimum) return t("password.short", { count: PASSWORD_BYTES.minimum });
  return bytes > PASSWORD_BYTES.maximum ? t("password.long", { count: PASSWORD_BYTES.maximum }) : null;
}

/** Returns a new password of 79 bits that can be read out over the phone. */
export function makePassword() {
  const letters = [];
  while (letters.length < GROUPS * GROUP_LENGTH) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < 256 - (256 % LETTERS.length)) letters.push(LETTERS[byte % LETTERS.length]);
  }
  return Array.from({ length: GROUPS }, (_, n) => letters.slice(n * GROUP_LENGTH, (n + 1) * GROUP_LENGTH).join("")).join("-");
}
