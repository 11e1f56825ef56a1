import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The Python of tests: `PYTHON`, which is set for them to the environment that scripts/setup.mjs makes. */
export const python = process.env.PYTHON ?? "python3";

/** Why nothing can be held against PyTorch here, or undefined. Importing torch to see takes two seconds. */
export const noPyTorch = await promisify(execFile)(python, [
  "-c",
  "import importlib.util as u; print(all(u.find_spec(name) for name in ('torch', 'numpy')))",
]).then(
  ({ stdout }) => (stdout.trim() === "True" ? undefined : "PYTHON names no Python with torch and numpy"),
  () => "PYTHON names no Python",
);
