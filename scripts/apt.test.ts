import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { installWithApt } from "./apt.mjs";

/** A machine of its own, on which another program installs packages: who will not wait for it is sent away. */
let bin: string;
beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), "reluctant-apt-"));
  const programs = {
    sudo: '[ "$2" = true ] && exit\nshift; exec "$@"',
    "apt-get": `case "$*" in
      *"-o DPkg::Lock::Timeout=600"*) ;;
      *) echo "E: Unable to acquire the dpkg frontend lock" >&2; exit 100
      esac`,
  };
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  vi.stubEnv("PATH", `${bin}:${process.env.PATH}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(bin, { recursive: true });
});

test("an installation waits until another one, as of unattended upgrades, is over", () => {
  expect(installWithApt(["chromium"])).toBe("");
});
