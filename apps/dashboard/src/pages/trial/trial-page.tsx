import { fullVariant, type StageRun, type Trial } from "@reluctant/contracts";
import { count, lossSharesText, type MaskFigure, percent } from "@reluctant/plot";
import { useMemo } from "react";
import { Link, useParams, useSearchParams } from "wouter";
import { DataTable } from "../../ui/data-table.tsx";
import { Failure, Skeleton } from "../../ui/notes.tsx";
import { State } from "../../ui/state.tsx";
import { TrialActions } from "../../ui/trial-actions.tsx";
import { Downloads } from "./downloads.tsx";
import { ExchangeHistory } from "./exchange-history.tsx";
import { LayerCards } from "./layer-cards.tsx";
import { Lineage } from "./lineage.tsx";
import { PrivateInference } from "./private-inference.tsx";
import { layerRows, type MaskChoice, maskChoices, trialFigure, trialUpdates } from "./trial-layers.ts";
import { type TrialAndRuns, useMaskMaps, useTrial } from "./use-trial.ts";
import "./trial.css";

export default function TrialPage() {
  const { id } = useParams<{ id: string }>();
  const trial = useTrial(id);
  if (trial.data) return <Loaded key={id} {...trial.data} />;
  return trial.error ? <Failure error={trial.error} onRetry={() => void trial.refetch()} /> : <Skeleton lines={12} />;
}

function Loaded({ trial, runs }: TrialAndRuns) {
  const [params, setParams] = useSearchParams();
  const choices = maskChoices(trial, runs);
  const chosen = choices.find(({ variant }) => variant === params.get("width")) ?? choices[0];
  const maps = useMaskMaps(chosen?.sha256);
  const updates = useMemo(() => trialUpdates(trial, runs), [trial, runs]);
  const figure = useMemo(
    () =>
      maps.data && chosen
        ? trialFigure(maps.data, { title: `${maps.data.model} · ${titleOf(trial)}`, variant: chosen.variant, updates })
        : null,
    [maps.data, chosen, trial, updates],
  );
  const rows = useMemo(() => layerRows(runs, figure), [runs, figure]);
  const search = runs.find(({ kind }) => kind === "mask-search");
  return (
    <>
      <Header trial={trial} runs={runs} />
      <section>
        <div className="head">
          <h2>Layers</h2>
          {choices.length > 1 && (
            <Widths choices={choices} chosen={chosen} choose={(width) => setParams({ width }, { replace: true })} />
          )}
        </div>
        {figure && <p className="sentence">{figure.sentence}</p>}
        {maps.error && <Failure error={maps.error} onRetry={() => void maps.refetch()} />}
        {maps.isPending && chosen && <Skeleton lines={4} />}
        {!chosen && <p className="muted">The masks come when the search has ended.</p>}
        {rows.length > 0 && <LayerCards rows={rows} />}
        {figure && <LayerTable figure={figure} />}
      </section>
      {search && (
        <section>
          <h2>
            Exchange history <small>units that each mask update exchanged</small>
          </h2>
          <ExchangeHistory search={search} updates={updates} />
        </section>
      )}
      <PrivateInference trial={trial} title={titleOf(trial)} />
      <section>
        <h2>Lineage</h2>
        <Lineage trial={trial} runs={runs} />
      </section>
      <section>
        <h2>Downloads</h2>
        <Downloads runs={runs} figure={figure} />
      </section>
    </>
  );
}

/** `senet · 18,841 · seed 1` */
const titleOf = ({ method, budget, seed }: Trial): string =>
  [method, ...(budget === null ? [] : [count(budget)]), `seed ${seed}`].join(" · ");

const Header = ({ trial, runs }: TrialAndRuns) => (
  <header>
    <div className="head">
      <h1>{titleOf(trial)}</h1>
      <State state={trial.state} />
      <span className="grow" />
      <TrialActions trial={trial} />
      <Link href={`/experiments/${trial.experimentId}`}>Experiment</Link>
    </div>
    {trial.reason && <p className="reason">{trial.reason}</p>}
    <dl className="facts">
      {[...facts(trial), ...lossFacts(runs)].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  </header>
);

const facts = ({ model, budget, reluCount, validationAccuracy, testAccuracy }: Trial): [string, string][] => [
  ["Model", model],
  ["Budget", budget === null ? "none" : `${count(budget)} ReLUs`],
  ["ReLUs kept", reluCount === null ? "–" : count(reluCount)],
  ["Test accuracy", testAccuracy === null ? "–" : percent(testAccuracy)],
  ["Validation accuracy", validationAccuracy === null ? "–" : percent(validationAccuracy)],
];

/** What the student learned from. */
function lossFacts(runs: StageRun[]): [string, string][] {
  const result = runs.find(({ kind }) => kind === "distillation")?.result;
  if (result?.kind !== "distillation") return [];
  const { lossShares, gradientShares } = result;
  return [
    ["Loss", lossSharesText(lossShares)],
    ...(gradientShares ? [["Gradient", lossSharesText(gradientShares)] as [string, string]] : []),
  ];
}

/** One set of weights serves several widths: which one's masks are drawn. */
const Widths = ({
  choices,
  chosen,
  choose,
}: {
  choices: MaskChoice[];
  chosen: MaskChoice | undefined;
  choose: (variant: string) => void;
}) => (
  <select aria-label="Width" value={chosen?.variant} onChange={(event) => choose(event.target.value)}>
    {choices.map(({ variant }) => (
      <option key={variant} value={variant}>
        {variant === fullVariant ? "full width" : `${variant}× of the channels`}
      </option>
    ))}
  </select>
);

const LayerTable = ({ figure }: { figure: MaskFigure }) => (
  <DataTable title="The layers as a table" {...figure.table} />
);
