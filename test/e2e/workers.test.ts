import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { registerWorker } from "@reluctant/control";
import { ApiError, createClient } from "@reluctant/sdk";
import { engineOf, versionsOf } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { glyphs, startApi } from "../api.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let api: Awaited<ReturnType<typeof startApi>>;
beforeEach(async () => {
  api = await startApi();
  for (const name of ["gpu-1", "box 7 @lab"]) {
    const { version } = glyphs;
    const worker = { name, hostname: "test", pool: "default", engine: engineOf(), versions: versionsOf() };
    await registerWorker(api.control, { ...worker, datasets: [version], preparingDatasets: [], unusableDatasets: [] });
  }
});
afterEach(() => api.close());

const clientOf = (role: "admin" | "member") => createClient({ baseUrl: api.url, token: api.tokens[role] });

test("an admin drains a worker and puts it back; everybody sees why; a member may not", async () => {
  const [admin, member] = [clientOf("admin"), clientOf("member")];
  const drained = { name: "box 7 @lab", state: "drained", reason: "by admin: fan broken" };
  expect(await admin.drainWorker("box 7 @lab", { reason: "fan broken" })).toMatchObject(drained);
  expect(await member.workers()).toMatchObject([drained, { name: "gpu-1", state: "idle", reason: null }]);
  expect(await admin.undrainWorker("box 7 @lab")).toMatchObject({ state: "idle", reason: null });
  expect(await admin.quarantineWorker("gpu-1", { reason: "smells", seconds: 60 })).toMatchObject({
    state: "quarantined",
    reason: "by admin: smells",
    quarantinedUntil: expect.stringMatching(/^\d{4}-/),
  });
  expect(await admin.releaseWorker("gpu-1")).toMatchObject({ state: "idle", reason: null, quarantinedUntil: null });
  for (const refused of [() => member.drainWorker("gpu-1"), () => member.undrainWorker("gpu-1")])
    await expect(refused()).rejects.toMatchObject({ problem: { code: "forbidden" } });
  for (const strange of [() => admin.drainWorker("gpu-9"), () => admin.undrainWorker("gpu-9")])
    await expect(strange()).rejects.toMatchObject({ problem: { code: "not-found" } });
  const clipboard = () => admin.drainWorker("gpu-1", { reason: "\u001b]52;c;aGk=\u0007" });
  await expect(clipboard()).rejects.toBeInstanceOf(ApiError);
  await expect(clipboard()).rejects.toMatchObject({ problem: { errors: [{ field: "reason" }] } });
});

test("the command lists workers, drains one and puts it back", async () => {
  const reluctant = async (...args: string[]) => {
    const env = { ...process.env, RELUCTANT_API: api.url, RELUCTANT_TOKEN: api.tokens.admin };
    const main = join(import.meta.dirname, "../../apps/cli/dist/main.js");
    return (await promisify(execFile)(process.execPath, [main, "workers", ...args], { env })).stdout;
  };
  expect(await reluctant("drain", "gpu-1", "--reason", "fan broken")).toBe("gpu-1: drained by admin: fan broken\n");
  expect(await reluctant()).toMatch(/^gpu-1 +drained +default .*by admin: fan broken$/m);
  expect(JSON.parse(await reluctant("list", "--json"))).toMatchObject([{ name: "box 7 @lab" }, { state: "drained" }]);
  expect(await reluctant("undrain", "gpu-1")).toBe("gpu-1: idle\n");
});
