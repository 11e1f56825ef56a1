import { ByteReader, unpickle } from "@reluctant/pickle";
import { Call, pickled, Tuple } from "@reluctant/pickle/testing";
import { expect, it } from "vitest";
import { torchMeanings } from "./torch-meanings.ts";

it("refuses one list that is made into ordered dict after ordered dict", () => {
  const read = (value: unknown) => unpickle(new ByteReader(pickled(value)), torchMeanings());
  const pairs = Array.from({ length: 1000 }, (_, i) => new Tuple(i, null));
  const dicts = Array.from({ length: 300 }, () => new Call("collections.OrderedDict", [pairs]));
  expect(read(dicts[0])).toBeInstanceOf(Map);
  expect(() => read(dicts)).toThrow(/more than 262144 pairs/);
});
