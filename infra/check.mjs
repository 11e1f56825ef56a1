/**
 * `node infra/check.mjs`: renders the overlays of infra/k8s and holds every object to Kubernetes' schemas, and checks and
 * unit-tests Prometheus' files, with the tools that this machine has. What it lacks is said, and is no failure:
 *
 *   kubectl                              renders (no cluster is asked)
 *   pip install kubernetes-validate
 *   apt-get install prometheus           for promtool
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOnPath, root, run } from "../scripts/programs.mjs";

const folder = join(root, "var/infra-check");
mkdirSync(folder, { recursive: true });
/** Kinds of KEDA and of the Prometheus operator: `test/deploy` knows their keys. */
const custom = /^apiVersion: (keda\.sh|monitoring\.coreos\.com)\//m;
let failures = 0;

for (const overlay of ["small", "gpu-cluster"]) {
  const rendered = check(`render ${overlay}`, "kubectl", ["kustomize", `infra/k8s/overlays/${overlay}`]);
  if (rendered === null) continue;
  const objects = rendered.split(/^---$/m).filter((object) => !custom.test(object));
  const file = join(folder, `${overlay}.yaml`);
  writeFileSync(file, objects.join("---"));
  check(`validate ${objects.length} objects of ${overlay}`, "kubernetes-validate", ["--strict", file]);
}
check("rules", "promtool", ["check", "rules", "infra/prometheus/rules.yml"]);
check("configuration", "promtool", ["check", "config", "--syntax-only", "infra/prometheus/prometheus.yml"]);
check("unit tests of the alerts", "promtool", ["test", "rules", "infra/prometheus/rules.test.yml"]);
process.exit(failures === 0 ? 0 : 1);

/** Answers what the program printed, or null where it failed or is not here. */
function check(what, program, args) {
  if (!isOnPath(program)) {
    console.log(`not checked: ${what} (no ${program} here)`);
    return null;
  }
  const { status, output } = run(program, args, { quiet: true });
  if (status === 0) {
    console.log(`right: ${what}`);
    return output;
  }
  failures += 1;
  console.log(`wrong: ${what}\n${output}`);
  return null;
}
