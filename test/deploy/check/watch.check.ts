/**
 * A real Prometheus, with the rules and the scrape of infra/prometheus, watches the processes at work: each panel of the
 * dashboard has an answer, and no alert fires. (How Grafana draws it is not seen here: no registry in reach has one.)
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { freePort } from "../../../infra/local/src/machine.ts";
import { createProcess, type Part } from "../../../infra/local/src/processes.ts";
import { type Cluster, startCluster, until } from "../../cluster.ts";
import { skipFor } from "../../skip-for.ts";
import { read, root, yamlOf } from "../files.ts";
import { debianProgram, type Program, whyNot } from "./debian-programs.ts";

interface Panel {
  title: string;
  targets: { expr: string }[];
}
const panels: Panel[] = JSON.parse(read("infra/grafana/dashboards/reluctant.json")).panels;
const cases = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const));

const prometheus = await debianProgram("prometheus");
const noPrometheus = whyNot(prometheus);

let folder: string;
let cluster: Cluster;
let server: Part;
let address: string;
beforeAll(async () => {
  if (noPrometheus) return;
  folder = await mkdtemp(join(tmpdir(), "reluctant-watch-"));
  cluster = await startCluster();
  ({ server, address } = await startPrometheus(prometheus as Program, cluster));
  await cluster.ended(await cluster.submit({}));
  await until("two scrapes and a minute's rates", 60, async () => {
    const [asked] = await query("count_over_time(up[5m]) >= 5");
    return asked;
  });
});
afterAll(async () => {
  if (noPrometheus) return;
  await server.stop();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The configuration of infra, scraping once a second, of the API's address instead of a name in DNS. */
async function startPrometheus({ path, env }: Program, { stack }: Cluster): Promise<{ server: Part; address: string }> {
  const [config] = yamlOf("infra/prometheus/prometheus.yml") as [{ scrape_configs: [Record<string, unknown>] }];
  const [{ dns_sd_configs, ...scrape }] = config.scrape_configs;
  const token = join(folder, "token");
  await writeFile(token, stack.credentials?.token as string);
  const file = join(folder, "prometheus.yml");
  await writeFile(
    file,
    stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [join(root, "infra/prometheus/rules.yml")],
      scrape_configs: [
        {
          ...scrape,
          authorization: { credentials_file: token },
          static_configs: [{ targets: [new URL(stack.address as string).host] }],
        },
      ],
    }),
  );
  const listen = `127.0.0.1:${await freePort()}`;
  const server = createProcess({
    name: "prometheus",
    command: [
      path,
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${listen}`,
    ],
    cwd: folder,
    env,
    log: join(folder, "prometheus.log"),
    ready: { probe: async () => (await fetch(`http://${listen}/-/ready`)).ok },
    stopSignal: "SIGTERM",
    orphanSignal: "SIGKILL",
  });
  await server.start();
  return { server, address: `http://${listen}` };
}

interface Sample {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

async function ask<T>(path: string): Promise<T> {
  const answer = await (await fetch(`${address}/api/v1/${path}`)).json();
  if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
  return answer.data;
}

/** As Grafana asks, with all pools chosen. */
const query = async (expression: string): Promise<Sample[]> => {
  const asked = expression.replaceAll("$pool", ".*").replaceAll("$__rate_interval", "1m");
  return (await ask<{ result: Sample[] }>(`query?query=${encodeURIComponent(asked)}`)).result;
};

describe("the dashboard and the alerts", skipFor(noPrometheus), () => {
  test.each(cases)("%s has an answer: %s", async (_, expression) => {
    const samples = await query(expression);
    expect(samples).not.toEqual([]);
    expect(samples.filter(({ value }) => !Number.isFinite(Number(value[1])))).toEqual([]);
  });

  test("all rules are evaluated, and none fires where all is well", async () => {
    type Rule = { name: string; state: string; health: string };
    const { groups } = await ask<{ groups: { rules: Rule[] }[] }>("rules");
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(5);
    expect(rules.filter(({ state, health }) => state === "firing" || health !== "ok")).toEqual([]);
  });

  test("the alert of a coordinator that is away is pending once it is", async () => {
    await cluster.stack.part("coordinator").stop();
    await cluster.sql("update leader set last_round_at = now() - interval '2 min'");
    await until("it is pending", 30, async () => (await query('ALERTS{alertname="ReluctantCoordinatorAway"}'))[0]);
    expect(await query("min(reluctant_coordinator_round_age_seconds) > 60")).toHaveLength(1);
  });
});
