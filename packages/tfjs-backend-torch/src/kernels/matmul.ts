/** Matrix products. */
import { backend_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { Kernels, Torch } from "../aten.ts";
import type { Slot } from "../bridge.ts";
import { inFloat32, operand } from "../precision.ts";
import { epilogue } from "./activation.ts";

interface Attrs {
  transposeA?: boolean;
  transposeB?: boolean;
}

function product(torch: Torch, a: TensorInfo, b: TensorInfo, { transposeA, transposeB }: Attrs) {
  util.assert(a.shape.length >= 2 && b.shape.length >= 2, () => "matMul: both operands need rank 2 or more");
  const [inner, outer] = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)];
  util.assert(inner === outer, () => `matMul: inner dimensions ${inner} and ${outer} of ${a.shape} and ${b.shape}`);
  const left = transposeA ? torch.call("transpose.int", a, -1, -2) : torch.backend.slotOf(a);
  const right = transposeB ? torch.call("transpose.int", b, -1, -2) : torch.backend.slotOf(b);
  const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, a.shape.at(transposeA ? -1 : -2), b.shape.at(transposeB ? -2 : -1)] as number[];
  const multiplications = util.sizeFromShape(shape) * (inner as number);
  const y = a.dtype === "float32" ? multiply(torch, left, right, multiplications) : torch.call("matmul", left, right);
  return { y, shape };
}

/** Below this many multiplications libtorch takes no oneDNN, and its own loops would sum in bfloat16: off by 0.8 % at 7 terms. */
const smallest = 4096;

/** The product of floats. A small one is taken in float32, of operands that are rounded all the same. */
function multiply(torch: Torch, a: Slot, b: Slot, multiplications: number): Slot {
  const [left, right] = [operand(torch, a), operand(torch, b)];
  return multiplications > smallest
    ? inFloat32(torch, torch.call("matmul", left, right))
    : torch.call("matmul", inFloat32(torch, left), inFloat32(torch, right));
}

export const matmul: Kernels = {
  BatchMatMul: (torch, { a, b }, attrs) => {
    const { y, shape } = product(torch, a, b, attrs);
    return torch.tensor(y, shape, a.dtype);
  },
  _FusedMatMul: (torch, { a, b, ...rest }, attrs) => {
    const { y, shape } = product(torch, a, b, attrs);
    return torch.tensor(epilogue(torch, y, rest, attrs), shape, a.dtype);
  },
  // TensorFlow.js' own checks first: its equations are fewer than torch's
  Einsum: (torch, inputs, { equation }) => {
    const tensors = Object.values(inputs as Record<string, TensorInfo>);
    const { allDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
    backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
    const size = (name: string) => {
      const dimension = allDims.indexOf(name);
      const [id, axis] =
        idDims.flatMap((dims, i) => dims.map((d, j) => [i, j, d])).find(([, , d]) => d === dimension) ?? [];
      return tensors[id as number]?.shape[axis as number] as number;
    };
    const shape = [...equation.replace(/\s/g, "").split("->")[1]].map(size);
    const { dtype } = tensors[0] as TensorInfo;
    const slots = tensors.map((x) =>
      dtype === "float32" ? inFloat32(torch, torch.backend.slotOf(x)) : torch.backend.slotOf(x),
    );
    return torch.tensor(torch.call("einsum", equation, slots), shape, dtype);
  },
};
