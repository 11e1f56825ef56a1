import { describe, expect, it } from "vitest";
import { experimentSpecSchema, implementations, methods, registry } from "./definitions.ts";

/** What every plain object answers to. */
const inherited = [...Object.getOwnPropertyNames(Object.prototype), "__proto__"];

describe("the definitions", () => {
  it.each(Object.entries({ implementations, methods }))(
    "know no %s by a name that plain objects inherit",
    (_, known) => {
      for (const name of inherited) expect([name, (known as Record<string, unknown>)[name]]).toEqual([name, undefined]);
    },
  );

  it.each(Object.values(implementations).map((one) => [one.name, one] as const))(
    "call %s by its kind",
    (name, { kind }) => expect(name.split("/")[0]).toBe(kind),
  );

  it("give no two implementations one group of settings", () => {
    const groups = Object.values(implementations).flatMap(({ settings }) => settings?.group ?? []);
    expect(groups).toEqual([...new Set(groups)]);
  });

  it.each(Object.entries(methods))("have the stages of %s, one of a kind, in their order", (name, { stages }) => {
    const kinds = stages.map((stage) => registry.implementations[stage]?.kind);
    const order = ["train", "sensitivity", "mask-search", "distillation"];
    const optional = name === "imported" ? ["sensitivity", "mask-search"] : ["sensitivity"]; // whose masks are given
    expect(kinds).toEqual(order.filter((kind) => !optional.includes(kind) || kinds.includes(kind as "sensitivity")));
  });

  it("hold a spec to the settings that there are, by group and value", () => {
    const spec = { name: "sweep", dataset: "cifar10", model: "resnet8", recipe: "debug", budgets: ["10%"] };
    const pathsOf = (settings: object) =>
      experimentSpecSchema
        .safeParse({ ...spec, settings })
        .error?.issues.map((issue) => [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys : [])]);
    expect(pathsOf({ snl: { penalty: 1e-4 }, slimmable: { widths: [0.25] } })).toBeUndefined();
    expect(pathsOf({ snl: { penalty: 0 } })).toEqual([["settings", "snl", "penalty"]]);
    expect(pathsOf({ snl: { fine: 1 } })).toEqual([["settings", "snl", "fine"]]);
    expect(pathsOf({ fairy: {} })).toEqual([["settings", "fairy"]]);
  });
});
