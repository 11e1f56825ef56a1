/** What the objects of infra/k8s refer to is there, in each overlay, and pods may do only what they need. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { routes } from "@reluctant/api";
import { describe, expect, test } from "vitest";
import { documented, root, sourcesIn, stages, targetOf } from "./files.ts";
import { kustomization, objectsOf, type Pod, podsOf, scaledObjectSchema, serviceMonitorSchema } from "./objects.ts";

/** Made by whoever installs, as docs/operations.md says: no secret stands in these files. */
const brought = {
  secrets: { reluctant: ["DATABASE_URL", "REDIS_URL"], "reluctant-metrics": ["token"] } as Record<string, string[]>,
  claims: ["reluctant-data"],
};
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const selects = (selector: { matchLabels: Record<string, string> }, labels: Record<string, string>) =>
  Object.entries(selector.matchLabels).every(([label, value]) => labels[label] === value);

describe.each(["overlays/small", "overlays/gpu-cluster"])("%s", (overlay) => {
  const { replicas, images } = kustomization(overlay);
  const objects = objectsOf(overlay);
  const pods = podsOf(objects);
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  const container = ({ pod }: { pod: Pod }) => pod.spec.containers[0] as Pod["spec"]["containers"][number];

  test("no two objects have a kind and a name in common, and no secret is among them", () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names.length).toBeGreaterThan(10);
    expect(new Set(names).size).toBe(names.length);
    expect(ofKind("Secret")).toEqual([]);
  });

  test("its replicas and images are of what it has, at this version", () => {
    const deployments = ofKind("Deployment").map(({ metadata }) => metadata.name);
    expect(replicas.map(({ name }) => name).filter((name) => !deployments.includes(name))).toEqual([]);
    const used = [...new Set(pods.map((one) => container(one).image))].sort();
    expect(images.map(({ name }) => name).sort()).toEqual(used);
    expect(used.filter((image) => !stages.has(targetOf(image) ?? ""))).toEqual([]);
    expect(new Set(images.map(({ newTag }) => newTag))).toEqual(new Set([version]));
  });

  test("variables are those that docs/operations.md names, from what there is", () => {
    const maps = Object.fromEntries(ofKind("ConfigMap").map(({ metadata, data }) => [metadata.name, data]));
    for (const one of pods) {
      const { env, envFrom } = container(one);
      expect(envFrom.filter(({ configMapRef }) => !maps[configMapRef.name])).toEqual([]);
      const given = envFrom.flatMap(({ configMapRef }) => Object.keys(maps[configMapRef.name] ?? {}));
      const names = [...env.map(({ name }) => name), ...given];
      expect(names).toContain("DATABASE_URL");
      expect(names.filter((name) => !documented.processes.has(name))).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
      const secrets = env.flatMap(({ valueFrom }) =>
        valueFrom && "secretKeyRef" in valueFrom ? [valueFrom.secretKeyRef] : [],
      );
      expect(secrets.filter(({ name, key }) => !brought.secrets[name]?.includes(key))).toEqual([]);
      expect(env.filter(({ name, value }) => /URL$/.test(name) && value !== undefined)).toEqual([]);
    }
  });

  test("what is mounted is a volume, each volume is mounted, and claims are those that are brought", () => {
    for (const one of pods) {
      const { volumes } = one.pod.spec;
      const mounted = container(one).volumeMounts.map(({ name }) => name);
      expect(mounted.sort()).toEqual(volumes.map(({ name }) => name).sort());
      const claims = volumes.flatMap((v) => ("persistentVolumeClaim" in v ? [v.persistentVolumeClaim.claimName] : []));
      expect(claims.filter((name) => !brought.claims.includes(name))).toEqual([]);
    }
    const cached = pods.flatMap((one) => container(one).env.filter(({ name }) => name === "RELUCTANT_CACHE"));
    expect(cached.map(({ value }) => value)).toEqual(["/cache", "/cache"]); // coordinator and worker
  });

  test("pods run as nobody in particular, on a file system that cannot be written, with no rights", () => {
    for (const one of pods) {
      expect(one.pod.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(container(one).securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(sourcesIn(container(one).command).filter((file) => !existsSync(join(root, file)))).toEqual([]);
    }
    const workers = pods.filter(({ name }) => name.endsWith("worker"));
    expect(workers).toHaveLength(1);
    expect(workers[0]?.pod.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(60);
  });

  test("probes ask for addresses that the API has, and only of the API, which alone listens", () => {
    const open = routes.filter(({ access }) => access === "open").map(({ path }) => path);
    const listening = pods.filter((one) => container(one).ports.length > 0);
    expect(listening.map(({ name }) => name)).toEqual(["reluctant-api"]);
    for (const one of pods) {
      const { startupProbe, livenessProbe, readinessProbe, ports } = container(one);
      const probes = [startupProbe, livenessProbe, readinessProbe].filter((probe) => probe !== undefined);
      expect(probes).toHaveLength(ports.length === 0 ? 0 : 3);
      for (const probe of probes) {
        expect(open).toContain(probe.httpGet.path);
        expect(ports.map(({ name }) => name)).toContain(probe.httpGet.port);
      }
    }
  });

  test("selectors select: each object's own pods, a service's, a budget's, a policy's", () => {
    const labels = pods.map(({ pod }) => pod.metadata.labels);
    for (const { spec } of ofKind("Deployment")) {
      expect(selects(spec.selector, spec.template.metadata.labels)).toBe(true);
      expect(labels.filter((of) => selects(spec.selector, of))).toHaveLength(1);
    }
    for (const { spec } of ofKind("PodDisruptionBudget")) {
      expect(labels.filter((of) => selects(spec.selector, of))).toHaveLength(1);
    }
    for (const { spec } of ofKind("Service")) {
      const [served, ...more] = pods.filter(({ pod }) => selects({ matchLabels: spec.selector }, pod.metadata.labels));
      expect(more).toEqual([]);
      const ports = served ? container(served).ports.map(({ name }) => name) : [];
      for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort);
    }
    const policies = ofKind("NetworkPolicy").map(({ spec }) => spec);
    const everything = policies.filter(({ podSelector }) => Object.keys(podSelector).length === 0);
    expect(everything).toEqual([{ podSelector: {}, policyTypes: ["Ingress", "Egress"] }]);
    const networks = policies.flatMap(({ podSelector }) => podSelector.matchExpressions ?? []);
    expect(networks).toMatchObject([{ key: "reluctant.dev/network", operator: "In" }]);
    const covered = labels.filter((of) => networks[0].values.includes(of["reluctant.dev/network"]));
    expect(covered).toHaveLength(pods.length); // or it could not reach Postgres
    const byLabel = policies.filter(({ podSelector }) => podSelector.matchLabels);
    expect(byLabel).toHaveLength(1);
    expect(labels.filter((of) => selects(byLabel[0].podSelector, of))).toHaveLength(1);
  });
});

describe("what scales and watches", () => {
  const objects = objectsOf("overlays/gpu-cluster");
  const ofKind = (wanted: string) => objects.find(({ kind }) => kind === wanted);

  test("the scaler's target has one GPU a pod, no count of its own, and the pool that the demand is asked of", () => {
    const { spec } = scaledObjectSchema.parse(ofKind("ScaledObject"));
    const target = objects.find(
      ({ kind, metadata }) => kind === "Deployment" && metadata.name === spec.scaleTargetRef.name,
    );
    expect(target?.spec.replicas).toBeUndefined();
    const [container] = target?.spec.template.spec.containers ?? [];
    expect(container.resources.limits).toMatchObject({ "nvidia.com/gpu": 1 });
    const pool = container.env.find(({ name }: { name: string }) => name === "RELUCTANT_POOL");
    expect(spec.triggers[0]?.metadata.query).toContain(`reluctant_slot_demand{pool="${pool.value}"}`);
    expect(spec.triggers[0]?.metadata.threshold).toBe("1");
  });

  test("the monitor asks a port of the service for an address that the API has, with a token that is brought", () => {
    const { spec } = serviceMonitorSchema.parse(ofKind("ServiceMonitor"));
    const [service, ...more] = objects.filter(
      ({ kind, metadata }) => kind === "Service" && selects(spec.selector, metadata.labels ?? {}),
    );
    expect(more).toEqual([]);
    const [endpoint] = spec.endpoints;
    expect(service?.spec.ports).toMatchObject([{ name: endpoint?.port }]);
    expect(routes.map(({ path }) => path)).toContain(endpoint?.path);
    const { name, key } = endpoint?.authorization.credentials ?? { name: "", key: "" };
    expect(brought.secrets[name]).toContain(key);
    expect(service?.metadata.name).toBe("reluctant-api"); // `job`, by which the alerts know it
  });
});
