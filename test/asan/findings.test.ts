import { expect, test } from "vitest";
import { findingsIn } from "./findings.mjs";

const leak = (module: string) => `
=================================================================
==7==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 24 byte(s) in 1 object(s) allocated from:
    #0 0x7f in operator new(unsigned long) asan_new_delete.cpp:95
    #1 0x7f in what (${module}+0x50)

SUMMARY: AddressSanitizer: 24 byte(s) leaked in 1 allocation(s).
`;

test("a leak counts where the addon is among the callers", () => {
  expect(findingsIn(leak("/usr/bin/python3.11"))).toEqual([]);
  for (const library of ["tfjs_torch.node", "training_ops.so"])
    expect(findingsIn(leak(`/cache/${library}`))).toEqual([expect.stringMatching(/^Direct leak of 24 byte/)]);
});

test("no leak of ours: what Node made for a promise that is never settled", () => {
  const [promise, caller] = [
    "#1 0xc53259 in napi_create_promise (/usr/bin/node+0x50)",
    "#2 0x7f in f (tfjs_torch.node+0x50)",
  ];
  const unsettled = leak("").replace(/#1 .*/, `${promise}\n    ${caller}`);
  expect(findingsIn(unsettled)).toEqual([]);
  expect(findingsIn(unsettled.replace("napi_create_promise", "napi_create_array"))).toHaveLength(1);
});

test.each([
  "==9==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x60 at pc 0x7f",
  "native/invoke.h:40:3: runtime error: signed integer overflow",
])("any other report counts: %s", (report) => {
  expect(findingsIn(report)).toEqual([report]);
});

test("no report, no finding", () => {
  expect(findingsIn("")).toEqual([]);
});
