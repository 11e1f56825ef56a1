import { randomUUID } from "node:crypto";
import { Agent, type IncomingMessage, request } from "node:http";
import type { ExperimentSpecInput, ExperimentSummary } from "@reluctant/contracts";
import type { Stack } from "@reluctant/local";

/** Submits specs, each under an Idempotency-Key of its own. */
export interface PlainClient {
  /** @throws Error with the API's problem where it is not taken */
  submit(spec: ExperimentSpecInput): Promise<ExperimentSummary>;
  close(): void;
}

/**
 * Asks the API as a program in any language would: a request by Node's HTTP client over a kept connection, its answer read as
 * JSON. The SDK asks by `fetch`, which browsers have, and checks the answer: that takes 1 ms of processor more a submit, on the
 * two cores that the API is measured on.
 */
export function openPlainClient({ address, credentials }: Stack): PlainClient {
  const agent = new Agent({ keepAlive: true });
  const url = new URL("/api/v1/experiments", address as string);
  const headers = { authorization: `Bearer ${credentials?.token}`, "content-type": "application/json" };
  return {
    submit: (spec) =>
      new Promise((resolve, reject) => {
        const options = { method: "POST", agent, headers: { ...headers, "idempotency-key": randomUUID() } };
        const asked = request(url, options, (answer) => read(answer).then(resolve, reject));
        asked.on("error", reject).end(JSON.stringify(spec));
      }),
    close: () => agent.destroy(),
  };
}

const read = (answer: IncomingMessage): Promise<ExperimentSummary> =>
  new Promise((resolve, reject) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (piece: string) => {
      text += piece;
    });
    answer.on("error", reject);
    answer.on("end", () => {
      if (answer.statusCode === 202) resolve(JSON.parse(text));
      else reject(new Error(`a submit was answered ${answer.statusCode}: ${text}`));
    });
  });
