import type { Worker } from "@reluctant/contracts";
import { useQuery } from "@tanstack/react-query";
import { client } from "../../client.ts";
import { memory, plural, rate, shortId } from "../../format.ts";
import { Empty, Failure, Skeleton } from "../../ui/notes.tsx";
import { State } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";

export function WorkersPage() {
  const workers = useQuery({
    queryKey: ["workers"],
    queryFn: ({ signal }) => client.workers({ signal }),
    refetchInterval: 2_000,
  });
  return (
    <>
      <div className="head">
        <h1>Workers</h1>
      </div>
      {workers.isPending && <Skeleton lines={4} />}
      {workers.error && <Failure error={workers.error} onRetry={() => void workers.refetch()} />}
      {workers.data?.length === 0 && (
        <Empty title="No worker has joined">
          <p>Experiments wait until one does. On a machine with a GPU:</p>
          <pre>npx reluctant worker</pre>
        </Empty>
      )}
      {workers.data && workers.data.length > 0 && <WorkerTable workers={workers.data} />}
    </>
  );
}

const WorkerTable = ({ workers }: { workers: Worker[] }) => (
  <div className="scroll">
    <table className="list">
      <thead>
        <tr>
          <th>State</th>
          <th>Name</th>
          <th>Pool, labels</th>
          <th>Device</th>
          <th className="number">Memory</th>
          <th>Backend</th>
          <th>Precision</th>
          <th>Runs</th>
          <th className="number">Speed</th>
          <th>Heartbeat</th>
          <th>Joined</th>
        </tr>
      </thead>
      <tbody>
        {workers.map((worker) => (
          <tr key={worker.id}>
            <td>
              <State state={worker.state} title={worker.reason} />
            </td>
            <td className="name">
              {worker.name} {worker.reason && <span className="muted">{worker.reason}</span>}
            </td>
            <td>
              {worker.pool} <span className="muted">{labelsOf(worker)}</span>
            </td>
            <td>{worker.engine.device}</td>
            <td className="number">{memoryOf(worker)}</td>
            <td
              title={versionsOf(worker.engine)}
            >{`${worker.engine.backend}, ${plural(worker.engine.threads, "thread")}`}</td>
            <td>{worker.engine.precisions.join(", ")}</td>
            <td>{worker.stageRunId ? <code title={worker.stageRunId}>{shortId(worker.stageRunId)}</code> : "–"}</td>
            <td className="number">{rate(worker.imagesPerSecond)}</td>
            <td>
              <Time at={worker.lastBeatAt} />
            </td>
            <td>
              <Time at={worker.startedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** Of a GPU in the units that specs ask for it in, else of the machine. */
const memoryOf = ({ gpuMemory, engine }: Worker): string =>
  gpuMemory === null ? memory(engine.memoryBytes) : `${+(gpuMemory / 1e9).toFixed(1)} GB`;

/** `gpu=h200 zone=a` */
const labelsOf = ({ labels }: Worker): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(" ");

/** `node 20.19.4, tfjs 4.22.0, torch 2.11` */
const versionsOf = ({ versions }: Worker["engine"]): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
