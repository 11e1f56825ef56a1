/** All kernels of TensorFlow.js' own operations, by family. A missing one gives TensorFlow.js' ordinary error. */
import type { Kernels } from "../aten.ts";
import { binary } from "./binary.ts";
import { conv } from "./conv.ts";
import { gather } from "./gather.ts";
import { matmul } from "./matmul.ts";
import { norm } from "./norm.ts";
import { pool } from "./pool.ts";
import { reduce } from "./reduce.ts";
import { shape } from "./shape.ts";
import { unary } from "./unary.ts";

export const families: readonly Kernels[] = [unary, binary, reduce, shape, gather, conv, pool, matmul, norm];
