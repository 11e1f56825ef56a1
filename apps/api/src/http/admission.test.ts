import { expect, test } from "vitest";
import { createAdmission, decideAdmission } from "./admission.ts";

test.each([
  [{ active: 1, waiting: 0 }, "enter"],
  [{ active: 2, waiting: 0 }, "wait"],
  [{ active: 2, waiting: 2 }, "wait"],
  [{ active: 2, waiting: 3 }, "refuse"],
] as const)("of two at once and three in line, one that finds %o is told to %s", (load, decision) => {
  expect(decideAdmission(load, { active: 2, waiting: 3 })).toBe(decision);
});

const patient = new AbortController().signal;

/** Work that ends when it is told to, and what began, in order. */
function setup({ active = 1, waiting = 10, waitMs = 60_000 } = {}) {
  const admission = createAdmission({ active, waiting, waitMs });
  const began: string[] = [];
  const ends: (() => void)[] = [];
  const start = (name: string, { signal = patient, waited = 0 } = {}) => {
    const work = () =>
      new Promise<string>((resolve) => {
        began.push(name);
        ends.push(() => resolve(name));
      });
    const done = admission.run(work, { since: performance.now() - waited, signal });
    done.catch(() => {}); // looked at later
    return done;
  };
  return { start, began, ends };
}

const settled = () => new Promise(setImmediate);

test("requests begin in the order in which they came, as many at once as may, and failures give their turn on too", async () => {
  const { start, began, ends } = setup({ active: 2 });
  for (const name of ["a", "b", "c", "d"]) void start(name);
  await settled();
  expect(began).toEqual(["a", "b"]);
  ends[1]?.();
  await settled();
  expect(began).toEqual(["a", "b", "c"]);
  ends[0]?.();
  ends[2]?.();
  await settled();
  expect(began).toEqual(["a", "b", "c", "d"]);
});

test("a line that is full refuses at once; one that waited too long leaves it", async () => {
  const { start, began } = setup({ waiting: 1, waitMs: 1 });
  void start("a");
  const waits = start("b");
  await expect(start("c")).rejects.toMatchObject({ code: "busy" });
  await expect(waits).rejects.toMatchObject({ code: "busy" });
  void start("d"); // there is room in the line again
  expect(began).toEqual(["a"]);
});

test("what one waited for its first turn counts in its second", async () => {
  const { start, began } = setup({ waitMs: 60_000 });
  void start("a");
  await expect(start("b", { waited: 60_000 })).rejects.toMatchObject({ code: "busy" });
  expect(began).toEqual(["a"]);
});

test("one whose client has gone takes no turn", async () => {
  const { start, began, ends } = setup();
  void start("a");
  const left = new AbortController();
  const gone = start("b", { signal: left.signal });
  void start("c");
  left.abort();
  await expect(gone).rejects.toMatchObject({ code: "busy" });
  ends[0]?.();
  await settled();
  expect(began).toEqual(["a", "c"]);
});

test("work that fails gives its turn on", async () => {
  const admission = createAdmission({ active: 1, waiting: 1, waitMs: 60_000 });
  const asked = { since: performance.now(), signal: patient };
  const fails = admission.run(() => Promise.reject(new Error("no")), asked);
  const next = admission.run(async () => "next", asked);
  await expect(fails).rejects.toThrow("no");
  expect(await next).toBe("next");
});
