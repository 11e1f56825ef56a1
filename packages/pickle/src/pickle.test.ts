import { describe, expect, it } from "vitest";
import { ByteReader } from "./byte-reader.ts";
import { MalformedError } from "./errors.ts";
import { numpyScalars } from "./numpy-scalars.ts";
import { type Meanings, unpickle } from "./pickle.ts";
import { Global, Placeholder } from "./placeholder.ts";
import { Call, Float, Instance, Name, Outside, pickled, Tuple } from "./write-pickle.ts";

const nothing: Meanings = { calls: new Map(), persistent: (id) => id };
const read = (bytes: Uint8Array, meanings = nothing) => unpickle(new ByteReader(bytes), meanings);
const bytes = (...parts: (number | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.of(part) : Buffer.from(part, "latin1"))));

describe.each([2, 4] as const)("a pickle of protocol %i", (protocol) => {
  it("gives back plain values", () => {
    const value = [
      null,
      true,
      false,
      0,
      255,
      256,
      -1,
      2 ** 40,
      -(2n ** 100n),
      0.1,
      "naïve ☃",
      Buffer.of(0, 200),
      [],
      new Map(),
    ];
    expect(read(pickled(value, protocol))).toEqual(value);
  });

  it("gives dicts in their order, tuples as lists, and one object where the pickle has one", () => {
    const shared = new Map([["lr", 0.1]]);
    const value = new Map<unknown, unknown>([
      ["z", new Tuple(1, 2)],
      ["a", new Tuple(1, 2, 3, 4)],
      [3, shared],
      ["b", shared],
    ]);
    const dict = read(pickled(value, protocol)) as Map<unknown, unknown>;
    expect([...dict]).toEqual([
      ["z", [1, 2]],
      ["a", [1, 2, 3, 4]],
      [3, shared],
      ["b", shared],
    ]);
    expect(dict.get(3)).toBe(dict.get("b"));
  });

  it("keeps a stranger's object as its name, arguments, entries and state, and calls nothing", () => {
    const call = new Call("os.system", ["rm -rf /"], { entries: new Map([["k", 1]]), state: "after" });
    const [system, args, name] = read(
      pickled([call, new Instance("argparse.Namespace", new Map([["lr", 0.1]])), new Name("builtins.eval")], protocol),
    ) as [Placeholder, Placeholder, Global];
    expect(system).toBeInstanceOf(Placeholder);
    expect([system.name, system.args, [...system.entries], system.state]).toEqual([
      "os.system",
      ["rm -rf /"],
      [["k", 1]],
      "after",
    ]);
    expect([args.name, args.state]).toEqual(["argparse.Namespace", new Map([["lr", 0.1]])]);
    expect(name).toEqual(new Global("builtins.eval"));
  });

  it("asks what an id outside itself means", () => {
    const persistent = (id: unknown) => ({ outside: id });
    expect(read(pickled(new Outside("7"), protocol), { ...nothing, persistent })).toEqual({ outside: "7" });
  });

  it("reads NumPy's scalars as numbers, whichever way their bytes are written", () => {
    const type = (code: string, order: string) =>
      new Call("numpy.dtype", [code, false, true], { state: new Tuple(3, order, null, null, null, -1, -1, 0) });
    const data = Buffer.alloc(8);
    data.writeDoubleLE(93.25);
    const encoded = new Call("_codecs.encode", [data.toString("latin1"), "latin1"]);
    const value = [
      new Call("numpy._core.multiarray.scalar", [type("f8", "<"), data]),
      new Call("numpy.core.multiarray.scalar", [type("f8", "<"), encoded]),
      new Call("numpy.core.multiarray.scalar", [type("i2", ">"), Buffer.of(1, 2)]),
    ];
    const meanings = { ...nothing, calls: new Map(numpyScalars) };
    expect(read(pickled(value, protocol), meanings)).toEqual([93.25, 93.25, 258]);
  });
});

describe("a pickle", () => {
  it("may contain itself", () => {
    const list = read(bytes(0x80, 2, "]q\x00h\x00a.")) as unknown[];
    expect(list[0]).toBe(list);
  });

  it("reads a float that is whole, and Python 2's strings", () => {
    expect(read(pickled(new Float(3)))).toBe(3);
    expect(read(bytes(0x80, 2, "U\x03ab\xe9."))).toBe("abé");
  });

  it("ends at its STOP, where the next one begins", () => {
    const reader = new ByteReader(Buffer.concat([pickled(1), pickled("two")]));
    expect([unpickle(reader, nothing), unpickle(reader, nothing), reader.left]).toEqual([1, "two", 0]);
  });

  it.each([
    ["an opcode of protocol 0", bytes("I1\n."), /0x49 is no opcode/],
    ["a registry's extension", bytes(0x80, 2, 0x82, 1, "."), /0x82 is no opcode/],
    ["a protocol of the future", bytes(0x80, 6, "N."), /protocol 6; 2 to 5/],
    ["no end", bytes(0x80, 2, "N"), /names 1 bytes and has 0/],
    [
      "a text longer than the file",
      bytes(0x80, 4, 0x8d, "\xff\xff\xff\xff\xff\xff\x00\x00x."),
      /names 281474976710655 bytes/,
    ],
    ["a length that is no number", bytes(0x80, 4, 0x8d, "\xff\xff\xff\xff\xff\xff\xff\xff."), /no length or place/],
    ["a frame longer than the file", bytes(0x80, 4, 0x95, "\xff\x00\x00\x00\x00\x00\x00\x00N."), /frame of 255 bytes/],
    ["an integer of 65 bytes", bytes(0x80, 2, 0x8a, 65, "x".repeat(65), "."), /integer has 65 bytes/],
    ["text that is not UTF-8", bytes(0x80, 4, 0x8c, 1, 0xff, "."), /not UTF-8/],
    ["a name without an end", bytes(0x80, 2, "c", "x".repeat(5000)), /line of a pickle does not end/],
    ["a value that was not kept", bytes(0x80, 2, "h\x05."), /refers to value 5/],
    ["an empty stack", bytes(0x80, 2, "."), /takes a value that is not there/],
    ["a mark that nobody set", bytes(0x80, 2, "t."), /closes what it did not open/],
    ["half a pair", bytes(0x80, 2, "}(K\x01u."), /sets items of what is no dict/],
    ["an item for a number", bytes(0x80, 2, "K\x01K\x02a."), /appends to what is no list/],
    ["a call of a number", bytes(0x80, 2, "K\x01)R."), /calls what is no function/],
    ["a state for a list", bytes(0x80, 2, "]}b."), /gives a state to what takes none/],
    ["a key twice", bytes(0x80, 2, "}(U\x01aNU\x01aNu."), /the key "a" twice/],
    ["a name of numbers", bytes(0x80, 4, "K\x01K\x02", 0x93, "."), /names a class by something else/],
    ["more steps than a checkpoint takes", bytes(0x80, 2, "N0".repeat(1 << 19), "N."), /more than 1048576 steps/],
    ["a stack without end", bytes(0x80, 2, "N".repeat(600_000), "."), /stack grows beyond/],
    ["marks without end", bytes(0x80, 2, "(".repeat(5000), "."), /nested beyond/],
    ["a memo without end", bytes(0x80, 4, "N", "\x94".repeat(600_000), "."), /memo grows beyond/],
  ])("is refused for %s", (_, file, message) => {
    const refused = () => read(file);
    expect(refused).toThrow(MalformedError);
    expect(refused).toThrow(message);
  });

  it("is refused for a class of too long a name", () => {
    expect(() => read(pickled(new Name(`${"x".repeat(5000)}.y`), 4))).toThrow(/too long a text/);
  });

  it("is refused in one line, without its tuples of tuples of tuples, for a key twice that would fill memory as text", () => {
    const doubled = bytes("K\x01\x85", "2\x86".repeat(60));
    const refused = () => read(bytes(0x80, 2, "}(", doubled.toString("latin1"), "q\x00Nh\x00Nu."));
    expect(refused).toThrow(/the key of type object twice/);
  });
});
