import { describe, expect, it } from "vitest";
import { Inference } from "./inference.ts";
import { Ledger, type OneTime, UsedTwiceError } from "./ledger.ts";
import { randomSeed } from "./random.ts";

const kinds: OneTime[] = ["nonce", "delta", "rows", "labels", "tables", "triples", "pairs", "mask", "correlation"];

describe("the ledger", () => {
  it.each(kinds)("refuses the second use of a %s", (kind) => {
    const ledger = new Ledger();
    ledger.use(kind, "inference", 3, 1);
    ledger.use(kind, "inference", 31);
    expect(() => ledger.use(kind, "inference", 3, 1)).toThrow(UsedTwiceError);
  });

  it("knows a value again, and never shows it", () => {
    const ledger = new Ledger();
    const delta = randomSeed();
    ledger.useValue("delta", delta);
    ledger.useValue("delta", randomSeed());
    expect(() => ledger.useValue("delta", delta.slice())).toThrow(
      "a delta was about to be used a second time: the inference ends",
    );
  });

  it("refuses an inference whose nonce it has had", () => {
    const ledger = new Ledger();
    const halves = { client: randomSeed(), server: randomSeed() };
    const inference = new Inference(ledger, halves);
    inference.use("labels", 0, 0);
    expect(() => inference.use("labels", 0, 0)).toThrow(UsedTwiceError);
    expect(() => new Inference(ledger, halves)).toThrow("a nonce was about to be used a second time");
    new Inference(ledger, { ...halves, server: randomSeed() }).use("labels", 0, 0);
  });
});
