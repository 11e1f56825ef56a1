import { useSyncExternalStore } from "react";

/** As the style sheets': a phone held upright. */
const narrow = matchMedia("(max-width: 600px)");

/** Whether the page has one column. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => narrow.matches);

function subscribe(changed: () => void): () => void {
  narrow.addEventListener("change", changed);
  return () => narrow.removeEventListener("change", changed);
}
