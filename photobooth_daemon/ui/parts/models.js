// The models that a vendor lists now, as suggestions for the parameter of that name.

import { get } from "../core/api.js";
import { useLoad } from "./load.js";

const PARAMETER = "model";

/** Returns `{model: […]}` for an operation that takes one; {} while the vendor has not answered. */
export function useModels(provider, operation) {
  const wanted = Boolean(operation?.schema.properties?.[PARAMETER]);
  const { data } = useLoad((signal) => (wanted ? get(`/api/providers/${provider}/models`, { signal }) : null), [provider, wanted]);
  return wanted && data?.length ? { [PARAMETER]: data } : {};
}
