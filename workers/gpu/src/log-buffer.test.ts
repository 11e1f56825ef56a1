import { expect, test } from "vitest";
import { createLogBuffer } from "./log-buffer.ts";

/** A log as `appendLog` keeps it: the first chunk at an offset stays. */
function logStore() {
  const chunks = new Map<number, Uint8Array>();
  let failures = 0;
  return {
    failNext: (count: number) => (failures = count),
    text: () => Buffer.concat([...chunks].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)).toString(),
    async append({ offset, bytes }: { offset: number; bytes: Uint8Array }) {
      if (!chunks.has(offset)) chunks.set(offset, bytes);
      if (failures-- > 0) throw new Error("the answer got lost");
      return "written" as const;
    },
  };
}

test("a log arrives whole and once, although answers got lost and lines came in between", async () => {
  const store = logStore();
  const log = createLogBuffer(store.append);
  log.line("one");
  store.failNext(1);
  await expect(log.flush()).rejects.toThrow("lost");
  log.line("two");
  log.write(Buffer.from("three"));
  expect(await log.flush()).toBe("written");
  expect(store.text()).toBe("one\ntwo\nthree");
});

test("a log ends at its limit, with a line that says so", async () => {
  const store = logStore();
  const log = createLogBuffer(store.append, 10);
  for (const line of ["123456", "abcdef", "never"]) log.line(line);
  await log.flush();
  expect(store.text()).toBe("123456\nabc\n[the log ends here: it reached 10 bytes]\n");
});
