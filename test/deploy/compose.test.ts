/** What infra/compose.yaml and its images refer to is there, and what they may not do they do not. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { documented, imageOf, read, root, sourcesIn, stages, targetOf, yamlOf } from "./files.ts";

const list = z.array(z.string());
const seconds = z.string().regex(/^\d+s$/);
/** What of Compose's file format is used: an unknown key is a slip. */
const serviceSchema = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.literal(".."), dockerfile: z.string(), target: z.string() }).optional(),
  command: list.optional(),
  user: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  restart: z.enum(["unless-stopped", "no"]),
  init: z.literal(true).optional(),
  read_only: z.literal(true).optional(),
  cap_drop: list.optional(),
  security_opt: list.optional(),
  tmpfs: list.optional(),
  volumes: z
    .array(
      z.union([
        z.string().regex(/^[\w./-]+:\/[\w/-]+(:ro)?$/),
        z.strictObject({ type: z.literal("bind"), source: z.string(), target: z.string(), read_only: z.literal(true) }),
        z.strictObject({ type: z.literal("volume"), target: z.string() }),
      ]),
    )
    .default([]),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, "must answer this machine alone")).default([]),
  depends_on: z
    .union([
      list.transform((names) => Object.fromEntries(names.map((name) => [name, { condition: "service_started" }]))),
      z.record(
        z.string(),
        z.strictObject({ condition: z.enum(["service_healthy", "service_completed_successfully"]) }),
      ),
    ])
    .default({}),
  healthcheck: z
    .strictObject({
      test: list,
      interval: seconds,
      timeout: seconds,
      retries: z.int(),
      start_period: seconds.optional(),
    })
    .optional(),
  deploy: z
    .strictObject({
      replicas: z.int().optional(),
      resources: z.strictObject({ reservations: z.strictObject({ devices: z.array(z.unknown()) }) }).optional(),
    })
    .optional(),
  profiles: list.optional(),
  stop_grace_period: seconds.optional(),
  shm_size: z.string().optional(),
});
const composeSchema = z.object({
  name: z.string(),
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.null()),
});

const { services, volumes } = composeSchema.parse(yamlOf("infra/compose.yaml")[0]);
const named = Object.entries(services);
const ours = named.filter(([, { image }]) => targetOf(image) !== null);
const mountsOf = (volumes: (string | object)[]) =>
  volumes.filter((volume) => typeof volume === "string").map((volume) => volume.split(":") as [string, string]);

test("services wait for services that there are, and for health only where it is checked", () => {
  const wrong = named.flatMap(([name, { depends_on }]) =>
    Object.entries(depends_on)
      .filter(([other, { condition }]) => {
        const on = services[other];
        return (
          !on ||
          (condition === "service_healthy" && !on.healthcheck) ||
          (condition === "service_completed_successfully" && on.restart !== "no")
        );
      })
      .map(([other]) => `${name} → ${other}`),
  );
  expect(wrong).toEqual([]);
  expect(ours.map(([, { depends_on }]) => Object.keys(depends_on)).filter((on) => on.length === 0)).toEqual([]);
});

test("volumes are declared and used, and what is mounted from here is there", () => {
  const mounts = named.flatMap(([, service]) => mountsOf(service.volumes));
  const used = mounts.map(([source]) => source).filter((source) => !source.startsWith("."));
  expect([...new Set(used)].sort()).toEqual(Object.keys(volumes).sort());
  const folders = mounts.map(([source]) => source).filter((source) => source.startsWith("."));
  expect(folders.length).toBeGreaterThan(1);
  expect(folders.filter((folder) => !existsSync(join(root, "infra", folder)))).toEqual([]);
});

test("our images are built here, from stages of the Dockerfile, and their programs are in them", () => {
  const builds = named.flatMap(([, { image, build }]) => (build ? [{ image, ...build }] : []));
  for (const { image, dockerfile, target } of builds) {
    expect({ image, dockerfile }).toEqual({ image: `reluctant/${target}`, dockerfile: "infra/docker/Dockerfile" });
    expect([...stages.keys()]).toContain(target);
  }
  const built = new Set(builds.map(({ image }) => image));
  expect(ours.map(([, { image }]) => image).filter((image) => !built.has(image))).toEqual([]);
  const programs = ours.flatMap(([, { command }]) => sourcesIn(command ?? []));
  expect(programs.length).toBeGreaterThan(2);
  expect(programs.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test("our containers write to nothing but what they are given, and have no rights", () => {
  for (const [name, service] of ours) {
    expect({ name, ...service }).toMatchObject({ read_only: true, cap_drop: ["ALL"], init: true });
    expect(service.security_opt, name).toContain("no-new-privileges:true");
    const cache = [...(service.tmpfs ?? []).map((mount) => mount.split(":")[0]), ...service.volumes.map(targetOfMount)];
    expect(cache, name).toContain("/cache"); // RELUCTANT_CACHE of the images
  }
  const gracious = ours.filter(([name]) => name.endsWith("worker")).map(([, service]) => service.stop_grace_period);
  expect(gracious).toEqual(["60s", "60s"]);
});

const targetOfMount = (volume: string | { target: string }) =>
  typeof volume === "string" ? volume.split(":")[1] : volume.target;

test("each variable is one that docs/operations.md names, and each password comes from infra/.env", () => {
  const given = ours.flatMap(([, { environment }]) => Object.keys(environment ?? {}));
  expect(given.length).toBeGreaterThan(5);
  expect(given.filter((name) => !documented.processes.has(name))).toEqual([]);
  const asked = new Set([...read("infra/compose.yaml").matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name = ""]) => name));
  const example = [...read("infra/env.example").matchAll(/^(\w+)=/gm)].map(([, name = ""]) => name);
  expect([...asked].sort()).toEqual([...documented.compose].sort());
  expect(example.sort()).toEqual([...asked].sort());
});

test("addresses are those of services and their ports", () => {
  for (const [, { environment = {} }] of ours) {
    expect(environment.DATABASE_URL).toMatch(/^postgresql:\/\/reluctant:.*@postgres:5432\/reluctant$/);
    expect(environment.REDIS_URL).toMatch(/^redis:\/\/:.*@redis:6379$/);
  }
  expect(services.api?.ports).toEqual(["127.0.0.1:7700:7700"]);

  const [prometheus] = yamlOf("infra/prometheus/prometheus.yml") as [
    {
      rule_files: string[];
      scrape_configs: {
        job_name: string;
        authorization: { credentials_file: string };
        dns_sd_configs: { names: string[]; port: number }[];
      }[];
    },
  ];
  const [scrape] = prometheus.scrape_configs;
  expect(scrape?.dns_sd_configs).toMatchObject([{ names: ["api"], port: 7700 }]);
  const token = scrape?.authorization.credentials_file as string;
  expect(services.setup?.command?.join("\n")).toContain(`>${token}\n`);
  const mounts = mountsOf(services.prometheus?.volumes ?? []);
  expect(mounts).toContainEqual(expect.arrayContaining(["tokens", "/tokens"]));
  const inContainer = (path: string) => path.replace(/^\/etc\/prometheus\//, "infra/prometheus/");
  expect(prometheus.rule_files.map(inContainer).filter((file) => !existsSync(join(root, file)))).toEqual([]);

  const [source] = yamlOf("infra/grafana/provisioning/datasources/prometheus.yaml") as [
    { datasources: { uid: string; url: string }[] },
  ];
  expect(source.datasources).toMatchObject([{ uid: "prometheus", url: "http://prometheus:9090" }]);
  const uids = [...read("infra/grafana/dashboards/reluctant.json").matchAll(/"datasource": \{[^}]*"uid": "(\w+)"/g)];
  expect(new Set(uids.map(([, uid]) => uid))).toEqual(new Set(["prometheus"]));
  const [provider] = yamlOf("infra/grafana/provisioning/dashboards/reluctant.yaml") as [
    { providers: { options: { path: string } }[] },
  ];
  const folders = mountsOf(services.grafana?.volumes ?? []);
  expect(folders).toContainEqual(["./grafana/dashboards", provider.providers[0]?.options.path, "ro"]);
});

test("the Dockerfile copies from stages that it has, and its images run as nobody in particular", () => {
  expect([...stages.keys()]).toEqual(expect.arrayContaining(["control", "worker", "gpu-worker"]));
  const sources = [...stages.values()].flatMap(({ instructions }) =>
    instructions.flatMap((line) => [...line.matchAll(/^COPY --from=(\S+)/g)].map(([, from = ""]) => from)),
  );
  expect(sources.length).toBeGreaterThan(5);
  expect(sources.filter((from) => !stages.has(from))).toEqual([]);
  const bases = [...stages.values()].map(({ from }) => from).filter((from) => !stages.has(from));
  expect(bases.filter((from) => !/^\$\{(NODE|PYTHON)_IMAGE\}$/.test(from))).toEqual([]);
  for (const image of ["control", "worker", "gpu-worker"]) {
    const lines = imageOf(image);
    expect(lines.filter((line) => line.startsWith("USER "))).toEqual(["USER 1000:1000"]);
    const [program] = lines.filter((line) => line.startsWith("CMD "));
    const started = sourcesIn(JSON.parse(program?.slice(4) ?? "[]"));
    expect(started).toHaveLength(1);
    expect(existsSync(join(root, started[0] as string))).toBe(true);
  }
});

/** Variables of programs that are not ours. */
const ofOthers = /^(NODE_ENV|CHECKPOINT_DISABLE|TURBO_\w+|NVIDIA_\w+)$/;

test("the images set variables that docs/operations.md names, and the libtorch of the tests", () => {
  const set = [...stages.values()].flatMap(({ instructions }) =>
    instructions
      .filter((line) => line.startsWith("ENV "))
      .flatMap((line) => [...line.matchAll(/(?<=\s)(\w+)=/g)].map(([, name = ""]) => name)),
  );
  expect(set).toEqual(expect.arrayContaining(["HOST", "RELUCTANT_CACHE", "LIBTORCH", "TFJS_TORCH_CACHE"]));
  expect(set.filter((name) => !documented.processes.has(name) && !ofOthers.test(name))).toEqual([]);
  const [, tested] = /^torch==(\S+)$/m.exec(read("test/python/requirements.in")) ?? [];
  const versions = [...read("infra/docker/Dockerfile").matchAll(/^ARG TORCH_VERSION=(\S+)$/gm)].map(([, v]) => v);
  expect(new Set(versions)).toEqual(new Set([tested]));
});
