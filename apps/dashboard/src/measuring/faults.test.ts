import { ApiError } from "@reluctant/sdk";
import { expect, it } from "vitest";
import { faultsOf } from "./faults.ts";

const refusal = (errors?: { field: string; message: string }[]) =>
  new ApiError({
    type: "",
    title: "",
    status: 422,
    code: "invalid-spec",
    detail: "what is wrong",
    ...(errors && { errors }),
  });

it("puts what is wrong with a field beside it, an item's with its list", () => {
  const errors = [
    { field: "batch", message: "too many" },
    { field: "protocols[1]", message: "unknown" },
  ];
  expect(faultsOf(refusal(errors), ["batch", "protocols"])).toEqual({
    fields: { batch: "too many", protocols: "unknown" },
    general: null,
  });
});

it("tells apart what no field of the form is at fault for", () => {
  expect(faultsOf(refusal([{ field: "pi", message: "no protocol" }]), ["batch"])).toEqual({
    fields: {},
    general: "what is wrong",
  });
  expect(faultsOf(refusal(), ["batch"]).general).toBe("what is wrong");
  expect(faultsOf(new Error("nothing answers"), ["batch"]).general).toBe("nothing answers");
  expect(faultsOf(null, ["batch"])).toEqual({ fields: {}, general: null });
});
