/** All kernels of TensorFlow.js' own operations, by family. A missing one gives TensorFlow.js' ordinary error. */
import type { Kernels } from "../aten.ts";
import { inFloat32Only } from "../precision.ts";
import { binary } from "./binary.ts";
import { complex } from "./complex.ts";
import { conv } from "./conv.ts";
import { counting } from "./count.ts";
import { delegated } from "./delegated.ts";
import { gather } from "./gather.ts";
import { image } from "./image.ts";
import { matmul } from "./matmul.ts";
import { morphology } from "./morphology.ts";
import { norm } from "./norm.ts";
import { pool } from "./pool.ts";
import { rearrange } from "./rearrange.ts";
import { reduce } from "./reduce.ts";
import { shape } from "./shape.ts";
import { unary } from "./unary.ts";

export const families: readonly Kernels[] = [
  unary,
  binary,
  inFloat32Only(complex),
  reduce,
  inFloat32Only(counting),
  shape,
  rearrange,
  inFloat32Only(gather),
  conv,
  pool,
  inFloat32Only(morphology),
  inFloat32Only(image),
  matmul,
  norm,
  delegated,
];
