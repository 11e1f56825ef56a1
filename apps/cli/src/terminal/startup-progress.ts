import type { StackOptions } from "@reluctant/local";
import { duration } from "./format.ts";
import { LiveLines } from "./live-lines.ts";
import { line } from "./text.ts";

const redrawMs = 1_000;

/**
 * Shows what a stack waits for while it starts: redrawn in place on a terminal, elsewhere a line as each part starts and every
 * few seconds while it takes.
 */
export function startupProgress(out: NodeJS.WriteStream): Required<Pick<StackOptions, "onStart">> {
  const live = new LiveLines(out);
  const since = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const draw = () =>
    live.draw(
      [...since].map(([what, at]) => {
        const seconds = (performance.now() - at) / 1_000;
        return { key: what, text: line`starting ${what}${seconds < 1 ? "" : `  ${duration(seconds)}`}` };
      }),
    );
  return {
    onStart: (what, moment) => {
      if (moment === "begins") since.set(what, performance.now());
      else since.delete(what);
      clearInterval(timer);
      if (since.size === 0) return live.clear();
      timer = setInterval(draw, redrawMs).unref();
      draw();
    },
  };
}
