/**
 * infra/k8s rendered by Kustomize, and each of Kubernetes' own objects held to its schemas; infra/prometheus checked, and its
 * alerts unit-tested, by promtool; infra/grafana held to Grafana's schemas, and infra/compose.yaml to Compose's. (The kinds of
 * KEDA and of the Prometheus operator are known to objects.ts.)
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { isOnPath } from "../../../scripts/programs.mjs";
import { skipFor } from "../../skip-for.ts";
import { read, root } from "../files.ts";
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

const noGo = isOnPath("go") ? null : "no Go here, in whose packages are Grafana's schemas and Compose's reader";

describe("what Go's packages know", skipFor(noGo), () => {
  const program = (name: string) => join(folder, "bin", name);
  beforeAll(async () => {
    await mkdir(join(folder, "bin"), { recursive: true });
    await output("go", ["build", "-o", join(folder, "bin"), "./..."], { cwd: join(root, "test/deploy/check/schemas") });
  });

  const dashboard = "infra/grafana/dashboards/reluctant.json";

  test("each field of the dashboard is one that Grafana knows, and none that it wants is missing", async () => {
    expect(await output(program("dashboard"), [dashboard])).toBe("");
  });

  test("an option that its panel's kind does not know is refused", async () => {
    const file = join(folder, "wrong.json");
    await writeFile(file, read(dashboard).replace('"reduceOptions"', '"reducedOptions"'));
    const refused = "panels[0].options.Options: unexpected field 'reducedOptions'";
    await expect(output(program("dashboard"), [file])).rejects.toThrow(refused);
  });

  const passwords = { POSTGRES_PASSWORD: "a", REDIS_PASSWORD: "b", GRAFANA_PASSWORD: "c" };

  test("Compose reads compose.yaml, given passwords alone", async () => {
    const { services, volumes } = JSON.parse(
      await output(program("compose"), ["infra/compose.yaml"], { env: passwords }),
    );
    expect(Object.keys(services)).toEqual(expect.arrayContaining(["setup", "api", "coordinator", "grafana"]));
    expect(services.worker.environment.DATABASE_URL).toBe("postgresql://reluctant:a@postgres:5432/reluctant");
    expect(services.worker.volumes[0]).toMatchObject({ type: "bind", source: join(root, "data"), read_only: true });
    expect(services["gpu-worker"].deploy.resources.reservations.devices).toMatchObject([{ capabilities: ["gpu"] }]);
    expect(volumes.postgres).toMatchObject({ name: "reluctant_postgres" });
  });

  test("Compose says which password is missing, and refuses a key that it does not know", async () => {
    const { REDIS_PASSWORD: _, ...others } = passwords;
    const missing = "REDIS_PASSWORD is missing a value: set it in infra/.env";
    await expect(output(program("compose"), ["infra/compose.yaml"], { env: others })).rejects.toThrow(missing);
    const file = join(folder, "compose.yaml");
    await writeFile(file, read("infra/compose.yaml").replace("stop_grace_period:", "stop_grace_periods:"));
    await expect(output(program("compose"), [file], { env: passwords })).rejects.toThrow("stop_grace_periods");
  });
});
