import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acceptOne, connect } from "./connect.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-connect-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("a connection", () => {
  it("is one peer's: whoever comes second finds nobody", async () => {
    const path = join(folder, "socket");
    let first: ReturnType<typeof connect> | undefined;
    const onListening = () => {
      first = connect({ path }, { peer: "server" });
    };
    const near = await acceptOne({ path }, { peer: "client", onListening });
    const far = await (first as ReturnType<typeof connect>);
    await expect(connect({ path }, { peer: "server" })).rejects.toThrow("there is no way to the server");
    await Promise.all([near.close(), far.close()]);
  });

  it("is awaited no longer than was said", async () => {
    const path = join(folder, "socket");
    await expect(acceptOne({ path }, { peer: "client", timeoutMs: 20 })).rejects.toMatchObject({
      reason: "timeout",
      message: "the client did not connect within 20 ms",
    });
  });

  it("waits for messages as long as was said of them, apart from the peer", async () => {
    const path = join(folder, "socket");
    let first: ReturnType<typeof connect> | undefined;
    const onListening = () => {
      first = connect({ path }, { peer: "server" });
    };
    const near = await acceptOne({ path }, { peer: "client", messageTimeoutMs: 20, onListening });
    await expect(near.receive("labels", 8)).rejects.toThrow("the client did not send labels within 20 ms");
    await (await (first as ReturnType<typeof connect>)).close();
  });
});
