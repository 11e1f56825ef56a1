import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../infra/local/src/machine.ts";
import { createProcess } from "../infra/local/src/processes.ts";
import { whyNoS3Server } from "../scripts/s3-server.mjs";

export interface S3Server {
  /** A store in a bucket of its own, which is empty: `s3://…?endpoint=…`. */
  bucket(): Promise<string>;
  stop(): Promise<void>;
}

/** Why there is none on this machine, for `skipFor`; null where there is. */
export const noS3Server: string | null = process.env.TEST_S3_SERVER ? null : whyNoS3Server();

const credentials = { access: "reluctant", secret: "of-tests-alone" };

/** A real S3 server on loopback, over a folder that goes with it. Its credentials are set for this process, as the SDK reads them. */
export async function startS3Server(program = process.env.TEST_S3_SERVER as string): Promise<S3Server> {
  const dir = await mkdtemp(join(tmpdir(), "reluctant-s3-"));
  const buckets = join(dir, "buckets");
  await mkdir(buckets);
  const port = await freePort();
  const server = createProcess({
    name: "versitygw",
    command: [program, "--port", `127.0.0.1:${port}`, "--quiet", "posix", buckets],
    cwd: dir,
    env: { ...process.env, ROOT_ACCESS_KEY: credentials.access, ROOT_SECRET_KEY: credentials.secret },
    log: join(dir, "log"),
    ready: { probe: () => answers(port) },
    stopSignal: "SIGTERM",
    orphanSignal: "SIGKILL",
  });
  await server.start();
  process.env.AWS_ACCESS_KEY_ID = credentials.access;
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secret;
  let made = 0;
  return {
    async bucket() {
      made += 1;
      await mkdir(join(buckets, `bucket-${made}`));
      return `s3://bucket-${made}/artifacts?endpoint=http://127.0.0.1:${port}`;
    },
    async stop() {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
