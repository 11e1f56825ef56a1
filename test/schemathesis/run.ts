/**
 * A second opinion on the API and its document: schemathesis (PyPI) makes requests from it, follows its links, and holds
 * the answers against it. `SCHEMATHESIS` is its executable, `SCHEMATHESIS_OPTIONS` what it takes beside.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setup } from "@reluctant/testkit";
import { expect, test } from "vitest";
import { startApi } from "../api.ts";

const config = new URL("schemathesis.toml", import.meta.url).pathname;

test("schemathesis finds nothing", async () => {
  const kit = await setup();
  await kit.submit({ budgets: ["10%", "20%"] });
  await kit.drain(await kit.worker());
  const api = await startApi({ databaseUrl: kit.databaseUrl });
  const given = (process.env.SCHEMATHESIS_OPTIONS ?? "").split(" ").filter(Boolean);
  const options = ["--continue-on-failure", "--header", `Authorization: Bearer ${api.tokens.admin}`, ...given];
  const command = ["--config-file", config, "run", `${api.url}/openapi.json`, ...options];
  const child = spawn(process.env.SCHEMATHESIS ?? "schemathesis", command, { stdio: "inherit" });
  const [code] = await once(child, "exit");
  await api.close();
  await kit.close();
  expect(code).toBe(0);
});
