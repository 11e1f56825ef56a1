import { type Model, models, narrow } from "@reluctant/relu";

/** What our files say of their network in their metadata. */
export interface StatedNetwork {
  /** Of the catalog. */
  model: string;
  /** Share of its channels that a narrowed one keeps, in (0, 1). */
  width: number | undefined;
  /** Of its images, in pixels; earlier versions did not write it. */
  side: string | undefined;
}

/** Others' metadata may have a `model`, too: undefined where it is none of ours, `resnet18` or `resnet18@0.5`. */
export function statedIn(metadata: ReadonlyMap<string, string>): StatedNetwork | undefined {
  const [model = "", share, ...rest] = metadata.get("model")?.split("@") ?? [];
  if (!models[model] || rest.length > 0) return undefined;
  const width = share === undefined ? undefined : Number(share);
  if (width !== undefined && !(width > 0 && width < 1)) return undefined;
  return { model, width, side: metadata.get("side") };
}

/** As `narrow` calls it. */
export const statedName = ({ model, width }: StatedNetwork): string =>
  width === undefined ? model : `${model}@${width}`;

/** A model of the catalog for images of a side; narrowed where a width is given. */
export function builtModel(name: string, { side, classes, width }: BuildOptions): Model {
  const whole = (models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], classes);
  return width === undefined ? whole : narrow(whole, width);
}

interface BuildOptions {
  side: number;
  classes: number;
  width: number | undefined;
}
