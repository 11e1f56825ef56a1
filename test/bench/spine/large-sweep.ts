import type { ExperimentSpecInput } from "@reluctant/contracts";
import type { Stack } from "@reluctant/local";
import type { Figure } from "../rows.ts";

/** What a sweep of many trials takes, step by step, and how long the API lets another request wait meanwhile. */
export async function largeSweep({ address, credentials }: Stack, trials: number): Promise<Figure[]> {
  const spec: ExperimentSpecInput = {
    name: "large sweep",
    dataset: "glyphs-small",
    model: "resnet8",
    recipe: "debug",
    budgets: Array.from({ length: 100 }, (_, index) => 1_000 + index),
    seeds: { count: trials / 100 },
  };
  const headers = { authorization: `Bearer ${credentials?.token}`, "content-type": "application/json" };
  // Not by the client: it would read 8 MB of plan in the process that measures how long others wait.
  const ask = async (method: "GET" | "POST", path: string, body?: object) => {
    const response = await fetch(`${address}/api/v1${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    for await (const _ of response.body ?? []);
    return response.headers.get("location")?.replace("/api/v1", "") ?? "";
  };
  let experiment = "";
  const steps: [step: string, work: () => Promise<unknown>, atMost?: number][] = [
    ["plan", () => ask("POST", "/plans", spec), trials / 5],
    ["submit", async () => (experiment = await ask("POST", "/experiments", spec))],
    ["show", () => ask("GET", experiment)],
    ["cancel", () => ask("POST", `${experiment}/cancel`)],
  ];
  const figures: Figure[] = [];
  for (const [step, work, atMost] of steps) {
    const { took, longestWait } = await besideOthers(address as string, work);
    const what = `${step} ${trials.toLocaleString("en-US")} trials`;
    figures.push(
      { case: what, value: took, unit: "ms", ...(atMost !== undefined && { atMost }) },
      { case: `${what}, longest wait of another request`, value: longestWait, unit: "ms", atMost: 50 },
    );
  }
  return figures;
}

async function besideOthers(address: string, work: () => Promise<unknown>) {
  const began = performance.now();
  let over = false;
  let longestWait = 0;
  const others = async () => {
    while (!over) {
      const asked = performance.now();
      await (await fetch(new URL("/healthz", address))).text();
      longestWait = Math.max(longestWait, performance.now() - asked);
    }
  };
  await Promise.all([
    work().finally(() => {
      over = true;
    }),
    others(),
  ]);
  return { took: performance.now() - began, longestWait };
}
