/** What is found, and what is added, with an npm and a compiler that only say what they were asked. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { addTensorflow, findAdded } from "./add.ts";

const npm = `#!/bin/sh
echo "npm $*" >> "$ASKED"
mkdir -p node_modules/@tensorflow/tfjs-node-gpu
`;
const compiler = `#!/bin/sh
[ "$1" = --version ] && exit 0
echo "c++ $*" >> "$ASKED"
[ -e "$FAULT" ] && { cat "$FAULT" >&2; exit 1; }
while [ $# -gt 0 ]; do [ "$1" = -o ] && echo built > "$2"; shift; done
`;

let folder: string;
let cacheFolder: string;
let tensorflow: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tensorflow-add-"));
  cacheFolder = join(folder, "cache");
  tensorflow = join(folder, "site-packages/tensorflow");
  await write({
    "bin/npm": npm,
    "bin/c++": compiler,
    "site-packages/tensorflow/libtensorflow_cc.so.2": "",
    "site-packages/tensorflow/libtensorflow_framework.so.2": "",
    "site-packages/tensorflow/include/tensorflow/c/eager/c_api.h": "",
    "site-packages/tensorflow_datasets-4.9.9.dist-info/RECORD": "tensorflow_datasets/__init__.py,,\n",
    "site-packages/tensorflow_cpu-2.21.0.dist-info/RECORD": "tensorflow/libtensorflow_cc.so.2,sha256=x,1\n",
  });
  vi.spyOn(process.stderr, "write").mockReturnValue(true); // what it is building, for a person who waits
  vi.stubEnv("PATH", `${join(folder, "bin")}:${process.env.PATH}`);
  vi.stubEnv("CXX", "");
  vi.stubEnv("LIBTENSORFLOW", tensorflow);
  vi.stubEnv("ASKED", join(folder, "asked"));
  vi.stubEnv("FAULT", join(folder, "fault"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, text);
    await chmod(path, 0o755);
  }
}
const asked = async () => (await readFile(join(folder, "asked"), "utf8")).trim().split("\n");

test("the package is installed without its scripts, built against the TensorFlow that was found, and kept", async () => {
  expect(await findAdded({ cacheFolder })).toEqual({
    missing: `@tensorflow/tfjs-node-gpu has not been added for the TensorFlow 2.21.0 in ${tensorflow}`,
  });
  const added = await addTensorflow({ cacheFolder });
  expect(added).toEqual({
    tensorflow: { version: "2.21.0", folder: tensorflow },
    folder: expect.stringMatching(/cache\/2\.21\.0-linux-\w+-[0-9a-f]{16}$/),
  });
  expect(await findAdded({ cacheFolder })).toEqual(added);
  const { folder: kept } = added as { folder: string };
  const addon = join(kept, "node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node");
  expect(await readFile(addon, "utf8")).toBe("built\n");
  const [installed, compiled] = await asked();
  expect(installed).toContain("npm ci --ignore-scripts");
  expect(compiled).toContain(`-I${tensorflow}/include`);
  expect(compiled).toContain(`-L${tensorflow} -l:libtensorflow_cc.so.2`);
  await addTensorflow({ cacheFolder });
  expect(await asked()).toHaveLength(2);
});

test("two that add at once both have it", async () => {
  const [one, other] = await Promise.all([addTensorflow({ cacheFolder }), addTensorflow({ cacheFolder })]);
  expect(one).toEqual(other);
  expect(await readdir(cacheFolder)).toHaveLength(1);
});

test("another TensorFlow is another build", async () => {
  await addTensorflow({ cacheFolder });
  await rm(join(folder, "site-packages/tensorflow_cpu-2.21.0.dist-info"), { recursive: true });
  await write({ "site-packages/tensorflow-2.22.0.dist-info/RECORD": "tensorflow/libtensorflow_cc.so.2,sha256=y,1\n" });
  expect(await findAdded({ cacheFolder })).toMatchObject({ missing: expect.stringContaining("TensorFlow 2.22.0") });
});

test("a build that fails says what the compiler said, and leaves nothing", async () => {
  await write({ fault: "c_api.h: no such type\n" });
  await expect(addTensorflow({ cacheFolder })).rejects.toThrow(
    /^`c\+\+ -std=c\+\+17` failed .*:\nc_api\.h: no such type$/,
  );
  expect(await readdir(cacheFolder)).toEqual([]);
});

test("a cache that cannot be written is named, with its variable", async () => {
  await write({ file: "" });
  await expect(addTensorflow({ cacheFolder: join(folder, "file/cache") })).rejects.toThrow(
    /^the folder \S+file\/cache cannot be written \(ENOTDIR\): set TFJS_TENSORFLOW_CACHE to a folder that can$/,
  );
});

test("what is missing is named, with what to do", async () => {
  vi.stubEnv("CXX", "g++-that-is-not-there");
  expect(await addTensorflow({ cacheFolder })).toEqual({
    missing: "the addon is compiled, and there is no `g++-that-is-not-there`: apt-get install g++, or set CXX",
  });
  vi.stubEnv("LIBTENSORFLOW", join(folder, "bin"));
  expect(await addTensorflow({ cacheFolder })).toMatchObject({
    missing: expect.stringMatching(/^LIBTENSORFLOW=\S+\/bin has no libtensorflow_cc\.so\.2: `pip install tensorflow`/),
  });
  await write({ "bin/python3": "#!/bin/sh\necho\n" });
  vi.stubEnv("LIBTENSORFLOW", "");
  expect(await findAdded({ cacheFolder })).toMatchObject({
    missing: expect.stringMatching(/^TensorFlow was not found/),
  });
});
