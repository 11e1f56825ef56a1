/** What the program says of wrong use, and that nothing is lost by it. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "../dist/main.js");
const reluctant = (...args: string[]) => {
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
  return { status, firstLine: stderr.split("\n")[0] };
};

test.each([
  ["up", "--workers", "two", "1 to 256"],
  ["up", "--workers", "0", "1 to 256"],
  ["demo", "--workers", "1.5", "1 to 256"],
  ["ls", "--limit", "201", "1 to 200"],
  ["logs", "--attempt", "-1", "1 to 1000"],
])("%s %s %s is refused with the numbers that it may be", (command, option, value, range) => {
  const { status, firstLine } = reluctant(command, option, value, "id");
  expect(status).toBe(2);
  expect(firstLine).toContain(
    `option '${option} <n>' argument '${value}' is invalid. It is to be a whole number from ${range}`,
  );
});

test("a demo empties no folder that holds anything but a stack", async () => {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-main-"));
  try {
    await writeFile(join(folder, "thesis.tex"), "");
    await writeFile(join(folder, "token"), "");
    const { status, firstLine } = reluctant("demo", "--data", folder);
    expect({ status, firstLine }).toEqual({
      status: 1,
      firstLine: `error: ${folder} is not a stack's folder, it holds thesis.tex; name one that can be emptied`,
    });
    expect((await readdir(folder)).sort()).toEqual(["thesis.tex", "token"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
