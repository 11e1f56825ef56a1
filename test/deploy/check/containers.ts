/**
 * Services of infra/compose.yaml as containers of this machine, confined as that file says: an OCI runtime is given what a
 * container engine would give it, but for a network of its own.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createProcess, type Part, type ProcessSpec } from "../../../infra/local/src/processes.ts";
import { output } from "./programs.ts";

/** What of a service is carried over. */
export interface Service {
  image: string;
  command?: string[];
  environment?: Record<string, string>;
  read_only?: true;
  cap_drop?: string[];
  security_opt?: string[];
  tmpfs?: string[];
  volumes?: (string | { type: string; source?: string; target: string; read_only?: true })[];
}

export interface Run {
  name: string;
  service: Service;
  /** Over those of service and image. */
  env?: Record<string, string>;
  /** Folders of this machine, by where they are in the container. */
  folders?: Record<string, string>;
}

export interface Containers {
  /** Runs to its end. @throws Error with its last lines where it fails */
  run(run: Run): Promise<void>;
  start(run: Run & { ready: ProcessSpec["ready"] }): Promise<void>;
  /** Runs a command in a container that is up. @throws Error where it fails */
  exec(name: string, command: readonly string[]): Promise<string>;
  /** Process id, seen from this machine, of a container's program. */
  pidOf(name: string): Promise<number>;
  /** Asks it to end, as an engine does; answers how it did, for instance `exit code 0`. */
  end(name: string): Promise<string>;
  stop(): Promise<void>;
}

interface ImageConfig {
  Env?: string[];
  User?: string;
  Cmd?: string[];
  WorkingDir?: string;
}

/** @param folder holds bundles, logs and the runtime's state */
export function containersIn(folder: string): Containers {
  const runtime = ["runc", "--root", join(folder, "runtime")] as const;
  const ask = (...args: string[]) => output(runtime[0], [...runtime.slice(1), ...args]);
  const roots = new Map<string, Root>();
  const parts: Part[] = [];
  const ends = new Map<string, Promise<string>>();

  async function bundleOf({ name, service, env = {}, folders = {} }: Run): Promise<string> {
    const bundle = join(folder, "bundles", name);
    await mkdir(bundle, { recursive: true });
    const root = roots.get(service.image) ?? (await mount(service.image));
    roots.set(service.image, root);
    const config = { hostname: name, ...(await configOf(service, root, env, folders)) };
    await writeFile(join(bundle, "config.json"), JSON.stringify(config, null, 2));
    return bundle;
  }

  return {
    run: async (run) => void (await ask("run", "--bundle", await bundleOf(run), run.name)),
    async start({ ready, ...run }) {
      const { name } = run;
      let ended = (_: string) => {};
      ends.set(name, new Promise((resolve) => (ended = resolve)));
      const part = createProcess({
        name,
        command: [...runtime, "run", "--bundle", await bundleOf(run), name], // in the foreground: its signals are the program's
        cwd: folder,
        env: { PATH: process.env.PATH },
        log: join(folder, "logs", `${name}.log`),
        ready,
        onCrash: (_, how) => ended(how),
        stopSignal: "SIGTERM",
        orphanSignal: "SIGTERM",
      });
      parts.unshift(part);
      await part.start();
    },
    exec: (name, command) => ask("exec", name, ...command),
    pidOf: async (name) => JSON.parse(await ask("state", name)).pid,
    async end(name) {
      await ask("kill", name, "TERM");
      return ends.get(name) ?? "never started";
    },
    async stop() {
      for (const part of parts) await part.stop();
      for (const { container } of roots.values()) await output("buildah", ["rm", container]);
    },
  };
}

/** The root file system of an image: nobody may write to it, so all its containers share it. */
interface Root {
  container: string;
  path: string;
}

async function mount(image: string): Promise<Root> {
  const container = await output("buildah", ["from", "--pull-never", image]);
  return { container, path: await output("buildah", ["mount", container]) };
}

/** A configuration of the OCI's runtime specification. */
async function configOf(service: Service, root: Root, env: Record<string, string>, folders: Record<string, string>) {
  const image: ImageConfig = JSON.parse(await output("buildah", ["inspect", "--type=image", service.image])).OCIv1
    .config;
  const [uid = 0, gid = 0] = (image.User ?? "").split(":").map(Number);
  const named = Object.fromEntries((image.Env ?? []).map((line) => line.split(/=(.*)/s).slice(0, 2)));
  const capabilities = service.cap_drop?.includes("ALL") ? [] : undefined;
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid, gid },
      args: service.command ?? image.Cmd,
      env: Object.entries({ ...named, ...service.environment, ...env }).map(([name, value]) => `${name}=${value}`),
      cwd: image.WorkingDir || "/",
      noNewPrivileges: service.security_opt?.includes("no-new-privileges:true") ?? false,
      ...(capabilities && {
        capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
      }),
    },
    root: { path: root.path, readonly: service.read_only ?? false },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"] },
      { destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "nodev", "size=65536k"] },
      { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
      ...(service.tmpfs ?? []).map(tmpfs),
      ...(service.volumes ?? []).map((volume) => bind(volume, folders)),
    ],
    linux: { namespaces: ["mount", "pid", "ipc", "uts"].map((type) => ({ type })) },
  };
}

/** `/cache:uid=1000,gid=1000`, as Compose writes it. */
function tmpfs(written: string) {
  const [destination = "", options = ""] = written.split(":");
  return {
    destination,
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "nodev", ...options.split(",").filter(Boolean)],
  };
}

function bind(volume: NonNullable<Service["volumes"]>[number], folders: Record<string, string>) {
  const [target = "", readOnly] =
    typeof volume === "string" ? volume.split(":").slice(1) : [volume.target, volume.read_only && "ro"];
  const source = folders[target];
  if (!source) throw new Error(`no folder is given for ${target}`);
  return { destination: target, type: "bind", source, options: ["rbind", readOnly ? "ro" : "rw", "nosuid", "nodev"] };
}
