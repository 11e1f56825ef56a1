import type { EngineInfo } from "@reluctant/contracts";
import { startChild } from "./child-process.ts";

/** Loading a large libtorch from a cold disk. */
const probeTimeoutMs = 120_000;

/**
 * Asks a child what it would compute with, so that no tensor library is ever loaded here.
 * @throws Error with the child's last lines when no engine can be made
 */
export async function probeEngine(options: { childScript: URL; env: NodeJS.ProcessEnv }): Promise<EngineInfo> {
  let engine: EngineInfo | null = null;
  const child = startChild({
    script: options.childScript,
    args: ["probe"],
    env: options.env,
    onMessage: (message) => {
      if (message.type === "ready") engine = message.engine;
    },
    onOutput: () => {},
  });
  const deadline = setTimeout(child.kill, probeTimeoutMs);
  const { code, signal, lastLines } = await child.gone;
  clearTimeout(deadline);
  if (engine) return engine;
  throw new Error(
    `no engine could be made (${signal ?? `exit code ${code}`}); check RELUCTANT_BACKEND\n${lastLines.join("\n")}`,
  );
}
