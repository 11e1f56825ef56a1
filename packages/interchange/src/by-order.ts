import type { Model } from "@reluctant/relu";
import { definitionOrders, grouped, type Layer, layersOf, type Shapes } from "./layers.ts";

/** Which tensor of ours each of the file's is, or why shapes and order do not say it. */
export type Outcome = { ours: ReadonlyMap<string, string> } | { problem: string };

/**
 * Maps tensors whose names mean nothing to us by the shapes of whole layers in a row. The row must be that of one order in
 * which such a network is defined, from the first layer to the last: layers of one kind are told apart by their places
 * between the others, so a file that defines them otherwise, or whose own numbers run against its order, is refused. Two
 * convolutions of one shape swapped are another function.
 * @param shapes in the file's order, or its names' where it has none
 */
export function mapByOrder(shapes: Shapes, model: Model): Outcome {
  const theirs = layersOf(shapes);
  const [computed = [], ...others] = definitionOrders(model);
  const problem = countProblem(theirs, computed, model) ?? numberProblem(theirs);
  if (problem) return { problem };
  const fitting = [computed, ...others].filter((order) =>
    order.every(({ kind }, place) => kind === theirs[place]?.kind),
  );
  const distinct = [...new Map(fitting.map((order) => [order.map(({ name }) => name).join(), order])).values()];
  const found = distinct.length === 1 ? distinct[0] : uniqueKinds(theirs, computed);
  if (!found) return { problem: ambiguity(theirs, computed) };
  return { ours: new Map(theirs.flatMap((layer, place) => pairs(layer, found[place] as Layer))) };
}

/**
 * Maps the few layers that known names leave over, where each is the only one of its kind on both sides, as a last layer of
 * another name is. Undefined where one is not.
 */
export function mapByKind(theirs: Shapes, ours: Shapes): ReadonlyMap<string, string> | undefined {
  const [found, needed] = [layersOf(theirs), layersOf(ours)];
  const kinds = new Set(found.map(({ kind }) => kind));
  const isSame = kinds.size === found.length && found.length === needed.length;
  if (!isSame || !needed.every(({ kind }) => kinds.has(kind))) return undefined;
  const order = uniqueKinds(found, needed);
  return order && new Map(found.flatMap((layer, place) => pairs(layer, order[place] as Layer)));
}

const pairs = (theirs: Layer, ours: Layer): [string, string][] =>
  theirs.tensors.map((tensor) => [named(theirs.name, tensor), named(ours.name, tensor)]);

const named = (layer: string, tensor: string): string => (layer ? `${layer}.${tensor}` : tensor);

function countProblem(theirs: readonly Layer[], ours: readonly Layer[], model: Model): string | undefined {
  const [found, needed] = [grouped(theirs, ({ kind }) => kind), grouped(ours, ({ kind }) => kind)];
  const differing = [...new Set([...needed.keys(), ...found.keys()])].flatMap((kind) => {
    const [has, needs] = [found.get(kind)?.length ?? 0, needed.get(kind)?.length ?? 0];
    return has === needs ? [] : [`${has} of ${needs} ${kind}`];
  });
  if (differing.length === 0) return undefined;
  return `of the layers of ${model.name} it has ${listed(differing)}`;
}

/** Names that differ in numbers alone are in the order of those numbers, or the order of the file is not that of the network. */
function numberProblem(theirs: readonly Layer[]): string | undefined {
  for (const alike of grouped(theirs, ({ name }) => name.replace(/\d+/g, "#")).values()) {
    const at = alike.findIndex((layer, i) => i > 0 && !ascends((alike[i - 1] as Layer).name, layer.name));
    if (at > 0)
      return `"${alike[at - 1]?.name}" stands before "${alike[at]?.name}": its order and its names contradict each other`;
  }
  return undefined;
}

function ascends(before: string, after: string): boolean {
  const [a, b] = [before, after].map((name) => (name.match(/\d+/g) ?? []).map(Number)) as [number[], number[]];
  const at = a.findIndex((number, i) => number !== b[i]);
  return at < 0 || (a[at] as number) < (b[at] as number);
}

/** Ours in their order, where every layer is the only one of its kind. */
function uniqueKinds(theirs: readonly Layer[], ours: readonly Layer[]): Layer[] | undefined {
  const byKind = new Map(ours.map((layer) => [layer.kind, layer]));
  if (byKind.size < ours.length) return undefined;
  return theirs.map(({ kind }) => byKind.get(kind) as Layer);
}

function ambiguity(theirs: readonly Layer[], ours: readonly Layer[]): string {
  const kinds = [...grouped(theirs, ({ kind }) => kind)];
  const [kind = "", alike = []] = kinds.find(([, { length }]) => length > 1) ?? [];
  const candidates = ours.filter((layer) => layer.kind === kind);
  return `neither names nor order say which ${kind} is which: ${namesOf(alike)} may each be ${namesOf(candidates)}`;
}

const namesOf = (layers: readonly Layer[]): string => listed(layers.map(({ name }) => `"${name}"`));

const mostListed = 6;
const listed = (parts: readonly string[]): string =>
  parts.slice(0, mostListed).join(", ") + (parts.length > mostListed ? ", …" : "");
