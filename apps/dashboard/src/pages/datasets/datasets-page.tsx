import type { Dataset, DatasetList } from "@reluctant/contracts";
import { count, percent } from "@reluctant/plot";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { client } from "../../client.ts";
import { duration, rate } from "../../format.ts";
import { Empty, Failure, Skeleton } from "../../ui/notes.tsx";
import { Time } from "../../ui/time.tsx";
import { UnusableDatasets } from "../../ui/unusable-datasets.tsx";
import "./datasets.css";

export function DatasetsPage() {
  const datasets = useQuery({
    queryKey: ["datasets"],
    queryFn: ({ signal }) => client.datasetList({ signal }),
    refetchInterval: 2_000,
  });
  const { items = [], preparing = [], unusable = [] } = datasets.data ?? {};
  return (
    <>
      <div className="head">
        <h1>Data sets</h1>
      </div>
      {datasets.isPending && <Skeleton lines={4} />}
      {datasets.error && <Failure error={datasets.error} onRetry={() => void datasets.refetch()} />}
      {datasets.data && items.length + preparing.length === 0 && (
        <Empty title="No data set is there yet">
          <p>
            A worker prepares what lies in its data folders. What a folder of yours is, before anything is made of it:
          </p>
          <pre>npx reluctant datasets inspect PATH</pre>
        </Empty>
      )}
      {preparing.length > 0 && <Preparing datasets={preparing} />}
      <UnusableDatasets datasets={unusable} />
      {items.length > 0 && <DatasetTable datasets={items} />}
    </>
  );
}

const Preparing = ({ datasets }: { datasets: DatasetList["preparing"] }) => (
  <ul className="preparing" aria-label="Being prepared">
    {datasets.map(({ name, step, done, total, imagesPerSecond, etaSeconds, workers }) => (
      <li key={name}>
        <b>{name}</b>{" "}
        <span>
          {step === "waiting" ? "waits to be prepared" : `preparing ${total ? percent(done / total, 0) : ""}`}
        </span>
        {total !== null && <progress value={done} max={total} aria-label={`${name}: ${step}`} />}
        <span className="muted">
          {[
            ...(total === null ? [] : [`${count(done)} of ${count(total)} images`, rate(imagesPerSecond)]),
            ...(etaSeconds === null ? [] : [`${duration(etaSeconds)} left`]),
            `on ${workers.join(", ")}`,
          ].join(", ")}
        </span>
      </li>
    ))}
  </ul>
);

const DatasetTable = ({ datasets }: { datasets: Dataset[] }) => (
  <div className="scroll">
    <table className="list">
      <thead>
        <tr>
          <th>Name</th>
          <th>Version</th>
          <th className="number">Classes</th>
          <th>Image</th>
          <th className="number">Train</th>
          <th className="number">Validation</th>
          <th className="number">Test</th>
          <th>Registered</th>
        </tr>
      </thead>
      <tbody>
        {datasets.map(({ name, alsoNamed, version, classes, inputShape, splits, createdAt }) => (
          <tr key={`${name} ${version}`}>
            <td className="name">
              <Link href={cardOf(name, version)}>{name}</Link>{" "}
              {alsoNamed.length > 0 && <span className="muted">also {alsoNamed.join(", ")}</span>}
            </td>
            <td>
              <code title={version}>{version.slice(0, 12)}</code>
            </td>
            <td className="number">{count(classes.length)}</td>
            <td>{inputShape.join("×")}</td>
            <td className="number">{count(splits.train)}</td>
            <td className="number">{count(splits.validation)}</td>
            <td className="number">{count(splits.test)}</td>
            <td>
              <Time at={createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const cardOf = (name: string, version: string): string =>
  `/datasets/card?${new URLSearchParams({ dataset: `${name}@${version.slice(0, 12)}` })}`;
