import type { Event, StageRun, Trial } from "@reluctant/contracts";
import { count } from "@reluctant/plot";
import { useMemo, useState } from "react";
import { Time } from "../../ui/time.tsx";
import { historyLines } from "./history.ts";
import { maxEvents } from "./use-experiment.ts";

const pageSize = 30;

export function History({ events, runs, trials }: { events: Event[]; runs: StageRun[]; trials: Trial[] }) {
  const [shown, setShown] = useState(pageSize);
  const lines = useMemo(() => historyLines(events, runs, trials), [events, runs, trials]);
  return (
    <section>
      <h2>History</h2>
      {lines.length === 0 && <p className="muted">Nothing has happened yet.</p>}
      <ol className="history">
        {lines.slice(0, shown).map((line) => (
          <li key={line.cursor} data-tone={line.tone}>
            <Time at={line.at} />
            <span>
              {line.subject && <b>{line.subject} </b>}
              {line.text}
            </span>
          </li>
        ))}
      </ol>
      {lines.length > shown && (
        <button type="button" onClick={() => setShown(shown + pageSize)}>
          Show {pageSize} older
        </button>
      )}
      {lines.length === maxEvents && shown >= maxEvents && (
        <p className="muted">The newest {count(maxEvents)} events are shown; the API keeps the older ones.</p>
      )}
    </section>
  );
}
