/** What becomes of builds that are interrupted, killed, doubled or not possible; with a compiler that waits to be told. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cpuLevels } from "./bridge.ts";
import { type BuildOptions, type Built, ensureBuilt } from "./build.ts";

/** Says that it compiles, and that it has done so once it may; by a process of its own, as compilers do. */
const compiler = `#!/bin/sh
[ "$1" = --version ] && exit 0
here=$(dirname "$0")
echo "$@" >> "$here/parameters"
out=
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
sh -c 'echo $$ >> "$0/compiling"; until [ -e "$0/go" ]; do sleep 0.02; done' "$here"
echo built > "$out"
`;

const cli = join(import.meta.dirname, "../dist/build-cli.js");
let folder: string;
let cache: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "torch-build-"));
  cache = join(folder, "cache");
  const files: Record<string, string> = {
    "libtorch/share/cmake/Torch/TorchConfig.cmake": "",
    "libtorch/share/cmake/Torch/TorchConfigVersion.cmake": 'set(PACKAGE_VERSION "9.9.9")',
    "libtorch/include/torch/all.h": "#if __cplusplus < 201703L",
    "libtorch/lib/libc10.so": "",
    "c++": compiler,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await chmod(join(folder, "c++"), 0o755);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await writeFile(join(folder, "go"), "");
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  await vi.waitFor(async () => expect((await compiling()).filter(isAlive)).toEqual([]), 10_000);
  await rm(folder, { recursive: true, force: true });
});

function build(change: NodeJS.ProcessEnv = {}) {
  const env = { PATH: process.env.PATH, LIBTORCH: join(folder, "libtorch"), CXX: join(folder, "c++") };
  const child = spawn(process.execPath, [cli], {
    env: { ...env, TFJS_TORCH_CACHE: cache, ...change },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => said.push(String(bytes)));
  const ended = once(child, "close").then(([code, signal]) => ({ end: code ?? signal, said: said.join("") }));
  return { child, ended };
}

const compiling = async () =>
  (await readFile(join(folder, "compiling"), "utf8").catch(() => "")).split("\n").filter(Boolean);
const begun = (compilers: number) =>
  vi.waitFor(async () => expect((await compiling()).length).toBeGreaterThanOrEqual(compilers), 20_000);
const isAlive = (pid: string) => existsSync(`/proc/${pid}/cwd`);
const kept = () => readdir(cache).catch(() => []);

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "a build that gets %s leaves no folder and no compiler",
  async (signal) => {
    const { child, ended } = build();
    await begun(1);
    expect(await kept()).toHaveLength(1);
    child.kill(signal);
    expect((await ended).end).toBe(signal);
    expect(await kept()).toEqual([]);
    await vi.waitFor(async () => expect((await compiling()).filter(isAlive)).toEqual([]), 10_000);
  },
);

test("what a killed build left goes with the next one, and what another is at stays", async () => {
  const killed = build();
  await begun(1);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const [left] = await kept();
  expect(left).toBeDefined();
  const other = build();
  await vi.waitFor(async () => expect(await kept()).toEqual([expect.not.stringMatching(left as string)]), 20_000);

  await writeFile(join(folder, "go"), "");
  const last = build();
  for (const { ended } of [other, last]) expect(await ended).toMatchObject({ end: 0 });
  expect(await kept()).toEqual([expect.stringMatching(/^9\.9\.9-/)]);
});

test("two that build the same at once both have it, and one is kept", async () => {
  const both = [build(), build()];
  await vi.waitFor(async () => expect(await kept()).toHaveLength(2), 20_000);
  await writeFile(join(folder, "go"), "");
  const [first, second] = await Promise.all(both.map(({ ended }) => ended));
  expect([first?.end, second?.end]).toEqual([0, 0]);
  const [name, ...others] = await kept();
  expect(others).toEqual([]);
  expect(await readFile(join(cache, name as string, "tfjs_torch.node"), "utf8")).toBe("built\n");
  for (const one of [first, second]) expect(one?.said).toContain(join(cache, name as string));
});

test("a folder that an earlier version, or another machine, left is removed once no build can be at it", async () => {
  for (const name of ["old-old", "1-1-000000000000-AAAAAA", "young1"])
    await mkdir(join(cache, `.building-${name}`), { recursive: true });
  for (const name of ["old-old", "1-1-000000000000-AAAAAA"]) await utimes(join(cache, `.building-${name}`), 1, 1);
  await writeFile(join(folder, "go"), "");
  expect(await build().ended).toMatchObject({ end: 0 });
  expect((await kept()).sort()).toEqual([".building-young1", expect.stringMatching(/^9\.9\.9-/)]);
});

test.each(["HOME", "TFJS_TORCH_CACHE"])(
  "where %s cannot be written the message is one line that names TFJS_TORCH_CACHE",
  async (variable) => {
    const env = { HOME: "", TFJS_TORCH_CACHE: "", [variable]: join(folder, "c++/cache") }; // not even root makes a folder in a file
    const { end, said } = await build(env).ended;
    expect(end).toBe(1);
    expect(said).toMatch(
      /^the folder \S+c\+\+\/\S+ cannot be written \(ENOTDIR\): set TFJS_TORCH_CACHE to a folder that can$/m,
    );
    expect(said).not.toMatch(/^\s+at /m);
  },
);

/** Builds in this process, with a compiler that needs not be told. */
async function buildHere(options: BuildOptions): Promise<Built> {
  vi.stubEnv("LIBTORCH", join(folder, "libtorch"));
  vi.stubEnv("CXX", join(folder, "c++"));
  vi.stubEnv("TFJS_TORCH_CACHE", join(folder, "other"));
  await writeFile(join(folder, "go"), "");
  const built = await ensureBuilt(options);
  if ("missing" in built) throw new Error(built.missing);
  return built;
}

test("the folder that a program gives comes before the variable", async () => {
  const { addonPath } = await buildHere({ cacheFolder: cache });
  expect(addonPath).toContain(cache);
  expect(existsSync(join(folder, "other"))).toBe(false);
});

test("an extension's library is built beside the addon, for each level where it says so, and anew alone when it changes", async () => {
  const sources = join(folder, "ops");
  await mkdir(sources);
  await writeFile(join(sources, "ops.cc"), "");
  const units = [{ source: "ops.cc" }, { source: "loops/table.cc", flags: ["-Wno-psabi"], byLevel: true }];
  const options = { cacheFolder: cache, extensions: [{ library: { file: "my_ops.so", sources, units } }] };
  const first = await buildHere(options);
  expect(first.libraryPaths).toEqual([expect.stringMatching(/my_ops\.so$/)]);

  const compiled = (await readFile(join(folder, "parameters"), "utf8")).split("\n");
  expect(compiled.filter((line) => line.includes(join(sources, "ops.cc")))).toHaveLength(1);
  const levels = compiled.flatMap((line) => /table\.cc .*-DTFJS_TORCH_LEVEL=(\w+) -Wno-psabi/.exec(line)?.[1] ?? []);
  const wanted = process.arch === "x64" ? cpuLevels : cpuLevels.slice(0, 1);
  expect(levels.sort()).toEqual([...wanted].sort()); // several compilers at a time

  expect(await buildHere(options)).toEqual(first);
  await writeFile(join(sources, "ops.cc"), "// changed");
  const second = await buildHere(options);
  expect(second.addonPath).toBe(first.addonPath);
  expect(second.libraryPaths).not.toEqual(first.libraryPaths);
});
