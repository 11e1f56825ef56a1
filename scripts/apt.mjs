import { isOnPath, run } from "./programs.mjs";

/** Seconds for which another that installs is waited for, as a new machine's own upgrades are. */
const waitForOthers = ["-o", "DPkg::Lock::Timeout=600"];

/** Installs Debian packages as root or through sudo without a password; answers why not, or nothing when it did. */
export function installWithApt(packages) {
  if (!isOnPath("apt-get")) return "there is no apt-get";
  const isRoot = process.getuid() === 0;
  if (!isRoot && run("sudo", ["-n", "true"], { quiet: true }).status !== 0) return "that needs root";
  const apt = (...args) => {
    const [program, ...rest] = [
      ...(isRoot ? [] : ["sudo", "-n"]),
      "env",
      "DEBIAN_FRONTEND=noninteractive",
      "apt-get",
      ...waitForOthers,
      ...args,
    ];
    return run(program, rest, { quiet: true });
  };
  console.log(`Installing ${packages.join(", ")} …`);
  const install = () => apt("install", "--yes", "--no-install-recommends", ...packages);
  let result = install();
  if (result.status !== 0) {
    apt("update");
    result = install();
  }
  return result.status === 0 ? "" : `apt-get: ${result.output.trim().split("\n").at(-1)}`;
}
