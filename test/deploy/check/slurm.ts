/** A Slurm of this machine alone: its daemons, on ports, sockets and folders of their own. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../infra/local/src/machine.ts";
import { createProcess, type Part } from "../../../infra/local/src/processes.ts";
import { output } from "./programs.ts";

export interface Slurm {
  /** Asks one of Slurm's programs (`sbatch`, `scontrol`, …), from the repository's root. */
  ask(program: string, ...args: string[]): Promise<string>;
  /** What Slurm tells of a job or of an element of an array, for instance `7_0`: `JobState`, `Restarts`, … */
  job(id: string): Promise<Record<string, string>>;
  /** Cancels what runs, and ends the daemons. */
  stop(): Promise<void>;
}

/** Each in the foreground, by what it takes to know that it is ready. */
const daemons = (folder: string, config: string, socket: string) => [
  {
    name: "munged",
    command: [
      ...["munged", "--foreground", "--force", `--socket=${socket}`, `--key-file=${join(folder, "munge.key")}`],
      ...["pid", "log", "seed"].map((kind) => `--${kind}-file=${join(folder, `munge.${kind}`)}`),
    ],
    isReady: () => output("munge", ["--no-input", `--socket=${socket}`]).then(() => true),
  },
  {
    name: "slurmctld",
    command: ["slurmctld", "-D", "-f", config],
    isReady: async () => / is UP$/.test(await output("scontrol", ["ping"], { env: { SLURM_CONF: config } })),
  },
  {
    name: "slurmd",
    command: ["slurmd", "-D", "-f", config],
    isReady: async () =>
      (await output("sinfo", ["--noheader", "--format=%T"], { env: { SLURM_CONF: config } })) === "idle",
  },
];

/** One node with one GPU, which is there in name alone: jobs run one after the other. As root. */
export async function startSlurm(folder: string): Promise<Slurm> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755); // its users are others
  const config = join(folder, "slurm.conf");
  const socket = join(folder, "munge.socket");
  await writeFile(join(folder, "munge.key"), crypto.getRandomValues(new Uint8Array(64)), { mode: 0o600 });
  await writeFile(join(folder, "gres.conf"), "Name=gpu File=/dev/zero\n"); // whatever file there is
  await writeFile(config, await configuration(folder, socket));

  const env = { ...process.env, SLURM_CONF: config };
  const parts: Part[] = [];
  const ask = (program: string, ...args: string[]) => output(program, args, { env });
  const stop = async () => {
    await ask("scancel", "--user=root").catch(() => {});
    for (const part of parts.reverse()) await part.stop();
  };
  try {
    for (const { name, command, isReady } of daemons(folder, config, socket)) {
      const part = createProcess({
        name,
        command: command as [string, ...string[]],
        cwd: folder,
        env,
        log: join(folder, `${name}.out`),
        ready: { probe: isReady },
        stopSignal: "SIGTERM",
        orphanSignal: "SIGTERM",
      });
      parts.push(part);
      await part.start();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const job = async (id: string) => {
    const told = await ask("scontrol", "--oneliner", "show", "job", id);
    return Object.fromEntries([...told.matchAll(/(\S+?)=(\S*)/g)].map(([, name = "", value = ""]) => [name, value]));
  };
  return { ask, job, stop };
}

/** What is queued again starts as soon as its credential of before has expired: here in 10 s, else in 2 min. */
const configuration = async (folder: string, socket: string): Promise<string> => `ClusterName=check
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${await freePort()}
SlurmdPort=${await freePort()}
SlurmUser=root
AuthInfo=socket=${socket},cred_expire=10
StateSaveLocation=${join(folder, "state")}
SlurmdSpoolDir=${join(folder, "spool")}
SlurmctldPidFile=${join(folder, "slurmctld.pid")}
SlurmdPidFile=${join(folder, "slurmd.pid")}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=${availableParallelism()} RealMemory=4000 Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
