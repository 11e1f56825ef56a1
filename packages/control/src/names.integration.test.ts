/** Names come in restricted, by whichever way: nobody can put into the store what would act on a reader's terminal. */
import { ReluctantError } from "@reluctant/contracts";
import { datasetOf, engineOf, type Kit, setup, versionsOf } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLoginLink, createToken, ensureTeam, registerDataset, registerWorker } from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

const worker = () => ({
  name: "gpu-1",
  hostname: "gpu-1",
  pool: "default",
  engine: engineOf(),
  versions: versionsOf(),
  datasets: [kit.dataset.version],
  preparingDatasets: [],
  unusableDatasets: [],
});
const credential = { team: "lab", name: "ada", role: "member" } as const;
const hostile = ["\u001b]52;c;YQ==\u0007", "a\nb", "\u009b2J", "\u007f", "\u202eexe.txt"];

/** Every way in, by the field that is named in the refusal. */
const ways: [field: string, store: (name: string) => Promise<unknown>][] = [
  ["name", (name) => registerWorker(kit.deps, { ...worker(), name })],
  ["hostname", (hostname) => registerWorker(kit.deps, { ...worker(), hostname })],
  ["pool", (pool) => registerWorker(kit.deps, { ...worker(), pool })],
  ["engine.backend", (backend) => registerWorker(kit.deps, { ...worker(), engine: engineOf({ backend }) })],
  ["engine.device", (device) => registerWorker(kit.deps, { ...worker(), engine: engineOf({ device }) })],
  [
    "engine.versions",
    (name) => registerWorker(kit.deps, { ...worker(), engine: engineOf({ versions: { [name]: "1" } }) }),
  ],
  ["engine.versions", (name) => registerWorker(kit.deps, { ...worker(), engine: engineOf({ versions: { a: name } }) })],
  ["versions", (name) => registerWorker(kit.deps, { ...worker(), versions: { [name]: 1 } })],
  ["name", (name) => registerDataset(kit.deps, datasetOf({ name, version: "1".repeat(64) }))],
  ["classes[0]", (name) => registerDataset(kit.deps, datasetOf({ classes: [name], version: "1".repeat(64) }))],
  ["name", (name) => createToken(kit.deps, { ...credential, name })],
  ["name", (team) => createToken(kit.deps, { ...credential, team })],
  ["name", (name) => createLoginLink(kit.deps, { ...credential, name })],
  ["name", (name) => ensureTeam(kit.deps, { name })],
];

test.each(ways)("%s is refused with control characters, and the refusal names it (way %#)", async (field, store) => {
  for (const name of hostile) {
    const error = await store(name).then(
      () => null,
      (refused: unknown) => refused,
    );
    expect(error).toBeInstanceOf(ReluctantError);
    expect((error as ReluctantError).code).toBe("invalid-request");
    expect((error as ReluctantError).errors[0]?.field).toContain(field);
  }
  expect(await kit.db.prisma.worker.count()).toBe(0);
});

test("any script is welcome in what is only read", async () => {
  await registerWorker(kit.deps, { ...worker(), engine: engineOf({ device: "CPU – 八核" }) });
  const dataset = await registerDataset(
    kit.deps,
    datasetOf({ name: "fruit", version: "1".repeat(64), classes: ["Äpfel", "蘋果"] }),
  );
  expect(dataset.classes).toEqual(["Äpfel", "蘋果"]);
  expect(await kit.db.prisma.worker.findFirst()).toMatchObject({ engine: { device: "CPU – 八核" } });
});
