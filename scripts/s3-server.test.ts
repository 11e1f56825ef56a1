import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isAllowedSkip } from "../test/allowed-skips.mjs";
import { ensureS3ServerOfTests, noGo, s3ServerOfTests, whyNoS3Server } from "./s3-server.mjs";

/** A machine of its own, whose programs are those of `bin`. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-go-"));
  await mkdir(join(folder, "bin"));
  vi.stubEnv("RELUCTANT_CACHE", join(folder, "cache"));
  vi.stubEnv("PATH", join(folder, "bin"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function install(go: string): Promise<void> {
  await writeFile(join(folder, "bin/go"), `#!/bin/sh\n${go}\n`);
  await chmod(join(folder, "bin/go"), 0o755);
}

test("without Go tests may skip", () => {
  expect([ensureS3ServerOfTests(), whyNoS3Server(), isAllowedSkip(noGo)]).toEqual([noGo, noGo, true]);
});

test.each(["go: versitygw@v1.8.0 requires go >= 1.24 (running go 1.19)", "dial tcp: lookup proxy: no such host"])(
  "a Go that cannot build it lets tests skip with what it said, until it can: %s",
  async (said) => {
    await install(`echo "${said}" >&2; exit 1`);
    expect(isAllowedSkip(whyNoS3Server())).toBe(false); // the set-up has not tried
    const reason = ensureS3ServerOfTests();
    expect(reason).toContain(said);
    expect([whyNoS3Server(), isAllowedSkip(reason)]).toEqual([reason, true]);
    await install('echo > "$GOBIN/versitygw"');
    expect([ensureS3ServerOfTests(), s3ServerOfTests() !== undefined, isAllowedSkip(reason)]).toEqual([
      "",
      true,
      false,
    ]);
  },
);
