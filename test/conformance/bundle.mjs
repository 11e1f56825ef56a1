/**
 * Bundles the specs with the backend, so that both use one instance of tfjs-core: the specs come as ES modules that
 * import its inner files, while Node would give the backend tfjs-core's CommonJS build.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { useCachesThatCanBeWritten } from "../../scripts/caches.mjs";

const backend = new URL("../../packages/tfjs-backend-torch/src/index.ts", import.meta.url);
const cached = fileURLToPath(new URL("../../node_modules/.cache/conformance/specs.cjs", import.meta.url));

/** The bundle for this checkout, whose backend then takes the builds that workers take. @returns {Promise<string>} its path */
export function bundleHere() {
  useCachesThatCanBeWritten();
  return bundleSpecs();
}

/**
 * @param {{ outfile?: string, carried?: boolean }} options `carried` for a bundle that looks for the backend's native
 *   sources beside its own folder, on whatever machine it is
 * @returns {Promise<string>} the path of the bundle
 */
export async function bundleSpecs({ outfile = cached, carried = false } = {}) {
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
    banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": carried ? "bundleUrl" : JSON.stringify(backend.href) }, // where the native sources are
    logLevel: "warning",
  });
  return outfile;
}
