// What an account may do, and the sets of it that people are usually given.

import { ACCOUNT } from "./bounds.js";

export const PERMISSIONS = ACCOUNT.permissions.items.enum;
export const ROLES = {
  administrator: PERMISSIONS,
  viewer: ["slots:read", "jobs:read", "stats:read"],
  host: ["events:read", "events:write", "jobs:read", "jobs:write", "slots:read"],
};

/** The role that these permissions are, or "custom". */
export function roleOf(permissions) {
  const sorted = [...permissions].sort().join();
  return Object.keys(ROLES).find((role) => [...ROLES[role]].sort().join() === sorted) ?? "custom";
}
