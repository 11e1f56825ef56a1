import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Holding, takeFolder } from "./exclusive-folder.ts";
import { identify } from "./process-group.ts";

let root: string;
let folder: string;
let bundle: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "reluctant-machine-"));
  bundle = join(root, "bundle.mjs");
  const entry = join(import.meta.dirname, "exclusive-folder.ts");
  await build({ entryPoints: [entry], outfile: bundle, bundle: true, platform: "node", format: "esm" });
});
beforeEach(() => {
  folder = join(root, crypto.randomUUID());
});
afterAll(() => rm(root, { recursive: true }));

/** A process that tries to take the folder, says what came of it, and stays until it is killed. */
async function contender() {
  const script = `
    import { takeFolder } from ${JSON.stringify(bundle)};
    const taken = await takeFolder(${JSON.stringify(folder)}, (before) => (before ?? 0) + 1);
    console.log(JSON.stringify("holding" in taken ? { content: taken.holding.content } : { heldBy: taken.heldBy.pid }));
    setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(child.stdout), "line");
  const end = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { pid: child.pid as number, said: JSON.parse(line) as { content?: number; heldBy?: number }, end };
}

const mine = async (begin: (inherited: string | null) => string): Promise<Holding<string>> => {
  const taken = await takeFolder(folder, begin);
  if (!("holding" in taken)) throw new Error("it is held");
  return taken.holding;
};

test("of many that start at once at most one holds the folder, and each heir of the dead goes on from what they left", async () => {
  for (let round = 1; round <= 3; round++) {
    const contenders = await Promise.all([1, 2, 3, 4].map(contender));
    const holders = contenders.filter(({ said }) => said.content !== undefined);
    expect(holders.map(({ said }) => said.content)).toEqual([round]);
    const [holder] = holders;
    for (const { pid, said } of contenders) if (pid !== holder?.pid) expect(said.heldBy).toBe(holder?.pid);
    await Promise.all(contenders.map(({ end }) => end()));
  }
});

test("a released folder is free and leaves nothing; what was written is what the next one inherits from the dead", async () => {
  const first = await mine(() => "first");
  expect(await takeFolder(folder, () => "second")).toMatchObject({ heldBy: { pid: process.pid } });
  await first.write("changed");
  const [file] = await readdir(folder);
  expect(JSON.parse(await readFile(join(folder, file as string), "utf8"))).toMatchObject({ content: "changed" });
  await first.release();
  expect(await readdir(folder)).toEqual([]);
  expect((await mine((inherited) => inherited ?? "none")).content).toBe("none");
});

test.each([
  ["dead on this machine", { startTime: "1" }, "left"],
  ["of another machine or container", { startTime: "1", place: "another" }, "fresh"],
])(
  "a holder that is %s gives way, and its content goes on only where its death is proven",
  async (_, change, content) => {
    await (await mine(() => "left")).release();
    const entry = { process: { ...(await identify(process.pid)), ...change }, content: "left" };
    await writeFile(join(folder, "7"), JSON.stringify(entry));
    await writeFile(join(folder, "6"), "{ cut sho");
    expect((await mine((inherited) => inherited ?? "fresh")).content).toBe(content);
    expect(await readdir(folder)).toEqual(["8"]);
  },
);
