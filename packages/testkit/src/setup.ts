import { randomBytes } from "node:crypto";
import { postgresArtifacts } from "@reluctant/artifacts";
import type { ArtifactRef, ExperimentSpecInput, Role, WorkerRegistration } from "@reluctant/contracts";
import {
  type Caller,
  type ClaimedAssignment,
  claimAttempt,
  completeAttempt,
  createExperiment,
  type Deps,
  dispatch,
  ensureTeam,
  type NotificationName,
  registerDataset,
  registerWorker,
} from "@reluctant/control";
import { openDatabase } from "@reluctant/db";
import { experimentSpecSchema } from "@reluctant/stages/definitions";
import { bytesOf, datasetOf, engineOf, resultOf, rolesOf, sentSpecOf, variantsOf, versionsOf } from "./builders.ts";
import { createTestDatabase, testRedisUrl } from "./database.ts";

/** A claimed attempt, as its worker holds it. */
export interface Claim {
  attemptId: string;
  epoch: number;
  assignment: ClaimedAssignment;
}

const timesOf = {
  attempt: ["queued_at", "started_at", "ended_at", "lease_expires_at"],
  worker: ["started_at", "last_beat_at", "left_at", "drained_at", "trusted_since", "quarantined_until"],
  stage_run: ["retry_at"],
  leader: ["expires_at", "last_round_at", "answered_at", "answering_since"],
  event: ["at"],
  log_chunk: ["at"],
};

export type Kit = Awaited<ReturnType<typeof setup>>;

/**
 * A database of one's own with a dataset in it, and short ways to the states that tests begin from. Everything goes
 * through the commands that the system itself uses. Call `close` in `afterAll`: it fails when a connection is left.
 */
export async function setup() {
  const database = await createTestDatabase();
  const db = openDatabase(database.url, { poolSize: 8 });
  const published: NotificationName[] = [];
  const notifications = { publish: (...names: NotificationName[]) => void published.push(...names) };
  const deps: Deps = { db, artifacts: postgresArtifacts(db), notifications };
  const dataset = await registerDataset(deps, datasetOf());

  const caller = async (team = "lab", role: Role = "member"): Promise<Caller> => ({
    team,
    name: `${role} of ${team}`,
    role,
    teamId: await ensureTeam(deps, { name: team }),
  });

  /** A registered worker of the default pool that can run everything. */
  const worker = async (change: Partial<WorkerRegistration> = {}) => {
    const name = change.name ?? `worker-${randomBytes(4).toString("hex")}`;
    const defaults = {
      hostname: "test",
      pool: "default",
      engine: engineOf(),
      versions: versionsOf(),
      datasets: [dataset.version],
      preparingDatasets: [],
      unusableDatasets: [],
    };
    return (await registerWorker(deps, { ...defaults, ...change, name })).workerId;
  };

  const submit = async (change: Partial<ExperimentSpecInput> = {}, identity?: Caller) => {
    const rawSpec = sentSpecOf(change);
    const spec = experimentSpecSchema.parse(rawSpec);
    return createExperiment(deps, { identity: identity ?? (await caller()), spec, rawSpec });
  };

  /** Claims an attempt that must be claimable. */
  const claim = async (attemptId: string, workerId: string): Promise<Claim> => {
    const answer = await claimAttempt(deps, { attemptId, workerId });
    if (answer.outcome !== "claimed")
      throw new Error(`attempt ${attemptId} was not claimed: ${JSON.stringify(answer)}`);
    return { attemptId, epoch: answer.epoch, assignment: answer.assignment };
  };

  /** Stores small artifacts of the roles that a claim's stage leaves. */
  const artifactsOf = async ({ attemptId, assignment }: Claim): Promise<ArtifactRef[]> => {
    const mediaType = "application/octet-stream";
    const wanted = variantsOf(assignment.params).flatMap((variant) =>
      rolesOf[assignment.params.kind].map((role) => ({ role, variant })),
    );
    return Promise.all(
      wanted.map(async ({ role, variant }) => {
        const bytes = bytesOf(`${role} ${variant} of ${assignment.stageRunId}`);
        return { role, variant, mediaType, ...(await deps.artifacts.put({ attemptId, mediaType, bytes })) };
      }),
    );
  };

  /** Completes a claimed attempt with a made-up result. */
  const succeed = async (claimed: Claim, accuracy = 0.9) => {
    const { attemptId, epoch, assignment } = claimed;
    const result = resultOf(assignment.params, accuracy);
    return completeAttempt(deps, { attemptId, epoch, result, artifacts: await artifactsOf(claimed) });
  };

  /** Runs all that is ready, and what becomes ready by it, to success on one worker. Answers the stage runs in order. */
  const drain = async (workerId: string, accuracy = 0.9): Promise<string[]> => {
    const done: string[] = [];
    for (let born = await dispatch(deps); born.length > 0; born = await dispatch(deps)) {
      for (const { attemptId, stageRunId } of born) {
        await succeed(await claim(attemptId, workerId), accuracy);
        done.push(stageRunId);
      }
    }
    return done;
  };

  /** Lets time pass: every time that leases and retries are judged by moves so far back, since Postgres' clock cannot be set. */
  const pass = async (seconds: number): Promise<void> => {
    for (const [table, columns] of Object.entries(timesOf)) {
      const moved = columns.map((column) => `${column} = ${column} - $1::float8 * interval '1 second'`);
      await db.prisma.$executeRawUnsafe(`update ${table} set ${moved.join(", ")}`, seconds);
    }
  };

  return {
    db,
    deps,
    /** What commands have published. */
    published,
    dataset,
    pass,
    databaseUrl: database.url,
    redis: { url: testRedisUrl(), prefix: `test-${randomBytes(8).toString("hex")}` },
    caller,
    worker,
    submit,
    claim,
    artifactsOf,
    succeed,
    drain,
    async close() {
      await db.close();
      await database.drop();
    },
  };
}
