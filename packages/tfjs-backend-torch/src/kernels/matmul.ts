/** Matrix products. */
import { backend_util } from "@tensorflow/tfjs-core";
import type { Kernels } from "../aten.ts";

export const matmul: Kernels = {
  BatchMatMul: (torch, { a, b }, { transposeA, transposeB }) => {
    const left = transposeA ? torch.call("transpose.int", a, -1, -2) : torch.backend.slotOf(a);
    const right = transposeB ? torch.call("transpose.int", b, -1, -2) : torch.backend.slotOf(b);
    const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const shape = [...batch, a.shape.at(transposeA ? -1 : -2), b.shape.at(transposeB ? -2 : -1)];
    return torch.tensor(torch.call("matmul", left, right), shape, a.dtype);
  },
};
