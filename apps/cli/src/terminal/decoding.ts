import type { StackOptions } from "@reluctant/local";
import { count } from "@reluctant/plot";
import { Board } from "./board.ts";
import { bar } from "./format.ts";
import { line } from "./text.ts";

/** Shows how far the data sets are decoded that a starting stack finds for the first time, and nothing once they are. */
export function decodingProgress(out: NodeJS.WriteStream): Required<Pick<StackOptions, "onProgress">> {
  const board = new Board(out);
  return {
    onProgress: (dataset, done, total) => {
      const share = done / total;
      const text = line`decoding ${dataset}  ${bar(share)}  ${count(done)}/${count(total)} images`;
      if (done < total) board.draw([{ key: dataset, text, share }]);
      else board.clear();
    },
  };
}
