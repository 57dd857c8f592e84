// What the providers offer.

/** Finds an operation in the catalogue, or undefined. */
export function findOperation(catalogue, provider, operation) {
  return catalogue.find((one) => one.provider === provider)?.operations.find((one) => one.operation === operation);
}
