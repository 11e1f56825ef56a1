import { createRequire } from "node:module";
import { BackendUnavailableError } from "./backend-unavailable.ts";

/** TensorFlow's own packages for Node, the better first. Both are optional: their install scripts download libtensorflow. */
const packages = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];

/**
 * Loads the first that is here, as the module at `from` sees it, and answers its name.
 * @throws BackendUnavailableError that says of each why it is not: not installed, or installed without its native library
 */
export function loadTensorflow(from: string | URL = import.meta.url): string {
  const require = createRequire(from);
  const faults: string[] = [];
  for (const name of packages) {
    try {
      require(name);
      return name;
    } catch (error) {
      faults.push(`${name} ${faultOf(name, error)}`);
    }
  }
  throw new BackendUnavailableError(`backend tensorflow: ${faults.join("; ")}`);
}

/** What keeps a package from loading, where that is not a fault of its own: then the error goes on. */
function faultOf(name: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "MODULE_NOT_FOUND" && message.includes(`'${name}'`)) return "is not installed";
  // The addon was not fetched, or it was, but not the libtensorflow that it is linked with.
  if (message.includes("tfjs_binding.node") || code === "ERR_DLOPEN_FAILED")
    return `lacks its native library: run \`npm rebuild ${name}\` where it can be downloaded`;
  throw error;
}
