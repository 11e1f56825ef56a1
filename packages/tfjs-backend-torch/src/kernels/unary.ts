/** Elementwise operations on one tensor. */
import { type Kernels, scalarType } from "../aten.ts";

/** Result has the input's dtype. */
const sameType = {
  Abs: "abs",
  Neg: "neg",
  Square: "square",
  Sign: "sign",
  Floor: "floor",
  Ceil: "ceil",
  Round: "round",
  Relu: "relu",
  ZerosLike: "zeros_like",
  OnesLike: "ones_like",
};

/** Result is float32. */
const float = {
  Exp: "exp",
  Expm1: "expm1",
  Log: "log",
  Log1p: "log1p",
  Sqrt: "sqrt",
  Rsqrt: "rsqrt",
  Reciprocal: "reciprocal",
  Sigmoid: "sigmoid",
  Tanh: "tanh",
  Erf: "erf",
  Sin: "sin",
  Cos: "cos",
  Asin: "asin",
  Acos: "acos",
  Atan: "atan",
  Sinh: "sinh",
  Cosh: "cosh",
  Asinh: "asinh",
  Acosh: "acosh",
  Atanh: "atanh",
  Elu: "elu",
  Selu: "selu",
};

/** Result is bool. */
const predicate = { IsNan: "isnan", IsInf: "isinf", IsFinite: "isfinite", LogicalNot: "logical_not" };

const table = (operators: Record<string, string>, dtype?: "float32" | "bool"): Kernels =>
  Object.fromEntries(
    Object.entries(operators).map(([kernel, operator]) => [
      kernel,
      (torch, { x }) => {
        const y = torch.call(operator, x);
        // some operators make integers of truth values
        return torch.tensor(x.dtype === "bool" ? torch.cast(y, dtype ?? "bool") : y, x.shape, dtype ?? x.dtype);
      },
    ]),
  );

export const unary: Kernels = {
  ...table(sameType),
  ...table(float, "float32"),
  ...table(predicate, "bool"),
  // near its poles ATen's own is a bit off at the lowest level of instructions
  Tan: (torch, { x }) => {
    const wide = torch.call("tan", torch.call("to.dtype", x, scalarType.float64));
    return torch.tensor(torch.cast(wide, "float32"), x.shape, "float32");
  },
  Softplus: (torch, { x }) => torch.tensor(torch.call("softplus", x), x.shape, "float32"),
  Relu6: (torch, { x }) => torch.tensor(torch.call("hardtanh", x, 0, 6), x.shape, x.dtype),
  LeakyRelu: (torch, { x }, { alpha }) =>
    torch.tensor(torch.call("leaky_relu", torch.cast(x, "float32"), alpha), x.shape, "float32"),
  EluGrad: (torch, { dy, y }) => torch.tensor(torch.call("elu_backward", dy, 1, 1, 1, true, y), y.shape, "float32"),
  ClipByValue: (torch, { x }, { clipValueMin, clipValueMax }) =>
    torch.tensor(torch.like(torch.call("clamp", x, clipValueMin, clipValueMax), x), x.shape, x.dtype),
  // 1 where x > 0, alpha elsewhere; NaN stays NaN
  Step: (torch, { x }, { alpha = 0 }) => {
    const step = torch.like(torch.call("where.Scalar", torch.call("gt.Scalar", x, 0), 1, alpha), x);
    return torch.tensor(torch.call("where.self", torch.call("isnan", x), x, step), x.shape, x.dtype);
  },
  Cast: (torch, { x }, { dtype }) => {
    if (x.dtype === dtype) return torch.same(x);
    const real = x.dtype === "complex64" ? torch.call("real", x) : x;
    return torch.tensor(torch.cast(real, dtype), x.shape, dtype);
  },
  Identity: (torch, { x }) => torch.same(x),
};
