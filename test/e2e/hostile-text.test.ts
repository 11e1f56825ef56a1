/** What workers and people wrote reaches a terminal as text only: no control character of theirs is ever sent to one. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  appendLog,
  type Caller,
  claimAttempt,
  createExperiment,
  dispatch,
  failAttempt,
  registerWorker,
} from "@reluctant/control";
import { experimentSpecSchema } from "@reluctant/stages/definitions";
import { engineOf, versionsOf } from "@reluctant/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { glyphs, startApi } from "../api.ts";

/** Writes the clipboard, clears the screen, moves up a line, rings; a C1 introducer, a DEL, a right-to-left override. */
const hostile = "\u001b]52;c;cm0gLXJmIH4=\u0007\u001b[2J\u001b[1A\u009b31m\u007f\u0085\u202etxt.exe\u2069";
const shown = "\\x1b]52;c;cm0gLXJmIH4=\\x07\\x1b[2J\\x1b[1A\\x9b31m\\x7f\\x85\\u202etxt.exe\\u2069";
/** All that may act on a terminal beside the end of a line and a tab. */
const acting = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

const main = join(import.meta.dirname, "../../apps/cli/dist/main.js");
let api: Awaited<ReturnType<typeof startApi>>;
let folder: string;
let experimentId: string;

/** Runs the command; answers all that it said. */
const reluctant = (...args: string[]): Promise<{ stdout: string; stderr: string; code: number }> =>
  new Promise((resolve) =>
    execFile(
      process.execPath,
      [main, ...args, "--api", api.url],
      { cwd: folder, env: { ...process.env, RELUCTANT_TOKEN: api.tokens.member } },
      (error, stdout, stderr) => resolve({ stdout, stderr, code: error ? Number(error.code) : 0 }),
    ),
  );

beforeAll(async () => {
  [api, folder] = await Promise.all([startApi(), mkdtemp(join(tmpdir(), "reluctant-hostile-"))]);
  const { control, pool, teamId } = api;
  const identity: Caller = { team: "lab", teamId, name: "ada", role: "member" };
  const spec = experimentSpecSchema.parse({
    name: "plain",
    dataset: "glyphs",
    model: "resnet8",
    recipe: "debug",
    budgets: ["10%"],
    seeds: [1],
  });
  ({ experimentId } = await createExperiment(control, { identity, spec, rawSpec: spec }));
  const { workerId } = await registerWorker(control, {
    name: "plain",
    hostname: "plain",
    pool: "default",
    engine: engineOf(),
    versions: versionsOf(),
    datasets: [glyphs.version],
    preparingDatasets: [],
    unusableDatasets: [],
  });
  const [born] = await dispatch(control);
  const attemptId = born?.attemptId as string;
  const claimed = await claimAttempt(control, { attemptId, workerId });
  if (claimed.outcome !== "claimed") throw new Error("the attempt was not claimed");
  const { epoch } = claimed;
  const bytes = Buffer.from(`step 1\tloss 2\r\n 10 %\r 20 %\n${hostile}\n`);
  await appendLog(control, { attemptId, epoch, offset: 0, bytes });
  const failure = { code: "bad-input", fatal: true, message: `boom ${hostile}\nerror: all is lost`, step: 1 } as const;
  await failAttempt(control, { attemptId, epoch, failure });
  // An older version stored such names.
  await pool.query("update experiment set name = $1 where id = $2", [`old ${hostile}`, experimentId]);
  await pool.query("update worker set name = $1, hostname = $1", [`old ${hostile}`]);
  await pool.query("update dataset set name = $1", [`old ${hostile}`]);
  await writeFile(
    join(folder, "spec.yaml"),
    "name: x\ndataset: nope\nmodel: resnet8\nrecipe: debug\nbudgets: 10%\nseeds: [1]\n",
  );
  await writeFile(join(folder, "odd.yaml"), `name: "\\e]52;c;YQ==\\a"\ndataset: "\\u202e"\n"\\e[2J": 1\n`);
}, 60_000);
afterAll(() => Promise.all([api?.close(), rm(folder, { recursive: true })]));

describe("the text of workers and people", () => {
  it("shows in a log what its control characters are; lines and tabs stay, and nothing is overwritten", async () => {
    const { stdout, stderr } = await reluctant("logs", experimentId);
    expect(stdout).toBe(`step 1\tloss 2\n 10 %\n 20 %\n${shown}\n`);
    expect(stderr).not.toMatch(acting);
  });

  it.each([
    ["a list", ["ls"], `old ${shown}`],
    ["a failure's reason", ["watch", "ID"], `boom ${shown}\\nerror: all is lost`],
    ["names that the API answers with", ["plan", "spec.yaml"], `old ${shown}`],
    ["a spec's fields", ["submit", "odd.yaml"], "\\x1b[2J"],
    ["an argument", ["logs", "\u001b[2J"], "\\x1b[2J"],
    ["an unknown command", ["\u001b[2J"], "\\x1b[2J"],
  ])("shows them in %s", async (_, args, text) => {
    const { stdout, stderr } = await reluctant(...args.map((arg) => (arg === "ID" ? experimentId : arg)));
    expect(stdout + stderr).toContain(text);
    expect(stdout + stderr).not.toMatch(acting);
  });

  it("is exact in JSON, which holds no control character either", async () => {
    const { stdout } = await reluctant("ls", "--json");
    expect(stdout).not.toMatch(acting);
    expect(JSON.parse(stdout)[0].name).toBe(`old ${hostile}`);
  });

  it("stays readable over the API where an older version stored it", async () => {
    const workers = await (await api.request("/api/v1/workers")).json();
    expect((workers as { items: { name: string }[] }).items[0]?.name).toBe(`old ${hostile}`);
  });
});
