import { once } from "node:events";
import { Worker } from "node:worker_threads";

export interface Burst {
  url: string;
  headers: Record<string, string>;
  /** One POST each, all sent at once. */
  bodies: string[];
}

export interface BurstAnswer {
  status: number;
  /** Of a problem. */
  code: string | undefined;
  retryAfter: string | undefined;
}

/** Runs in a thread of its own, so that the loop of the API in this process has nothing to do but to answer. */
const sender = `
  const { request } = require("node:http");
  const { parentPort, workerData: { url, headers, bodies } } = require("node:worker_threads");
  const send = (body) => new Promise((resolve, reject) => {
    request(url, { method: "POST", headers, agent: false }, async (response) => {
      let text = "";
      for await (const piece of response) text += piece;
      const { code } = JSON.parse(text);
      resolve({ status: response.statusCode, code, retryAfter: response.headers["retry-after"] });
    }).on("error", reject).end(body);
  });
  Promise.all(bodies.map(send)).then((answers) => parentPort.postMessage(answers));
`;

/** What each of them is answered. */
export async function sendAtOnce(burst: Burst): Promise<BurstAnswer[]> {
  const worker = new Worker(sender, { eval: true, workerData: burst });
  const [answers] = await once(worker, "message");
  await worker.terminate();
  return answers;
}
