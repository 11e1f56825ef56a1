/**
 * Bundles the specs with the backend and its extension, so that all use one instance of tfjs-core: the specs come as ES
 * modules that import its inner files, while Node would give the backend tfjs-core's CommonJS build. Needs a built checkout.
 */
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { useCachesThatCanBeWritten } from "../../scripts/caches.mjs";

const root = join(import.meta.dirname, "../..");

/** The bundle for this checkout, whose backend then takes the builds that workers take. @returns {Promise<string>} its path */
export function bundleHere() {
  useCachesThatCanBeWritten();
  const outfile = join(root, "node_modules/.cache/conformance/specs.cjs");
  return bundleSpecs({ outfile, addressOf: (path) => JSON.stringify(pathToFileURL(join(root, path)).href) });
}

/** A bundle that is taken to another machine, in a folder beside `packages`. @returns {Promise<string>} its path */
export const bundleToGo = (outfile) => bundleSpecs({ outfile, addressOf: besideFolder("bundleUrl") });

const bundleSpecs = async ({ outfile, addressOf }) => {
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
    define: { "import.meta.url": "bundleUrl" },
    plugins: [withAddresses(addressOf)],
    logLevel: "warning",
  });
  return outfile;
};

/** As `addressOf`, for a bundle at the address `bundleUrl` whose folder has `packages` beside it. */
export const besideFolder = (bundleUrl) => (path) => `new URL(${JSON.stringify(`../${path}`)}, ${bundleUrl}).href`;

/**
 * Modules that look for their C++ beside themselves find it from within a bundle, too.
 * @param {(path: string) => string} addressOf the code that gives a module's address, by its path in the repository
 */
export const withAddresses = (addressOf) => ({
  name: "addresses",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/packages\/(tfjs-backend-torch|training-ops)\/dist\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      return { contents: text.replaceAll("import.meta.url", addressOf(relative(root, path))) };
    }),
});
