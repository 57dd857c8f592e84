// What a camera has to be given: which of this machine's addresses others can reach.

export const HERE_ONLY = ["localhost", "127.0.0.1", "[::1]", "::1"];

/** Tells whether an address leads nowhere from another machine. */
export const isHereOnly = (url) => HERE_ONLY.includes(new URL(url).hostname);

/**
 * Returns `{bases, chosen, reachable}`: what a slot's address may begin with, best first to choose.
 *
 * A public address is the only one. On localhost the machine's own addresses are offered, as far as
 * something listens there; a number is sure to be found, a name is not everywhere.
 */
export function basesOf(link, own) {
  const here = new URL(link).origin;
  if (!isHereOnly(link)) return { bases: [here], chosen: here, reachable: true };
  const open = own.filter((one) => one.is_open);
  const bases = [...open.map(({ url }) => url), here];
  return { bases, chosen: (open.find((one) => !one.is_name) ?? open[0])?.url ?? here, reachable: open.length > 0 };
}
