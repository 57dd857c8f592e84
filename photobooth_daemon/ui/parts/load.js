// Loading what a screen shows.

import { useCallback, useEffect, useRef, useState } from "../core/html.js";

/**
 * Loads by `fetcher(signal)` whenever `keys` change; returns `{data, problem, loading, reload, setData}`.
 *
 * While it loads anew the last data stays; an answer that comes too late is dropped.
 */
export function useLoad(fetcher, keys) {
  const [state, setState] = useState({ data: null, problem: null, loading: true });
  const current = useRef(null);
  const latest = useRef(fetcher);
  latest.current = fetcher;

  const reload = useCallback(async () => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    setState((before) => ({ ...before, loading: true }));
    try {
      const data = await latest.current(controller.signal);
      if (current.current === controller) setState({ data, problem: null, loading: false });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (!problem.code) throw problem;
      if (current.current === controller) setState((before) => ({ ...before, problem, loading: false }));
    }
  }, []);

  useEffect(() => {
    reload();
    return () => {
      current.current?.abort();
      current.current = null;
    };
  }, keys);

  const setData = useCallback((data) => setState((before) => ({ ...before, data })), []);
  return { ...state, reload, setData };
}
