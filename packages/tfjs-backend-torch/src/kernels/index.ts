/** All kernels of TensorFlow.js' own operations, by family. A missing one gives TensorFlow.js' ordinary error. */
import type { Kernels } from "../aten.ts";
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
  complex,
  reduce,
  counting,
  shape,
  rearrange,
  gather,
  conv,
  pool,
  morphology,
  image,
  matmul,
  norm,
  delegated,
];
