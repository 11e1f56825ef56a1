import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobPayload } from "@reluctant/contracts";
import { type RedisServer, startRedis } from "@reluctant/local";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createConsumer, createProducer, openRedis, queueName, queueNames, RedisUnavailable } from "./index.ts";

let server: RedisServer;
let folder: string;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-queue-"));
  server = await startRedis({ dir: folder, ephemeral: true });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

async function setup() {
  const lines: string[] = [];
  const log = {
    info: (_: object, line: string) => void lines.push(line),
    warn: (_: object, line: string) => void lines.push(line),
  };
  const redis = openRedis({ url: server.url, prefix: `test-${randomUUID()}`, log });
  cleanups.push(() => redis.close());
  const producer = createProducer(redis);
  cleanups.push(() => producer.close());
  await redis.ready();
  return {
    redis,
    producer,
    lines,
    consumer: (queues = queueNames("default")) => consume(redis, queues),
  };
}

function consume(redis: ReturnType<typeof openRedis>, queues: string[]) {
  const consumer = createConsumer({ redis, queues, workerName: "w1" });
  cleanups.push(() => consumer.close());
  return consumer;
}

const job = (kind: JobPayload["kind"] = "train"): JobPayload => ({
  attemptId: randomUUID(),
  stageRunId: randomUUID(),
  kind,
});
const soon = () => AbortSignal.timeout(5_000);
const none = () => AbortSignal.timeout(300);

test("a job of a second attempt comes before those that wait", async () => {
  const { producer, consumer } = await setup();
  const [first, second, again] = [job(), job(), job()];
  await producer.add([
    { ...first, pool: "default", number: 1 },
    { ...second, pool: "default", number: 1 },
    { ...again, pool: "default", number: 2 },
  ]);
  const { next } = consumer();
  const delivered = [await next(soon()), await next(soon()), await next(soon())];
  expect(delivered.map((delivery) => delivery?.payload)).toEqual([again, first, second]);
});

test("a job is delivered once, however often it was added, and then over", async () => {
  const { producer, consumer } = await setup();
  const one = job();
  await producer.add([{ ...one, pool: "default" }]);
  await producer.add([{ ...one, pool: "default" }]);
  expect(await producer.state(one, "default")).toBe("waiting");
  const consumed = consumer();
  const delivery = await consumed.next(soon());
  expect(delivery?.payload).toEqual(one);
  expect(await producer.state(one, "default")).toBe("active");
  expect(await consumed.next(none())).toBeNull();
  await delivery?.finish({ state: "completed" });
  expect(await producer.state(one, "default")).toBe("completed");
});

test("a consumer serves its queues in turn, and no queue of another pool", async () => {
  const { producer, consumer } = await setup();
  await producer.add([{ ...job("train"), pool: "other" }]);
  for (let n = 0; n < 2; n++)
    for (const kind of ["train", "distillation"] as const) await producer.add([{ ...job(kind), pool: "default" }]);
  const consumed = consumer();
  const kinds = [];
  for (let n = 0; n < 4; n++) {
    const delivery = await consumed.next(soon());
    kinds.push(delivery?.payload.kind);
    await delivery?.finish({ state: "completed" });
  }
  expect(kinds).toEqual(["train", "distillation", "train", "distillation"]);
  expect(await consumed.next(none())).toBeNull();
});

test("a waiting consumer gets a job as soon as it is added, without a look in between", async () => {
  const { producer, consumer, redis } = await setup();
  const consumed = consumer();
  const blocked = async () => /^blocked_clients:1\r?$/m.test(await redis.client.info("clients"));
  const looks = async () => Number(/^cmdstat_llen:calls=(\d+)/m.exec(await redis.client.info("commandstats"))?.[1]);
  const delivered = consumed.next(soon());
  await vi.waitUntil(blocked, { timeout: 5_000, interval: 5 });
  const before = await looks();
  await producer.add([{ ...job(), pool: "default" }]);
  expect(await delivered).not.toBeNull();
  expect((await looks()) - before).toBeLessThanOrEqual(2 * queueNames("default").length);
});

test("a consumer that stops to wait takes no marker from the others", async () => {
  const { producer, consumer, redis } = await setup();
  const [one, other] = [consumer(), consumer()];
  const leaving = new AbortController();
  const left = one.next(leaving.signal);
  const blocked = (count: number) => async () =>
    new RegExp(`^blocked_clients:${count}\\r?$`, "m").test(await redis.client.info("clients"));
  await vi.waitUntil(blocked(1), { timeout: 5_000, interval: 5 });
  leaving.abort();
  expect(await left).toBeNull();
  await vi.waitUntil(blocked(0), { timeout: 5_000, interval: 5 });
  const delivered = other.next(soon());
  await producer.add([{ ...job(), pool: "default" }]);
  expect(await delivered).not.toBeNull();
});

test("restoring adds a job that is gone or over, and leaves one that waits or is held", async () => {
  const { producer, consumer, redis } = await setup();
  const one = job();
  expect(await producer.restore(one, "default")).toBe("restored");
  expect(await producer.restore(one, "default")).toBe("kept");
  const consumed = consumer();
  const delivery = await consumed.next(soon());
  expect(await producer.restore(one, "default")).toBe("kept");
  await delivery?.finish({ state: "failed", reason: "refused" });
  expect(await producer.state(one, "default")).toBe("failed");
  expect(await producer.restore(one, "default")).toBe("restored");
  expect((await consumed.next(soon()))?.payload).toEqual(one);
  await redis.client.flushall();
  expect(await producer.state(one, "default")).toBe("absent");
  expect(await producer.restore(one, "default")).toBe("restored");
});

test("a job whose worker died is failed by the others, then restored", async () => {
  const { producer, consumer, redis } = await setup();
  const one = job();
  await producer.add([{ ...one, pool: "default" }]);
  const dead = openRedis({ url: server.url, prefix: redis.prefix, log: redis.log });
  await dead.ready();
  const fetched = await consume(dead, [queueName("train", "default")]).next(soon());
  await dead.close(); // no renewal reaches Redis any more
  await redis.client.del(`${redis.prefix}:train.default:${one.attemptId}:lock`); // as its expiry after 15 s would
  const delivered = consumer().next(AbortSignal.timeout(50_000));
  await vi.waitFor(async () => expect(await producer.state(one, "default")).toBe("failed"), {
    timeout: 45_000,
    interval: 100,
  });
  expect(await producer.restore(one, "default")).toBe("restored");
  expect((await delivered)?.payload).toEqual(one);
  await fetched?.finish({ state: "completed" });
}, 60_000);

test("a job that this version did not write is failed with what is wrong", async () => {
  const { producer, consumer } = await setup();
  const queue = producer.queue("train", "default");
  await queue.add("train", { attemptId: "x" }, { jobId: "strange" });
  expect(await consumer().next(none())).toBeNull();
  expect((await queue.getJob("strange"))?.failedReason).toMatch(/not a job of this version: attemptId/);
});

test("while Redis is away commands fail at once, the outage is logged once, and then all goes on", async () => {
  const { producer, consumer, lines } = await setup();
  const consumed = consumer();
  await producer.add([{ ...job(), pool: "default" }]);
  await server.kill("SIGKILL");
  const waiting = consumed.next(AbortSignal.timeout(15_000));
  const asked = performance.now();
  await expect(producer.add([{ ...job(), pool: "default" }])).rejects.toThrow(RedisUnavailable);
  expect(performance.now() - asked).toBeLessThan(4_000); // its time limit is 5 s
  await vi.waitFor(() => expect(lines).toEqual(["Redis is out of reach; trying again until it answers"]), 10_000);
  await server.start();
  const again = job();
  await vi.waitFor(() => producer.restore(again, "default"), { timeout: 5_000, interval: 50 });
  expect(await waiting).not.toBeNull();
  expect(lines).toEqual(["Redis is out of reach; trying again until it answers", "Redis answers again"]);
}, 20_000);
