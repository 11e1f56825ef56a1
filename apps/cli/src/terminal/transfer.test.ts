import { expect, test } from "vitest";
import { showTransfer } from "./transfer.ts";

/** Sends ten pieces of a megabyte, each taking some seconds by the test's clock. */
async function send({ secondsEach, total }: { secondsEach: number; total: number | null }) {
  let seconds = 0;
  const written: string[] = [];
  const out = { isTTY: false, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream;
  let sent = 0;
  const pieces = new ReadableStream<Uint8Array>({
    pull(controller) {
      seconds += secondsEach;
      controller.enqueue(new Uint8Array(1e6));
      if (++sent === 10) controller.close();
    },
  });
  const stream = showTransfer(pieces, {
    what: "uploading x",
    total,
    out,
    now: () => seconds * 1_000,
  });
  const { byteLength } = await new Response(stream as BodyInit).arrayBuffer();
  expect(byteLength).toBe(10e6);
  return written;
}

test("a slow upload shows how far it is, without a terminal every few seconds", async () => {
  const lines = await send({ secondsEach: 3, total: 10e6 });
  expect(lines[0]).toMatch(/^uploading x {2}█+░+ {2}[12] MB of 10 MB\n$/);
  expect(lines.length).toBeGreaterThanOrEqual(4);
  expect(lines.length).toBeLessThan(10);
});

test("one of unknown size shows what has passed, and a quick one nothing", async () => {
  expect((await send({ secondsEach: 3, total: null }))[0]).toMatch(/^uploading x {2}[12] MB\n$/);
  expect(await send({ secondsEach: 0.05, total: 10e6 })).toEqual([]);
});
