/**
 * infra/k8s rendered by Kustomize, and each of Kubernetes' own objects held to its schemas; infra/prometheus checked, and its
 * alerts unit-tested, by promtool. (The kinds of KEDA and of the Prometheus operator are known to objects.ts.)
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { isOnPath } from "../../../scripts/programs.mjs";
import { skipFor } from "../../skip-for.ts";
import { root } from "../files.ts";
import { debianProgram, type Program, whyNot } from "./debian-programs.ts";
import { output } from "./programs.ts";

const folder = join(root, "var/deploy-check");
const validator = join(folder, "python/bin/kubernetes-validate");
const custom = /^apiVersion: (keda\.sh|monitoring\.coreos\.com)\//m;

const noRenderer =
  isOnPath("kubectl") || isOnPath("go") ? null : "neither kubectl nor Go, which builds Kustomize, is here";
const noPython = isOnPath("python3") ? null : "no python3 here, for kubernetes-validate";

describe("infra/k8s", skipFor(noRenderer ?? noPython), () => {
  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    await output("python3", ["-m", "venv", join(folder, "python")]);
    await output(join(folder, "python/bin/pip"), ["install", "--quiet", "kubernetes-validate==1.37.0"]);
  });

  test.each(["small", "gpu-cluster"])("every object of %s has only fields that Kubernetes knows", async (overlay) => {
    const objects = (await rendered(`infra/k8s/overlays/${overlay}`)).split(/^---$/m);
    const ofKubernetes = objects.filter((object) => !custom.test(object));
    expect(ofKubernetes.length).toBeGreaterThan(10);
    const file = join(folder, `${overlay}.yaml`);
    await writeFile(file, ofKubernetes.join("---"));
    await output(validator, ["--strict", file]);
  });

  test("a field that Kubernetes does not know is refused", async () => {
    const file = join(folder, "wrong.yaml");
    const wrong = (await rendered("infra/k8s/overlays/small")).replace("  replicas:", "  replicaz:");
    await writeFile(file, wrong);
    await expect(output(validator, ["--strict", file])).rejects.toThrow("replicaz");
  });
});

/** By kubectl, else by a Kustomize that is built once. */
async function rendered(overlay: string): Promise<string> {
  if (isOnPath("kubectl")) return output("kubectl", ["kustomize", overlay]);
  const env = { GOBIN: join(folder, "bin") };
  await output("go", ["install", "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"], { env });
  return output(join(env.GOBIN, "kustomize"), ["build", overlay]);
}

const promtool = await debianProgram("promtool");

describe("infra/prometheus", skipFor(whyNot(promtool)), () => {
  const checked = (...args: string[]) => output((promtool as Program).path, args);

  test("promtool finds rules, configuration and the alerts' unit tests right", async () => {
    expect(await checked("check", "rules", "infra/prometheus/rules.yml")).toMatch(/SUCCESS: \d+ rules found/);
    expect(await checked("check", "config", "--syntax-only", "infra/prometheus/prometheus.yml")).toContain("SUCCESS");
    expect(await checked("test", "rules", "infra/prometheus/rules.test.yml")).toContain("SUCCESS");
  });
});
