import { electLeader } from "@reluctant/control";
import { createConsumer, createNotifications, createProducer, openRedis, queueNames } from "@reluctant/queue";
import { createLogger } from "@reluctant/telemetry";
import { type Kit, setup as setupKit } from "@reluctant/testkit";
import { afterEach, expect, test, vi } from "vitest";
import { dispatcher } from "./dispatcher.ts";
import { leaderName, leadership } from "./leadership.ts";
import { leaseExpirer } from "./lease-expirer.ts";
import { reconciler } from "./reconciler.ts";
import { relay } from "./relay.ts";
import type { Service } from "./service.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An installation with one free worker and one submitted experiment, and the services that bring it its jobs. */
async function setup() {
  const kit: Kit = await setupKit();
  const log = createLogger({ name: "coordinator", level: "silent" });
  const redis = openRedis({ ...kit.redis, log });
  await redis.ready();
  const producer = createProducer(redis);
  const notifications = createNotifications(redis);
  cleanUps.push(
    () => kit.close(),
    () => redis.close(),
    () => producer.close(),
  );
  const { deps } = kit;
  const relays = relay({ deps, producer, notifications, holder: "c1", log });
  const dispatches = dispatcher({ deps, holder: "c1", onDispatched: relays.send, log });
  const run = (service: Service) => {
    service.start();
    cleanUps.push(() => service.stop());
  };
  const workerId = await kit.worker();
  await kit.submit({ until: "train", budgets: undefined });
  const consumer = createConsumer({ redis, queues: queueNames("default"), workerName: "w1" });
  cleanUps.push(() => consumer.close());
  /** Its jobs are lost on the way to the relay, as by a crash. */
  const dispatchesAlone = dispatcher({ deps, holder: "c1", onDispatched: () => {}, log });
  return {
    ...kit,
    redis,
    dispatchesAlone,
    producer,
    workerId,
    relays,
    dispatches,
    reconciles: reconciler({ deps, producer, notifications, log }),
    run,
    log,
    next: () => consumer.next(AbortSignal.timeout(10_000)),
    forget: async () => redis.client.del(await redis.client.keys(`${redis.prefix}:*`)),
  };
}

test("a stage run that is ready reaches a waiting worker, and its announcement is marked as sent", async () => {
  const { relays, dispatches, run, next, claim, workerId, db } = await setup();
  run(relays);
  run(dispatches);
  const delivery = await next();
  const { attemptId } = await claim(delivery?.payload.attemptId as string, workerId);
  await vi.waitFor(
    async () => expect(await db.prisma.outbox.findMany()).toMatchObject([{ attemptId, sentAt: expect.any(Date) }]),
    10_000,
  );
  await delivery?.finish({ state: "completed" });
});

test("a row that a relay claimed and did not send is sent by the next", async () => {
  const { relays, dispatchesAlone, run, next, db } = await setup();
  run(dispatchesAlone);
  await vi.waitFor(async () => expect(await db.prisma.outbox.count()).toBe(1), 10_000);
  await db.prisma.outbox.updateMany({ data: { claimedBy: "dead", claimedAt: new Date(Date.now() - 60_000) } });
  run(relays);
  expect(await next()).not.toBeNull();
});

test("what a relay claimed before it was killed is sent at once by the one that follows it under its name", async () => {
  const { relays, dispatchesAlone, run, next, db } = await setup();
  run(dispatchesAlone);
  await vi.waitFor(async () => expect(await db.prisma.outbox.count()).toBe(1), 10_000);
  await db.prisma.outbox.updateMany({ data: { claimedBy: "c1", claimedAt: new Date() } });
  run(relays);
  expect(await next()).not.toBeNull();
  expect(await db.prisma.outbox.count({ where: { claimedAt: { lt: new Date(Date.now() - 9_000) } } })).toBe(0);
});

test("a job that Redis forgot is put back once its attempt has waited long enough", async () => {
  const { relays, dispatches, reconciles, run, next, forget, db } = await setup();
  run(relays);
  run(dispatches);
  await vi.waitFor(async () => expect((await db.prisma.outbox.findFirst())?.sentAt).toBeTruthy(), 10_000);
  await forget();
  await db.prisma.attempt.updateMany({ data: { queuedAt: new Date(Date.now() - 11_000) } });
  run(reconciles);
  const { id } = await db.prisma.attempt.findFirstOrThrow();
  expect((await next())?.payload.attemptId).toBe(id);
});

test("an attempt whose worker fell silent is lost, once Postgres answered for a lease, and dispatched anew", async () => {
  const { deps, log, relays, dispatches, run, next, claim, workerId, db } = await setup();
  run(relays);
  run(dispatches);
  const { attemptId } = await claim((await next())?.payload.attemptId as string, workerId);
  await db.prisma.attempt.update({ where: { id: attemptId }, data: { leaseExpiresAt: new Date(Date.now() - 1_000) } });
  await electLeader(deps, { name: leaderName, holder: "c1", leaseSeconds: 60 });
  const expirer = leaseExpirer({ deps, holder: "c1", onExpired: dispatches.notify, lateMs: () => 0, log });
  run(expirer);
  await vi.waitFor(async () => expect((await db.prisma.leader.findFirst())?.lastRoundAt).toBeTruthy(), 10_000);
  expect((await db.prisma.attempt.findUnique({ where: { id: attemptId } }))?.state).toBe("running");
  await db.prisma.$executeRaw`update leader set answering_since = answering_since - interval '15 seconds'`;
  expirer.start(); // a leader that is confirmed starts nothing anew
  expect((await next())?.payload.attemptId).not.toBe(attemptId);
  expect(await db.prisma.attempt.findUnique({ where: { id: attemptId } })).toMatchObject({ state: "lost" });
});

test("of two coordinators one leads, and the other follows when the first resigns", async () => {
  const { deps, log } = await setup();
  const coordinator = (holder: string) => {
    const leads = { now: false };
    const services: Service[] = [
      {
        start: () => (leads.now = true),
        stop: async () => {
          leads.now = false;
        },
      },
    ];
    const leader = leadership({ deps, holder, services, log });
    cleanUps.push(() => leader.stop());
    leader.start();
    return { leads, leader };
  };
  const first = coordinator("c1");
  await vi.waitFor(() => expect(first.leads.now).toBe(true), 10_000);
  const second = coordinator("c2");
  await second.leader.decided;
  expect(second.leads.now).toBe(false);
  await first.leader.stop();
  expect(first.leads.now).toBe(false);
  await vi.waitFor(() => expect(second.leads.now).toBe(true), { timeout: 5_000 });
});
