/**
 * Bundles the specs with the backend, so that both use one instance of tfjs-core: the specs come as ES modules that
 * import its inner files, while Node would give the backend tfjs-core's CommonJS build.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const backend = new URL("../../packages/tfjs-backend-torch/src/index.ts", import.meta.url);

/** @returns {Promise<string>} the path of the bundle */
export async function bundleSpecs() {
  const outfile = fileURLToPath(new URL("../../node_modules/.cache/conformance/specs.cjs", import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL("specs.mjs", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    mainFields: ["module", "main"],
    ignoreAnnotations: true, // tfjs-core calls its spec files free of side effects
    external: ["jasmine-core"],
    define: { "import.meta.url": JSON.stringify(backend.href) }, // where the backend looks for its native sources
    logLevel: "warning",
  });
  return outfile;
}
