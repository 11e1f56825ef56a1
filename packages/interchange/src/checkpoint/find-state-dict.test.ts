import { Call, Instance } from "@reluctant/pickle/testing";
import { describe, expect, it } from "vitest";
import { findStateDict, readTensors } from "./find-state-dict.ts";
import { CheckpointMaker, moduleState, orderedDict } from "./test-checkpoint.ts";
import { readTorchFile } from "./torch-file.ts";

const setup = () => {
  const maker = new CheckpointMaker();
  const weights = (value = 1) =>
    orderedDict(
      new Map<string, unknown>([
        ["fc.weight", maker.tensor([2, 1], [value, 2])],
        ["fc.bias", maker.tensor([2], [3, 4])],
      ]),
    );
  const find = (root: unknown, options?: { at?: string }) => findStateDict(readTorchFile(maker.zip(root)), options);
  return { maker, weights, find };
};
const dict = (entries: Record<string, unknown>) => new Map(Object.entries(entries));

describe("the state dict of a checkpoint", () => {
  it("is the file itself", () => {
    const { weights, find } = setup();
    const { path, tensors } = find(weights());
    expect([path, [...tensors.keys()]]).toEqual(["", ["fc.weight", "fc.bias"]]);
  });

  it.each(["state_dict", "model", "net", "ema", "anything"])("lies under %s, beside what training leaves", (key) => {
    const { maker, weights, find } = setup();
    const optimizer = dict({ state: new Map([[0, dict({ momentum_buffer: maker.tensor([2, 1], [0, 0]) })]]) });
    const rest = { epoch: 3, best_acc: maker.tensor([], [93.1]), args: new Instance("argparse.Namespace", new Map()) };
    const { path, tensors } = find(dict({ ...rest, optimizer, [key]: weights() }));
    expect([path, [...(readTensors(tensors).get("fc.weight")?.values ?? [])]]).toEqual([key, [1, 2]]);
  });

  it("lies deeper, and is one where two names mean it", () => {
    const { weights, find } = setup();
    const same = weights();
    expect(find(dict({ checkpoint: dict({ model: same }), state_dict: same })).path).toBe("checkpoint.model");
  });

  it("is chosen by its path where there are several, never for the caller", () => {
    const { weights, find } = setup();
    const both = () => dict({ model: weights(1), ema: weights(5) });
    expect(() => find(both())).toThrow(
      /several state dicts: "model" \(2 tensors\), "ema" \(2 tensors\); name one of them/,
    );
    expect(readTensors(find(both(), { at: "ema" }).tensors).get("fc.weight")?.values[0]).toBe(5);
    expect(() => find(both(), { at: "net" })).toThrow(/no state dict at "net"; the file has "model"/);
  });

  it("is a pickled module's, in the order of its state_dict()", () => {
    const { maker, find } = setup();
    const norm = moduleState({
      parameters: [
        ["weight", maker.parameter(maker.tensor([1], [1]))],
        ["bias", null],
      ],
      buffers: [
        ["running_mean", maker.tensor([1], [2])],
        ["scratch", maker.tensor([1], [9])],
      ],
      left: ["scratch"],
    });
    const conv = moduleState({ parameters: [["weight", maker.parameter(maker.tensor([1, 1], [3]))]] });
    const net = moduleState({
      modules: [
        ["bn", new Instance("models.MyNorm", norm)],
        ["conv", new Instance("models.MyConv", conv)],
        ["none", null],
      ],
      buffers: [["mean", maker.tensor([1], [4])]],
    });
    const { path, tensors } = find(dict({ net: new Instance("models.Net", net), acc: 93 }));
    expect(path).toBe("net");
    expect([...tensors.keys()]).toEqual(["mean", "bn.weight", "bn.running_mean", "conv.weight"]);
  });

  it("is refused for a module that contains itself, or one twice at every level", () => {
    const { find } = setup();
    let doubled = new Instance("models.Leaf", moduleState({}));
    for (let level = 0; level < 40; level++)
      doubled = new Instance(
        "models.Twice",
        moduleState({
          modules: [
            ["a", doubled],
            ["b", doubled],
          ],
        }),
      );
    expect(() => find(doubled)).toThrow(/"models\.Twice" contains itself or too much/);
    const state = moduleState({});
    const net = new Instance("models.Net", state);
    state.set("_modules", orderedDict(new Map([["self", net]])));
    expect(() => find(net)).toThrow(/contains itself/);
  });

  it("is refused for a tensor that a stranger made, by its name and the stranger's, and passes over what holds none", () => {
    const { maker, find } = setup();
    const weight = maker.tensor([1, 1], [1]);
    const made = new Call("torch._tensor._rebuild_from_type_v2", [new Map([["x", maker.tensor([1], [1])]])]);
    expect(() => find(dict({ "a.weight": weight, "b.weight": made }))).toThrow(
      /tensor "b\.weight" of the file itself was made by "torch\._tensor\._rebuild_from_type_v2"/,
    );
    const loaded = new Call("torch._utils._rebuild_tensor_v2", [
      new Call("torch.storage._load_from_bytes", [Buffer.of(1)]),
    ]);
    expect(() => find(dict({ "a.weight": weight, "b.weight": loaded }))).toThrow(
      /was made by "torch\.storage\._load_from_bytes"/,
    );
    const extra = new Instance("models.Extra", new Map([["step", 1]]));
    expect([...find(dict({ "a.weight": weight, "a._extra_state": extra })).tensors.keys()]).toEqual(["a.weight"]);
  });

  it("is refused with what was found where there is none", () => {
    const { find } = setup();
    expect(() => find(dict({ epoch: 3, args: new Instance("argparse.Namespace", new Map()) }))).toThrow(
      /no state dict; it is a dict of 2 \("epoch": a number, "args": an object of "argparse\.Namespace"\)/,
    );
    expect(() => find(7)).toThrow(/no state dict; it is a number/);
  });

  it("is refused where thousands of tensors share few numbers", () => {
    const { maker, find } = setup();
    const storage = maker.storage("Float", new Float32Array(1000));
    const tensors = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`w${i}`, maker.view(storage, [10, 100])]),
    );
    expect(() => readTensors(find(dict(tensors)).tensors)).toThrow(/100000 values of 1000 stored/);
  });
});
