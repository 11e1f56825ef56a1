import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** The Python of tests: `PYTHON`, which is set for them to the environment that scripts/setup.mjs makes. */
export const python = process.env.PYTHON ?? "python3";

/** Why nothing can be held against PyTorch here, or undefined. Importing torch to see takes two seconds. */
export const noPyTorch = await promisify(execFile)(python, [
  "-c",
  "import importlib.util as u; print(all(u.find_spec(name) for name in ('torch', 'torchvision', 'numpy')))",
]).then(
  ({ stdout }) => (stdout.trim() === "True" ? undefined : "PYTHON names no Python with torch, torchvision and numpy"),
  () => "PYTHON names no Python",
);

/** A Python process that answers one line with one line, both JSON: importing torch takes it two seconds, once. */
export interface PythonProcess {
  /** @throws Error when the process ended instead; what it said of that is on stderr */
  ask(question: unknown): Promise<unknown>;
  stop(): void;
}

/** Starts a script, with its arguments, in the folder `cwd`, whose modules it can import. One thread: more spin where all processors are busy. */
export function startPython(script: string | readonly string[], cwd: string): PythonProcess {
  const env = { ...process.env, OMP_NUM_THREADS: "1", PYTHONPATH: cwd };
  const child = spawn(python, [script].flat(), { cwd, env, stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { done, value } = await answers.next();
      if (done) throw new Error(`${script} ended without an answer`);
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
}
