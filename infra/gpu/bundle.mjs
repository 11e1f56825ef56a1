/**
 * `node infra/gpu/bundle.mjs FOLDER`: all that infra/gpu/check.sh needs on a machine without npm, in one folder: two bundles, the
 * C++ sources, headers of Node's API and of jasmine, and what PyTorch runs. Needs a built checkout.
 */
import { cpSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { besideFolder, bundleToGo, withAddresses } from "../../test/conformance/bundle.mjs";

const root = join(import.meta.dirname, "../..");
const require = createRequire(import.meta.url);
if (!process.argv[2]) {
  console.error("usage: node infra/gpu/bundle.mjs FOLDER");
  process.exit(2);
}
const folder = resolve(process.argv[2]);
mkdirSync(join(folder, "dist"), { recursive: true });
await build({
  entryPoints: [join(root, "infra/gpu/check.ts")],
  outfile: join(folder, "dist/check.mjs"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  ignoreAnnotations: true, // TensorFlow.js calls its cpu backend free of side effects
  external: ["@tensorflow/tfjs-backend-wasm"], // only torch is opened
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
  plugins: [withAddresses(besideFolder("import.meta.url"))],
  logLevel: "warning",
});
await bundleToGo(join(folder, "dist/specs.cjs"));

/** What, and where it goes. */
const copies = {
  "infra/gpu/check.sh": "check.sh",
  "packages/tfjs-backend-torch/native": "packages/tfjs-backend-torch/native",
  "packages/training-ops/native": "packages/training-ops/native",
  "packages/interchange/python": "python",
  "test/conformance/sgd_step.py": "dist/sgd_step.py",
  "infra/gpu/rate.py": "dist/rate.py",
  "test/conformance/main.mjs": "conformance/main.mjs",
  "test/conformance/fused-calls.mjs": "conformance/fused-calls.mjs",
  "test/conformance/exclusions.json": "conformance/exclusions.json",
};
for (const [from, to] of Object.entries(copies)) cpSync(join(root, from), join(folder, to), { recursive: true });
for (const name of ["jasmine-core", "node-api-headers"]) {
  cpSync(dirname(require.resolve(`${name}/package.json`)), join(folder, "node_modules", name), { recursive: true });
}
console.log(
  `copy ${folder} to the machine, and Node's binary into it as "node" or "node.gz" if there is none; then: sh check.sh correct; sh check.sh speed`,
);
