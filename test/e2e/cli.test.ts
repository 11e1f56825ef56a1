/** What the command promises to programs: its exit codes, its JSON, and one line for whatever a person can mend. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { experimentSummarySchema, frontierSchema, modelSchema, planSchema } from "@reluctant/contracts";
import { type Caller, cancelExperiment, createExperiment } from "@reluctant/control";
import { experimentSpecSchema } from "@reluctant/stages/definitions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startApi } from "../api.ts";
import { helpOf } from "../cli-help.ts";

const main = join(import.meta.dirname, "../../apps/cli/dist/main.js");
let api: Awaited<ReturnType<typeof startApi>>;
let folder: string;
let activeId: string;
let cancelledId: string;
const points = { full: "1b5f2a90-0000-4000-8000-000000000001", other: "1b5f2a90-0000-4000-8000-000000000002" };

const spec = (change: object = {}) =>
  JSON.stringify({
    name: "x",
    dataset: "glyphs",
    model: "resnet8",
    recipe: "debug",
    budgets: ["10%"],
    seeds: [1],
    ...change,
  });

beforeAll(async () => {
  [api, folder] = await Promise.all([startApi(), mkdtemp(join(tmpdir(), "reluctant-cli-"))]);
  const identity: Caller = { team: "lab", teamId: api.teamId, name: "ada", role: "member" };
  const submit = async (name: string, seed = 1) => {
    const rawSpec = JSON.parse(spec({ name, seeds: [seed] }));
    const command = { identity, spec: experimentSpecSchema.parse(rawSpec), rawSpec };
    return (await createExperiment(api.control, command)).experimentId;
  };
  [activeId, cancelledId] = [await submit("active"), await submit("cancelled")];
  await reachTwoPoints(await submit("spare", 2)); // shares nothing with the others
  await cancelExperiment(api.control, { identity, experimentId: cancelledId });
  const files: Record<string, string> = {
    "good.yaml": spec(),
    "typo.yaml": spec({ budgts: 1 }),
    "model.yaml": spec({ model: "resnet9" }),
    "dataset.yaml": spec({ dataset: "nope" }),
    "tag.yaml": "name: x\nmodel: !!js/function 'function () {}'\n",
    "map-key.yaml": `${spec()}\n? {a: b}\n: c\n`,
    "broken.yaml": "name: [x\n",
    "aliases.yaml": `a: &a [${"x,".repeat(20)}]\nb: [${"*a,".repeat(200)}]\n`,
    "comparison.yaml": "title: x\ncommon: {}\ngroups: [{ title: x, experiments: [{ model: 1 }] }]\n",
    "weights.safetensors": "no such thing",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}, 60_000);

/** As if an experiment's distillation had reached two points whose ids begin alike. */
async function reachTwoPoints(experimentId: string): Promise<void> {
  const { prisma } = api.control.db;
  const trial = { trial: { experimentId } };
  const run = await prisma.stageRun.findFirstOrThrow({ where: { kind: "distillation", needs: { some: trial } } });
  const { definitionHash, model } = await prisma.experiment.findUniqueOrThrow({ where: { id: experimentId } });
  const { budget } = await prisma.trial.findFirstOrThrow({ where: { experimentId } });
  const { seed, datasetVersion } = run;
  const network = {
    stageRunId: run.id,
    datasetVersion,
    model,
    definitionHash,
    method: "senet",
    recipe: "debug",
    seed,
    budget,
  };
  const reached = { reluCount: Number(budget), convention: "unit", macs: 1, images: 1, gpuSeconds: 1 };
  const accuracies = { validationAccuracy: 0.9, testAccuracy: 0.9 };
  for (const [variant, id] of Object.entries(points))
    await prisma.frontierPoint.create({ data: { id, variant, ...network, ...reached, ...accuracies } });
}

afterAll(() => Promise.all([api?.close(), rm(folder, { recursive: true })]));

const env = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  RELUCTANT_URL: api.url,
  RELUCTANT_TOKEN: api.tokens.member,
});

interface Ended {
  code: number | string;
  stdout: string;
  stderr: string;
}
const reluctant = (args: string[], change: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  new Promise((resolve) =>
    execFile(
      process.execPath,
      [main, ...args],
      { cwd: folder, env: { ...env(), ...change } },
      (error, stdout, stderr) => resolve({ code: error ? (error.code ?? error.signal ?? "?") : 0, stdout, stderr }),
    ),
  );

/** What a command ends with, and what it says; ID is an active experiment's, GONE a cancelled one's. */
const endings: [args: string, code: number, said: RegExp, change?: NodeJS.ProcessEnv][] = [
  ["--version", 0, /^0\.1\.0\n$/],
  ["--help", 0, /Exit codes: 0 done, 1 failed, 2 wrong use/],
  ["ls", 0, /active/],
  ["plan good.yaml", 0, /stage runs/],
  ["watch GONE", 3, /^cancelled: cancelled/m],
  ["pause ID", 0, /^active: paused\n$/],
  ["why ID", 0, /every experiment that needs it is paused/],
  ["resume --search active", 0, /^active: active\n$/],
  ["priority ID high", 0, /^active: high priority\n$/],
  ["extend spare --seeds 7 --budgets 3%", 0, /^spare: active, \d+ trials\n$/],
  ["trials pause ID --method senet", 0, /^active: 1 of 1 trials changed, active\n$/],
  ["trials ID", 0, /^id +method .*\n\w{8} +senet +\S+ +1 +paused +high +–/],
  ["trials cancel ID", 2, /^error: say which trials: --trial names some, or --method/],
  ["trials resume ID --trial 0000", 1, /^error: the experiment has no trial 0000\n$/],
  ["trials resume ID --state paused", 0, /^active: 1 of 1 trials changed, active\n$/],
  ["teams", 0, /^team +weight +GPU-hours of late +quota\n/],
  // wrong use
  ["pause", 2, /^error: name experiments, or select them with --search or --owner\n$/],
  ["extend ID", 2, /^error: say what to add: --methods, --budgets or --seeds\n$/],
  ["priority ID urgent", 2, /Allowed choices are low, normal, high/],
  ["nonsense", 2, /unknown command 'nonsense'/],
  ["ls --nonsense", 2, /unknown option '--nonsense'/],
  ["ls --json --jsonl", 2, /cannot be used with option/],
  ["submit", 2, /missing required argument/],
  ["submit nowhere.yaml", 2, /^error: nowhere\.yaml: there is no such file or folder\n$/],
  ["submit .", 2, /^error: \.: that is a folder; a file is wanted\n$/],
  ["submit typo.yaml", 2, /^error: typo\.yaml is not a valid spec\n {2}budgts: is not a known field\n$/],
  ["plan model.yaml", 2, /^error: model: "resnet9" is not known; choose one of /],
  ["plan dataset.yaml", 2, /^error: dataset: "nope" is not registered here; choose one of glyphs\n$/],
  ["submit dataset.yaml", 2, /choose one of glyphs\n$/],
  [
    "submit tag.yaml",
    2,
    /^error: tag\.yaml: the tag \S*js\/function is not allowed, line 2, column 8; write plain values\n$/,
  ],
  ["submit map-key.yaml", 2, /^error: [^\n]+\n/],
  ["submit broken.yaml", 2, /^error: broken\.yaml is not YAML or JSON: [^\n]+\n$/],
  ["submit aliases.yaml", 2, /^error: aliases\.yaml is not YAML or JSON: Excessive alias count[^\n]+\n$/],
  ["compare comparison.yaml", 2, /^error: comparison\.yaml is not a valid comparison\n/],
  ["import nowhere --model resnet8 --dataset glyphs", 2, /^error: nowhere: there is no such file or folder\n$/],
  ["ls --api nonsense", 2, /^error: --api is "nonsense", not a URL such as /],
  ["ls", 2, /^error: RELUCTANT_URL is "localhost:7358", not a URL such as /, { RELUCTANT_URL: "localhost:7358" }],
  ["worker", 2, /^error: a worker needs DATABASE_URL: give it in the environment or as a flag\n$/],
  ["worker --join nowhere.env", 2, /^error: nowhere\.env: there is no such file or folder\n$/],
  ["worker --join . --workers 2 --all-gpus", 2, /'--all-gpus' cannot be used with option '--workers <n>'/],
  ["admin join-file", 2, /^error: admin join-file needs DATABASE_URL, or --database, of the owner\n$/],
  // failed
  ["ls", 1, /^error: Nothing answers at http:\/\/127\.0\.0\.1:9; /, { RELUCTANT_URL: "http://127.0.0.1:9" }],
  ["ls", 1, /^error: no API is named: [^\n]+RELUCTANT_URL\n$/, { RELUCTANT_URL: "" }],
  ["ls", 1, /^error: no token is given: /, { RELUCTANT_TOKEN: "" }],
  ["ls", 1, /^error: the API does not know this token; [^\n]+RELUCTANT_TOKEN\n$/, { RELUCTANT_TOKEN: "rlt_wrong" }],
  ["watch nonsense", 1, /^error: there is no experiment nonsense; list them with: reluctant ls\n$/],
  ["retry ID", 1, /^error: no trial of experiment \S+ failed or was cancelled\n$/],
  ["frontier glyphs resnet8", 0, / 1b5f2a90\n/],
  [`pi ${points.full}`, 0, /^submitted spare private inference: 1 trials, id \S+\n$/],
  [
    `pi ${points.full} --seeds 1`,
    2,
    /^error: 1b5f2a90 is one point of senet, of which --seeds can choose none: [^\n]+\n$/,
  ],
  [
    "pi 1b5f2a90",
    2,
    /^error: 1b5f2a90 begins the ids of several frontier points; give more digits of one of [^\n]+\n$/,
  ],
  ["pi nonsense", 1, /^error: there is no experiment and no frontier point nonsense; list them with: [^\n]+\n$/],
  [
    "pi 00000000-0000-4000-8000-000000000000",
    1,
    /^error: there is no experiment and no frontier point 00000000-0000-4000-8000-000000000000; [^\n]+\n$/,
  ],
  ["logs ID", 1, /^error: nothing of \S+ has begun yet\n$/],
  ["frontier nope resnet8", 1, /^error: dataset "nope" is not registered here; choose one of glyphs\n$/],
  [
    "import weights.safetensors --model resnet8 --dataset nope",
    1,
    /it is not registered here; choose one of glyphs\n$/,
  ],
  ["import weights.safetensors --model resnet8 --dataset glyphs", 1, /^error: weights\.safetensors: [^\n]+\n$/],
  [
    "export glyphs resnet8 --out good.yaml/x",
    1,
    /^error: \S*good\.yaml\/x\S*: a part of its path is a file, not a folder\n$/,
  ],
  [
    "export glyphs resnet8 --out nowhere",
    1,
    /^error: nowhere\/frontier\.(csv|svg): there is no such file or folder\n$/,
  ],
  ["up --data good.yaml/x", 1, /^error: \S*good\.yaml\/x\S*: a part of its path is a file, not a folder\n$/],
  ["demo --data good.yaml", 1, /^error: \S*good\.yaml: [^\n]+\n$/],
  ["up", 1, /127\.0\.0\.1:9[^\n]*nothing listens there[^\n]*\n$/, { DATABASE_URL: "postgresql://u:p@127.0.0.1:9/x" }],
];

describe("the command", () => {
  it.each(endings)("%s ends with %i", async (args, code, said, change) => {
    const given = args.split(" ").map((arg) => ({ ID: activeId, GONE: cancelledId })[arg] ?? arg);
    const ended = await reluctant(given, change);
    expect(ended.stdout + ended.stderr).toMatch(said);
    expect(ended.code).toBe(code);
    expect(ended.stderr).not.toMatch(/^\s+at |Warning:|node:internal/m);
  });

  it("ends with 130 in a shell when it is interrupted, and the experiment goes on", async () => {
    const child = spawn(process.execPath, [main, "watch", activeId], { cwd: folder, env: env(), stdio: "pipe" });
    const [shown] = await once(createInterface(child.stdout), "line");
    expect(shown).toContain("0/4 stage runs done");
    expect(await endOf(child)).toBe("SIGINT"); // 128 + 2 to a shell
    expect(await api.pool.query("select state from experiment where id = $1", [activeId])).toMatchObject({
      rows: [{ state: "active" }],
    });
  });

  it("ends quietly when its reader has had enough", async () => {
    const script = `"$0" "$1" models | true; echo "\${PIPESTATUS[0]}"; "$0" "$1" ls --nonsense 2>&1 | true; echo "\${PIPESTATUS[0]}"`;
    const child = spawn("bash", ["--norc", "-c", script, process.execPath, main], {
      cwd: folder,
      env: env(),
      stdio: "pipe",
    });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => said.push(String(bytes)));
    await once(child, "close");
    expect(said.join("")).toBe("0\n2\n");
  });

  it("hears RELUCTANT_API, the former name, and says so once", async () => {
    const { code, stdout, stderr } = await reluctant(["ls"], { RELUCTANT_URL: undefined, RELUCTANT_API: api.url });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^RELUCTANT_API is now called RELUCTANT_URL;[^\n]+\n$/),
    });
    expect(stdout).toContain("active");
    expect((await reluctant(["ls"], { RELUCTANT_API: "http://127.0.0.1:9" })).stderr).toBe("");
  });
});

const endOf = async (child: ChildProcess) => {
  child.kill("SIGINT");
  const [code, signal] = await once(child, "exit");
  return code ?? signal;
};

/** Every command that prints JSON, and what: `--json` one value on one line, `--jsonl` one item a line. */
const shapes: [args: string, shape: z.ZodType][] = [
  ["ls --json", z.array(experimentSummarySchema).min(2)],
  ["ls --jsonl", experimentSummarySchema],
  ["models --json", z.array(modelSchema).min(2)],
  ["models --jsonl", modelSchema],
  ["plan good.yaml --json", planSchema],
  ["submit good.yaml --json", experimentSummarySchema],
  ["frontier glyphs resnet8 --json", frontierSchema],
];

describe("JSON", () => {
  it.each(shapes)("of %s has its contract's shape", async (args, shape) => {
    const { code, stdout, stderr } = await reluctant(args.split(" "));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    if (args.endsWith("--json")) expect(lines).toHaveLength(1);
    else expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) shape.parse(JSON.parse(line));
  });

  it("of an empty list is an empty array, or no line", async () => {
    const nothing = ["ls", "--search", "nothing-is-called-so"];
    expect((await reluctant([...nothing, "--json"])).stdout).toBe("[]\n");
    expect((await reluctant([...nothing, "--jsonl"])).stdout).toBe("");
  });

  it("is on stdout alone while an experiment is watched", async () => {
    await writeFile(join(folder, "watched.yaml"), spec({ name: "watched" }));
    const args = [main, "submit", "watched.yaml", "--watch", "--json"];
    const child = spawn(process.execPath, args, { cwd: folder, env: env(), stdio: "pipe" });
    const [line] = await once(createInterface(child.stdout), "line");
    const { id } = experimentSummarySchema.parse(JSON.parse(line));
    const identity: Caller = { team: "lab", teamId: api.teamId, name: "ada", role: "member" };
    await once(child.stderr, "data"); // its progress
    await cancelExperiment(api.control, { identity, experimentId: id });
    const rest: string[] = [];
    child.stdout.on("data", (bytes) => rest.push(String(bytes)));
    expect((await once(child, "close"))[0]).toBe(3);
    expect(rest).toEqual([]);
  });

  it("is offered by exactly these commands and masks, and lines by every list", async () => {
    const help = (await reluctant(["--help"])).stdout;
    const commands = [...help.matchAll(/^ {2}([a-z-]+)(?:\|[a-z]+)? /gm)]
      .map(([, name = ""]) => name)
      .filter((name) => name !== "help");
    expect(commands.length).toBeGreaterThan(10);
    const groups: Record<string, string[]> = { workers: ["workers", "list"], teams: ["teams", "list"] };
    const offered = (flag: RegExp) => commands.filter((name) => flag.test(helpOf(...(groups[name] ?? [name])))).sort();
    expect(offered(/^ +--json /m)).toEqual([
      "datasets",
      "frontier",
      "ls",
      "masks",
      "models",
      "plan",
      "submit",
      "teams",
      "why",
      "workers",
    ]);
    expect(offered(/^ +--jsonl /m)).toEqual(["ls", "models", "teams", "why", "workers"]);
  });
});
