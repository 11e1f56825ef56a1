import type { Dataset, ModelResource } from "@reluctant/contracts";
import { count, frontierCsv, frontierPlot, lightTheme } from "@reluctant/plot";
import { svgFile } from "@reluctant/plot/draw";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useSearchParams } from "wouter";
import { client } from "../../client.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty, Failure, Skeleton } from "../../ui/notes.tsx";
import { saveFile } from "../../ui/save-file.ts";
import { UnusableDatasets } from "../../ui/unusable-datasets.tsx";
import { AxisChoice } from "./axis-choice.tsx";
import { FrontierChart } from "./frontier-chart.tsx";
import { useCost } from "./use-cost.ts";
import "./frontier.css";

/** New points come seldom and are worth seeing soon; many take so long to read that they are not asked for as often. */
const refresh = (points: number): number => 5_000 * Math.max(1, points / 1_000);

export default function FrontierPage() {
  const choice = useChoice();
  if (choice.error) return <Failure error={choice.error} onRetry={choice.retry} />;
  if (choice.isPending) return <Skeleton lines={12} />;
  const { datasets, unusable, models, dataset, model, choose } = choice;
  return (
    <>
      <div className="head">
        <h1>Frontier</h1>
        <form className="row" onSubmit={(event) => event.preventDefault()}>
          <select
            aria-label="Dataset"
            value={dataset}
            onChange={(event) => choose({ dataset: event.target.value, model })}
          >
            {datasets.map((each) => (
              <option key={each.version} value={datasetName(each, datasets)}>
                {datasetName(each, datasets)}
              </option>
            ))}
          </select>
          <select aria-label="Model" value={model} onChange={(event) => choose({ dataset, model: event.target.value })}>
            {models.map((each) => (
              <option key={each.name} value={each.name}>
                {each.name}, {count(each.reluCount)} ReLUs
              </option>
            ))}
          </select>
        </form>
      </div>
      <UnusableDatasets datasets={unusable} />
      {dataset && model ? (
        <Plotted dataset={dataset} model={model} />
      ) : (
        <Empty title="No dataset is registered">
          <p>
            <code>npm start</code> registers the datasets that it finds.
          </p>
        </Empty>
      )}
    </>
  );
}

function Plotted({ dataset, model }: { dataset: string; model: string }) {
  const frontier = useQuery({
    queryKey: ["frontier", dataset, model],
    queryFn: ({ signal }) => client.frontier(dataset, model, { signal }),
    refetchInterval: ({ state }) => refresh(state.data?.points.length ?? 0),
  });
  const { data } = frontier;
  const { axis, setting, choose } = useCost();
  const plot = useMemo(() => (data ? frontierPlot(data, { axis, setting }) : null), [data, axis, setting]);
  if (frontier.error && !data) return <Failure error={frontier.error} onRetry={() => void frontier.refetch()} />;
  if (!data || !plot) return <Skeleton lines={12} />;
  if (data.points.length === 0) {
    return (
      <Empty title={`Nothing has finished on ${plot.title} yet`}>
        <p>
          Every finished distillation is a point here. <Link href="/">See what runs</Link>, or submit a sweep of
          budgets.
        </p>
      </Empty>
    );
  }
  const file = ["frontier", data.dataset, data.model, ...(axis === "relus" ? [] : [axis])].join("-");
  const svg = () => svgFile(plot, { theme: lightTheme }, (drawing) => new XMLSerializer().serializeToString(drawing));
  return (
    <>
      <p className="sentence">{plot.sentence}</p>
      <AxisChoice plot={plot} onChoose={choose} />
      {axis !== "relus" && plot.setting === null ? null : <FrontierChart plot={plot} />}
      {plot.notes.map((note) => (
        <p key={note} className="muted">
          {note}
        </p>
      ))}
      <p className="row export">
        <button type="button" onClick={() => saveFile(`${file}.svg`, "image/svg+xml", svg())}>
          Save SVG
        </button>
        <button type="button" onClick={() => saveFile(`${file}.csv`, "text/csv", frontierCsv(data))}>
          Save CSV
        </button>
      </p>
      <DataTable title="The plot as a table" {...plot.table} />
    </>
  );
}

/** Dataset and model from the address; else those of the newest experiment, else the first of each. */
function useChoice() {
  const [params, setParams] = useSearchParams();
  const datasets = useQuery({ queryKey: ["datasets"], queryFn: ({ signal }) => client.datasetList({ signal }) });
  const models = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => client.models({ signal }) });
  const newest = useQuery({
    queryKey: ["experiments", "newest"],
    queryFn: ({ signal }) => client.experiments.list({ limit: 1, signal }),
  });
  const queries = [datasets, models, newest];
  const known: Dataset[] = datasets.data?.items ?? [];
  const last = newest.data?.items[0];
  const lastDataset = known.find((each) => each.version === last?.datasetVersion) ?? known[0];
  const dataset = params.get("dataset") ?? (lastDataset ? datasetName(lastDataset, known) : "");
  const side = known.find((each) => datasetName(each, known) === dataset)?.inputShape[0];
  // A model is listed once for each image size that it takes: one of them fits the data set.
  const fitting: ModelResource[] = (models.data ?? []).filter(({ inputShape }) => inputShape[0] === side);
  return {
    datasets: known,
    unusable: datasets.data?.unusable ?? [],
    models: fitting,
    isPending: queries.some((query) => query.isPending),
    error: queries.find((query) => query.error)?.error ?? null,
    retry: () => queries.forEach((query) => void query.refetch()),
    dataset,
    model: params.get("model") ?? last?.model ?? fitting[0]?.name ?? "",
    choose: (choice: { dataset: string; model: string }) =>
      setParams(
        (before) => {
          const axis = before.get("axis");
          return { ...choice, ...(axis && { axis }) };
        },
        { replace: true },
      ),
  };
}

/** The name alone where it says enough, `name@version` where several versions share it. */
const datasetName = (dataset: Dataset, all: Dataset[]): string =>
  all.filter((each) => each.name === dataset.name).length > 1
    ? `${dataset.name}@${dataset.version.slice(0, 12)}`
    : dataset.name;
