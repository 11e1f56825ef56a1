import { fullVariant, type MaskMaps, type StageRun, type Trial } from "@reluctant/contracts";
import { type MaskFigure, type MaskPanel, type MaskUpdate, maskFigure, maskUpdates } from "@reluctant/plot";

/** A ReLU layer as its card shows it; what is not known yet is null. */
export interface LayerRow {
  layer: string;
  sensitivity: number | null;
  panel: MaskPanel | null;
}

export interface MaskChoice {
  /** Artifact. */
  sha256: string;
  /** `full`, or the width of a narrower network. */
  variant: string;
}

const ofKind = (runs: readonly StageRun[], kind: StageRun["kind"]): StageRun | undefined =>
  runs.find((run) => run.kind === kind);

/** The masks that a trial's network has: the search's, or those the user gave; then those of its narrower networks. */
export function maskChoices(trial: Trial, runs: readonly StageRun[]): MaskChoice[] {
  const [search, distillation] = [ofKind(runs, "mask-search"), ofKind(runs, "distillation")];
  const student = distillation?.inputs.find(({ name }) => name === "student");
  const variant = searchVariant(trial, runs);
  const searched = search?.artifacts.find((artifact) => artifact.role === "masks" && artifact.variant === variant);
  const full = searched?.sha256 ?? student?.artifact;
  const narrower = (distillation?.artifacts ?? []).filter(
    (artifact) => artifact.role === "masks" && artifact.variant !== fullVariant,
  );
  return [
    ...(full ? [{ sha256: full, variant: fullVariant }] : []),
    ...narrower.map((artifact) => ({ sha256: artifact.sha256, variant: artifact.variant })),
  ];
}

/** Which of a search's results the trial takes: of a descent that of its budget. */
function searchVariant(trial: Trial, runs: readonly StageRun[]): string {
  const student = ofKind(runs, "distillation")?.inputs.find(({ name }) => name === "student");
  if (student?.stageRunId) return student.variant;
  const result = ofKind(runs, "mask-search")?.result;
  const own = String(trial.budget);
  return result?.kind === "mask-search" && result.variants?.[own] ? own : fullVariant;
}

/** Updates of the trial's search that led to its masks; none where the search makes none, or has not ended. */
export function trialUpdates(trial: Trial, runs: readonly StageRun[]): MaskUpdate[] {
  const search = ofKind(runs, "mask-search");
  if (search?.result?.kind !== "mask-search" || search.params.kind !== "mask-search") return [];
  return maskUpdates(search.result, search.params, searchVariant(trial, runs));
}

/** A narrower network's channels are not those that the updates compared. */
export const trialFigure = (
  maps: MaskMaps,
  { title, variant, updates }: { title: string; variant: string; updates: MaskUpdate[] },
): MaskFigure => maskFigure(maps, { title, updates: variant === fullVariant ? updates : [] });

/** Every layer that is known of, in the network's order. */
export function layerRows(runs: readonly StageRun[], figure: MaskFigure | null): LayerRow[] {
  const result = ofKind(runs, "sensitivity")?.result;
  const measured = result?.kind === "sensitivity" ? result.layers : [];
  const sensitivities = new Map(measured.map(({ layer, sensitivity }) => [layer, sensitivity]));
  const panels = new Map(figure?.panels.map((panel) => [panel.layer, panel]));
  const names = figure ? figure.panels.map(({ layer }) => layer) : measured.map(({ layer }) => layer);
  return names.map((layer) => ({
    layer,
    sensitivity: sensitivities.get(layer) ?? null,
    panel: panels.get(layer) ?? null,
  }));
}
