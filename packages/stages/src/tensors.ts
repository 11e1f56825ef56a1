/** A tensor in host memory, row-major. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
}

/** Values of a tensor. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Tensors by name. */
export type Tensors = ReadonlyMap<string, HostTensor>;

/** Tensors of the same shapes, all 0. */
export const zeroed = (tensors: Tensors): Tensors =>
  new Map([...tensors].map(([name, { shape, values }]) => [name, { shape, values: new Float32Array(values.length) }]));

/** The tensors under `prefix.`, their names without it. */
export const under = (prefix: string, tensors: Tensors): Map<string, HostTensor> =>
  new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), tensor]] : [],
    ),
  );

/** The same tensors with `prefix.` before each name. */
export const prefixed = (prefix: string, tensors: Tensors): Map<string, HostTensor> =>
  new Map([...tensors].map(([name, tensor]) => [`${prefix}.${name}`, tensor]));

/** @throws Error when there is no float tensor of that name. */
export function floatsOf(tensors: Tensors, name: string): Float32Array {
  const values = tensors.get(name)?.values;
  if (!(values instanceof Float32Array)) throw new Error(`there is no float32 tensor "${name}"`);
  return values;
}
