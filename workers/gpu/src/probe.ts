import { type EngineInfo, ReluctantError } from "@reluctant/contracts";
import { startChild } from "./child-process.ts";
import { environmentOf } from "./engine.ts";

/** Loading a large libtorch from a cold disk. */
const probeTimeoutMs = 120_000;

/**
 * Asks what a training process computes with in an environment. Slots that start together and have the same one ask once; who starts
 * later asks anew: a GPU may have gone since, or come back.
 */
export function createProbe(childScript: URL): (env: NodeJS.ProcessEnv) => Promise<EngineInfo> {
  const underWay = new Map<string, Promise<EngineInfo>>();
  return (env) => {
    const environment = environmentOf(env);
    const asked =
      underWay.get(environment) ?? probeEngine({ childScript, env }).finally(() => underWay.delete(environment));
    underWay.set(environment, asked);
    return asked;
  };
}

/**
 * Asks a child what it would compute with, so that no tensor library is ever loaded here.
 * @throws ReluctantError that says why the backend that is asked for cannot be had here
 * @throws Error with the child's last lines when it ends without an answer
 */
export async function probeEngine(options: { childScript: URL; env: NodeJS.ProcessEnv }): Promise<EngineInfo> {
  let engine: EngineInfo | null = null;
  let unavailable = "";
  const child = startChild({
    script: options.childScript,
    args: ["probe"],
    env: options.env,
    onMessage: (message) => {
      if (message.type === "ready") engine = message.engine;
      if (message.type === "failed") unavailable = message.failure.message;
    },
    onOutput: () => {},
  });
  const deadline = setTimeout(child.kill, probeTimeoutMs);
  const { code, signal, lastLines } = await child.gone;
  clearTimeout(deadline);
  if (engine) return engine;
  if (unavailable) throw new ReluctantError("unavailable", unavailable);
  throw new Error(
    `no engine could be made (${signal ?? `exit code ${code}`}); check RELUCTANT_BACKEND\n${lastLines.join("\n")}`,
  );
}
