import type { DatasetCard, DatasetDetail } from "@reluctant/contracts";
import { count } from "@reluctant/plot";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useSearchParams } from "wouter";
import { client } from "../../client.ts";
import { plural } from "../../format.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { Failure, Skeleton } from "../../ui/notes.tsx";
import "./datasets.css";

/** Milliseconds between two looks at a data set whose card is not made yet. */
const refresh = 3_000;

export function DatasetPage() {
  const [params] = useSearchParams();
  const written = params.get("dataset") ?? "";
  const dataset = useQuery({
    queryKey: ["dataset", written],
    queryFn: ({ signal }) => client.dataset(written, { signal }),
    refetchInterval: ({ state }) => (state.data?.card === null ? refresh : false),
  });
  if (dataset.data) return <Loaded written={written} dataset={dataset.data} />;
  return dataset.error ? (
    <Failure error={dataset.error} onRetry={() => void dataset.refetch()} />
  ) : (
    <Skeleton lines={12} />
  );
}

function Loaded({ written, dataset }: { written: string; dataset: DatasetDetail }) {
  const { name, alsoNamed, version, classes, inputShape, splits, card } = dataset;
  const [height, width, channels] = inputShape;
  return (
    <>
      <p className="crumbs">
        <Link href="/datasets">Data sets</Link>
      </p>
      <div className="head">
        <h1>{name}</h1>
        {alsoNamed.length > 0 && <span className="muted">also named {alsoNamed.join(", ")}</span>}
      </div>
      <dl className="facts">
        <Fact title="Version">
          <code title={version}>{version.slice(0, 12)}</code>
        </Fact>
        <Fact title="Image">{`${width}×${height}, ${channels === 3 ? "RGB" : plural(channels, "channel")}`}</Fact>
        <Fact title="Classes">{count(classes.length)}</Fact>
        <Fact title="Train">{count(splits.train)}</Fact>
        <Fact title="Validation">{count(splits.validation)}</Fact>
        <Fact title="Test">{count(splits.test)}</Fact>
      </dl>
      {card ? (
        <>
          <Preparation facts={card.preparation} />
          <Classes card={card} sheet={`/api/v1/datasets/${encodeURIComponent(written)}/sheet`} />
        </>
      ) : (
        <p className="muted">
          No worker that has it in a data folder has made its card yet: classes and samples follow.
        </p>
      )}
    </>
  );
}

const Fact = ({ title, children }: { title: string; children: ReactNode }) => (
  <div>
    <dt>{title}</dt>
    <dd>{children}</dd>
  </div>
);

/** What two splits share, and what was left out. */
function Preparation({ facts }: { facts: DatasetCard["preparation"] }) {
  if (!facts)
    return (
      <p className="muted">
        An earlier version of Reluctant prepared it: what was left out, and what two splits share, was not kept.
      </p>
    );
  const { duplicates, broken } = facts;
  return (
    <section>
      <h2>Checks</h2>
      {duplicates.length === 0 && <p className="good">No image occurs in two splits.</p>}
      {duplicates.map(({ between: [one, other], images, examples }) => (
        <details className="unusable" key={`${one} ${other}`}>
          <summary>
            {plural(images, "image")} of {one} {images === 1 ? "is" : "are"} in {other}, too
          </summary>
          <ul>
            {examples.map(([first, second]) => (
              <li key={first}>
                {first} = {second}
              </li>
            ))}
          </ul>
        </details>
      ))}
      {broken.images === 0 ? (
        <p className="good">No image was left out as broken.</p>
      ) : (
        <details className="unusable">
          <summary>{plural(broken.images, "broken image")} left out</summary>
          <ul>
            {broken.examples.map(({ file, reason }) => (
              <li key={file}>{reason}</li>
            ))}
          </ul>
          {broken.images > broken.examples.length && (
            <p className="muted">broken.txt in the worker's cache lists all.</p>
          )}
        </details>
      )}
    </section>
  );
}

/** The first classes with samples, the others as a table. */
function Classes({ card: { classes, sheet: size }, sheet }: { card: DatasetCard; sheet: string }) {
  const shown = classes.slice(0, size.rows);
  const others = classes.slice(size.rows);
  return (
    <section>
      <h2>
        Classes <small>with samples of train</small>
      </h2>
      <ul className="classes">
        {shown.map(({ name, train, validation, test }, row) => (
          <li key={name}>
            <div>
              <b>{name}</b>
              <span className="muted">{`${count(train)} train, ${count(validation)} validation, ${count(test)} test`}</span>
            </div>
            <div
              className="samples"
              role="img"
              aria-label={`samples of ${name}`}
              style={{
                backgroundImage: `url("${sheet}")`,
                backgroundPositionX: -size.gap,
                backgroundPositionY: -(size.gap + row * (size.side + size.gap)),
                width: size.columns * (size.side + size.gap) - size.gap,
                height: size.side,
              }}
            />
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <DataTable
          title={others.length === 1 ? "1 more class" : `${count(others.length)} more classes`}
          columns={["Class", "Train", "Validation", "Test"]}
          rows={others.map(({ name, train, validation, test }) => [name, ...[train, validation, test].map(count)])}
        />
      )}
    </section>
  );
}
