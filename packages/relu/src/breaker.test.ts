import { expect, it } from "vitest";
import { circuitBreakReason, type Outcome } from "./breaker.ts";

const failed = (message: string, code: NonNullable<Outcome>["code"] = "internal"): Outcome => ({ code, message });
const hash = (digit: string) => digit.repeat(64);

it("stops an experiment at the third failure alike, whatever numbers and names it tells", () => {
  const alike = [
    failed(`artifact ${hash("a")} is gone at step 3\n  at one.ts:1`),
    failed(`artifact ${hash("b")} is gone at step 1.5e-7\n  at two.ts:9`),
    failed(`artifact 5f0c8a52-64f7-4d5e-9d0c-3f3ac4a5a1b2 is gone at step 0`),
  ];
  expect(circuitBreakReason(alike)).toMatch(
    /^stopped after 3 stage runs in a row failed alike: artifact a+ is gone at step 3/,
  );
  expect(circuitBreakReason(alike.slice(1))).toBeNull();
});

it.each([
  ["a success between", [failed("x"), null, failed("x"), failed("x")]],
  ["another message", [failed("x"), failed("y"), failed("x")]],
  ["another code", [failed("x"), failed("x", "child-exit"), failed("x")]],
  ["a success since", [null, failed("x"), failed("x"), failed("x")]],
  ["nothing", []],
])("goes on after %s", (_, latest) => {
  expect(circuitBreakReason(latest)).toBeNull();
});

it("stops an experiment at the third poisonous run, whichever workers they took with them", () => {
  const poisonous = (workers: string) => failed(`poisonous: its worker was lost 5 times in a row:\n${workers}`);
  expect(circuitBreakReason([poisonous("anna, bert"), poisonous("carl, anna"), poisonous("bert, carl")])).toMatch(
    /poisonous/,
  );
});
