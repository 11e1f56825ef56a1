import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = join(import.meta.dirname, "..");

describe("the kernels in WebAssembly", () => {
  it("are what their source compiles to: npm run kernels writes them", async () => {
    const out = await mkdtemp(join(tmpdir(), "reluctant-kernels-"));
    const { scripts } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const [program, ...args] = scripts.kernels.replace("kernels/kernels.wasm", join(out, "kernels.wasm")).split(" ");
    execFileSync(join(folder, "../../node_modules/.bin", program), args, { cwd: folder });
    const [compiled, kept] = await Promise.all(
      [out, join(folder, "kernels")].map((parent) => readFile(join(parent, "kernels.wasm"))),
    );
    expect(compiled?.equals(kept as Buffer)).toBe(true);
    await rm(out, { recursive: true });
  });
});
