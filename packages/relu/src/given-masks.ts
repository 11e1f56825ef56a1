import { budgetCount, type ExperimentSpec, type FieldError } from "@reluctant/contracts";
import { type Model, reluCount, reluLayers } from "./models/model.ts";

/** What a `masks` artifact says of itself and is known by. */
export interface GivenMasks {
  model: string;
  /** [height, width, channels] of its ReLU layers. */
  shapes: readonly (readonly number[])[];
  reluCount: number;
  /** Null where it has no dense layer that shows them. */
  classes: number | null;
  hasPolynomials: boolean;
  /** Data sets that it was made or evaluated on; none where nothing was done with it yet. */
  datasets: readonly string[];
}

/** What a spec is about. */
interface Subject {
  spec: ExperimentSpec;
  model: Model;
  dataset: { name: string; classes: number };
}

/** Why a spec's experiment cannot work with the masks of a field; empty where it can. */
export function maskErrors(field: "masks" | "startMasks", given: GivenMasks, subject: Subject): FieldError[] {
  const { spec, model } = subject;
  const misfit = misfitOf(given, subject);
  if (misfit !== null) return [{ field, message: misfit }];
  if (field === "masks") return [];
  if (given.hasPolynomials)
    return [
      { field, message: "units removed from it compute polynomials; a search leaves the identity in their place" },
    ];
  return (spec.budgets ?? []).flatMap((budget, index) => {
    const count = budgetCount(budget, reluCount(model));
    if (count <= given.reluCount) return [];
    const message = `is ${count} ReLUs; a search from startMasks only removes, and they keep ${given.reluCount}`;
    return [{ field: `budgets[${index}]`, message }];
  });
}

function misfitOf({ model: own, shapes, classes, datasets }: GivenMasks, { model, dataset }: Subject): string | null {
  if (own !== model.name) return `is of a ${own}; the spec's model is ${model.name}`;
  const [size, needed] = [
    shapes.join(" "),
    reluLayers(model)
      .map(({ shape }) => shape.join())
      .join(" "),
  ];
  if (size !== needed) return `is of a ${own} for images of another size than those of ${dataset.name}`;
  if (classes !== null && classes !== dataset.classes)
    return `is of a network of ${classes} classes; ${dataset.name} has ${dataset.classes}`;
  if (datasets.length > 0 && !datasets.includes(dataset.name))
    return `is of a network for ${datasets.join(", ")}; the spec's data set is ${dataset.name}`;
  return null;
}
