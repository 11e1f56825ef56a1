/** The role of Postgres that workers may connect as does all that a worker does, and nothing else. */
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { postgresArtifacts } from "@reluctant/artifacts";
import {
  appendLog,
  beatAttempt,
  beatWorker,
  claimAttempt,
  completeAttempt,
  type Deps,
  dispatch,
  failAttempt,
  leaveWorker,
  recordCheckpoint,
  registerDataset,
  registerWorker,
  releaseAttempt,
  writeMetrics,
} from "@reluctant/control";
import { checkForWorker, type Database, makeWorkerRole, openDatabase, sql } from "@reluctant/db";
import { bytesOf, datasetOf, engineOf, type Kit, resultOf, setup, versionsOf } from "@reluctant/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "./files.ts";

const name = `worker_${process.pid}_${Date.now()}`;
let kit: Kit;
let role: Database;
/** What workers connect with. */
let roleUrl: string;
let asRole: pg.Client;
/** What a worker has. */
let deps: Deps;
beforeAll(async () => {
  kit = await setup();
  const { url } = await makeWorkerRole(kit.databaseUrl, { name });
  roleUrl = url as string;
  role = openDatabase(roleUrl, { poolSize: 4 });
  deps = { ...kit.deps, db: role, artifacts: postgresArtifacts(role) };
  asRole = new pg.Client({ connectionString: roleUrl });
  await asRole.connect();
});
afterAll(async () => {
  await asRole.end();
  await role.close();
  await kit.db.prisma.$executeRawUnsafe(`drop owned by ${name}`);
  await kit.close();
  const admin = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  await admin.connect();
  await admin.query(`drop role ${name}`);
  await admin.end();
});

/** Those of the sources that workers call, and of what these import: by each name, where it is used. */
function statementsOfWorkers(): Map<string, string> {
  const commands = ["append-log", "beat-attempt", "beat-worker", "claim-attempt", "complete-attempt", "fail-attempt"];
  const more = [
    "hand-back-attempt",
    "tell-datasets",
    "leave-worker",
    "record-checkpoint",
    "register-worker",
    "release-attempt",
    "write-metrics",
  ];
  const files = [...commands, ...more].map((file) => join(root, "packages/control/src", `${file}.ts`));
  const seen = new Set<string>();
  const found = new Map<string, string>();
  const visit = (file: string) => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, statement = ""] of text.matchAll(/\bsql\.([a-z]\w+)/g)) found.set(statement, file);
    for (const [, from = ""] of text.matchAll(/^(?:import|export)(?! type\b)[^;]*? from "(\.[^"]+)";$/gm))
      visit(join(dirname(file), from));
  };
  for (const file of files) visit(file);
  return found;
}

const migrations = join(root, "prisma/migrations");
const killed = { code: "child-exit", fatal: false, message: "it was killed", step: null } as const;

/** Of the artifact store and of data sets, whose files hold more than what workers do. */
const others = `
  registerDataset registerDatasetVersion addDatasetName keepDatasetCard datasetParts beginUpload putChunk
  nameArtifact dropUpload holdArtifact storeArtifact refreshArtifact lockName artifactChunk storedArtifact claimArtifact
  completeArtifact adoptArtifact dropChunks moveChunks
`
  .trim()
  .split(/\s+/);

describe("the role of workers", () => {
  test("it may run each statement of the commands that workers give", async () => {
    const names = [...statementsOfWorkers().keys(), ...others].filter((each) => each !== "recordRound"); // a coordinator's
    expect(names.length).toBeGreaterThan(40);
    const refused: string[] = [];
    for (const statement of names) {
      const { text } = sql[statement as keyof typeof sql] as { text: string };
      await asRole
        .query(`explain (generic_plan) ${text}`)
        .catch(({ message }: Error) => refused.push(`${statement}: ${message}`));
    }
    expect(refused).toEqual([]);
  });

  test("it carries a worker through claims, checkpoints, failures, releases and results, and out", async () => {
    await registerDataset(deps, datasetOf());
    const { workerId } = await registerWorker(deps, {
      name: "least",
      hostname: "test",
      pool: "default",
      engine: engineOf(),
      versions: versionsOf(),
      datasets: [kit.dataset.version],
      preparingDatasets: [],
      unusableDatasets: [],
    });
    const { experimentId: id } = await kit.submit({ budgets: ["10%"] });
    let step = 0;
    const endings = ["preempted", "failed"];
    const carry = async (attemptId: string): Promise<void> => {
      const claimed = await claimAttempt(deps, { attemptId, workerId });
      if (claimed.outcome !== "claimed") throw new Error(JSON.stringify(claimed));
      const { epoch, assignment } = claimed;
      const ours = { attemptId, epoch };
      await beatWorker(deps, { workerId, state: "busy" });
      expect(await beatAttempt(deps, ours)).toEqual({ answer: "go on" });
      const { sha256 } = await deps.artifacts.put({ attemptId, mediaType: "a/b", bytes: bytesOf(attemptId) });
      expect(await recordCheckpoint(deps, { ...ours, step: ++step, sha256 })).toBe("written");
      expect(await deps.artifacts.get(sha256)).not.toBeNull();
      expect(await appendLog(deps, { ...ours, offset: 0, bytes: Buffer.from("a line\n") })).toBe("written");
      expect(await writeMetrics(deps, { ...ours, points: [{ step: 1, series: "loss", value: 1 }] })).toBe("written");
      const ending = endings.shift();
      if (ending === "preempted") await releaseAttempt(deps, { ...ours, as: ending, step: 1 });
      else if (ending) await failAttempt(deps, { ...ours, failure: killed });
      else {
        const artifacts = await kit.artifactsOf({ ...ours, assignment });
        const result = resultOf(assignment.params, 0.9);
        expect(await completeAttempt(deps, { ...ours, result, artifacts })).toEqual({ outcome: "completed" });
      }
    };
    for (let born = await dispatch(kit.deps); born.length > 0; born = await dispatch(kit.deps))
      for (const { attemptId } of born) await carry(attemptId);
    expect(await kit.db.prisma.experiment.findUnique({ where: { id } })).toMatchObject({ state: "finished" });
    expect(endings).toEqual([]);
    await leaveWorker(deps, { workerId });
  });

  test.each([
    "select * from api_token",
    "insert into api_token (name) values ('x')",
    "select * from session",
    "select * from login_link",
    "select * from audit_event",
    "select * from team",
    "update team set weight = 100",
    "select * from spec_revision",
    "update experiment set priority = 2",
    "update experiment set team_id = team_id",
    "delete from experiment",
    "insert into trial (experiment_id) values (null)",
    "delete from need",
    "insert into stage_run (kind) values ('train')",
    "delete from stage_run",
    "insert into attempt (number) values (1)",
    "delete from attempt",
    "update artifact_chunk set bytes = ''",
    "delete from event",
    "select * from leader",
    "update leader set holder = 'me'",
    "select * from outbox",
    "truncate stage_run",
    "drop table stage_run",
    "create table mine ()",
    "alter role current_user createrole",
    "select pg_read_file('PG_VERSION')",
  ])("it is refused: %s", async (statement) => {
    await expect(asRole.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  test("artifacts that are in use it cannot take away", async () => {
    await expect(
      asRole.query("delete from artifact where sha256 in (select sha256 from stage_run_artifact)"),
    ).rejects.toThrow("foreign key");
  });

  test("who joins hears that it fits, or which right it lacks and how to get it", async () => {
    const { clockAheadMs } = await checkForWorker(roleUrl, migrations);
    expect(Math.abs(clockAheadMs)).toBeLessThan(1_000); // of the same machine
    await kit.db.prisma.$executeRawUnsafe(`revoke update (released_at) on need from ${name}`);
    await expect(checkForWorker(roleUrl, migrations)).rejects.toThrow(
      `run \`npx reluctant admin worker-role --name ${name}\` as the database's owner (it lacks update on need)`,
    );
    await makeWorkerRole(kit.databaseUrl, { name });
    await checkForWorker(roleUrl, migrations);
  });

  test("who joins with a checkout of another version hears which of the two is older", async () => {
    const folder = await mkdtemp(join(tmpdir(), "reluctant-migrations-"));
    try {
      await expect(checkForWorker(roleUrl, folder)).rejects.toThrow(
        /^DATABASE_URL: the installation is newer, it has \d+_\w+ where this checkout ends with nothing: bring the checkout to its version$/,
      );
      await cp(migrations, folder, { recursive: true });
      await mkdir(join(folder, "99999999999999_next"));
      await expect(checkForWorker(roleUrl, folder)).rejects.toThrow(
        /^DATABASE_URL: the installation is older, it ends with \d+_\w+ and lacks 99999999999999_next of this checkout: upgrade it, or take a checkout of its version$/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each<[what: string, changes: Partial<URL>, told: RegExp]>([
    ["nobody listens", { port: "9" }, /^DATABASE_URL: Postgres at [\d.]+:9 does not answer \(ECONNREFUSED\)/],
    ["the password is wrong", { password: "guessed" }, /refuses: password authentication failed for user "worker_/],
    ["there is no such database", { pathname: "/nowhere" }, /refuses: database "nowhere" does not exist$/],
    ["it is an empty one", { pathname: "/postgres" }, /the database postgres holds no installation: migrate it first$/],
    ["it is no URL", { hostname: "" }, /^DATABASE_URL must be postgresql:/],
  ])("who joins hears that %s", async (_, { hostname, ...changes }, told) => {
    const url = hostname === "" ? "lab" : Object.assign(new URL(roleUrl), changes).href;
    const message = await checkForWorker(url, migrations).catch((error: Error) => error.message);
    expect(message).toMatch(told);
    expect(message).not.toContain("guessed");
  });

  test("made again it keeps its password, and loses what was added to it", async () => {
    await kit.db.prisma.$executeRawUnsafe(`grant select on team to ${name}`);
    expect(await makeWorkerRole(kit.databaseUrl, { name })).toEqual({ name, url: null });
    await expect(asRole.query("select * from team")).rejects.toThrow("permission denied");
  });

  test("a name that is none for a role, or that of a mightier one, is refused", async () => {
    const making = (wrong: string) => makeWorkerRole(kit.databaseUrl, { name: wrong });
    await expect(making('x"; drop table team')).rejects.toThrow("small letters");
    const { username } = new URL(kit.databaseUrl);
    await expect(making(username)).rejects.toThrow(`the role ${username} is there, and may do more`);
  });
});
