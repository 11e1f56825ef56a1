/** Elementwise operations on two or more tensors, with broadcasting. */
import { backend_util, type TensorInfo, upcastType, util } from "@tensorflow/tfjs-core";
import type { Kernel, Kernels } from "../aten.ts";
import { prelu } from "./activation.ts";

const broadcast = (a: TensorInfo, b: TensorInfo) => backend_util.assertAndGetBroadcastShape(a.shape, b.shape);

const arithmetic = {
  Add: "add.Tensor",
  Sub: "sub.Tensor",
  Multiply: "mul.Tensor",
  Maximum: "maximum",
  Minimum: "minimum",
  Pow: "pow.Tensor_Tensor",
  Mod: "remainder.Tensor",
  BitwiseAnd: "bitwise_and.Tensor",
};

const logical = {
  Greater: "gt.Tensor",
  GreaterEqual: "ge.Tensor",
  Less: "lt.Tensor",
  LessEqual: "le.Tensor",
  Equal: "eq.Tensor",
  NotEqual: "ne.Tensor",
  LogicalAnd: "logical_and",
  LogicalOr: "logical_or",
};

const table = (operators: Record<string, string>, dtype?: "bool"): Kernels =>
  Object.fromEntries(
    Object.entries(operators).map(([kernel, operator]): [string, Kernel] => [
      kernel,
      (torch, { a, b }) => {
        util.assert(a.dtype === b.dtype, () => `${kernel}: one operand is ${a.dtype}, the other ${b.dtype}`);
        return torch.tensor(torch.call(operator, a, b), broadcast(a, b), dtype ?? a.dtype);
      },
    ]),
  );

export const binary: Kernels = {
  ...table(arithmetic),
  ...table(logical, "bool"),
  RealDiv: (torch, { a, b }) =>
    torch.tensor(torch.call("div.Tensor", a, b), broadcast(a, b), a.dtype === "complex64" ? a.dtype : "float32"),
  FloorDiv: (torch, { a, b }) =>
    torch.tensor(torch.cast(torch.call("div.Tensor_mode", a, b, "floor"), "int32"), broadcast(a, b), "int32"),
  Atan2: (torch, { a, b }) => torch.tensor(torch.call("atan2", a, b), broadcast(a, b), "float32"),
  SquaredDifference: (torch, { a, b }) =>
    torch.tensor(torch.call("square", torch.call("sub.Tensor", a, b)), broadcast(a, b), a.dtype),
  Prelu: (torch, { x, alpha }) =>
    torch.tensor(prelu(torch, torch.cast(x, "float32"), torch.backend.slotOf(alpha)), broadcast(x, alpha), "float32"),
  AddN: (torch, inputs) => {
    const [first, ...rest] = Object.values(inputs as Record<string, TensorInfo>) as [TensorInfo, ...TensorInfo[]];
    if (rest.length === 0) return torch.same(first);
    const sum = rest.reduce((total, x) => torch.call("add.Tensor", total, x), torch.backend.slotOf(first));
    return torch.tensor(sum, first.shape, first.dtype);
  },
  // a condition of rank 1 picks whole rows
  Select: (torch, { condition, t, e }) => {
    const dtype = upcastType(t.dtype, e.dtype);
    const rows = condition.shape.length === 1 && t.shape.length > 1;
    const mask = rows
      ? torch.call("reshape", condition, [condition.shape[0], ...t.shape.slice(1).map(() => 1)])
      : condition;
    const [a, b] = [torch.cast(t, dtype), torch.cast(e, dtype)];
    return torch.tensor(torch.call("where.self", torch.cast(mask, "bool"), a, b), t.shape, dtype);
  },
};
