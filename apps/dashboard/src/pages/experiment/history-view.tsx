import type { Event, StageRun } from "@reluctant/contracts";
import { useMemo, useState } from "react";
import { Time } from "../../ui/time.tsx";
import { historyLines } from "./history.ts";

const pageSize = 30;

export function History({ events, runs }: { events: Event[]; runs: StageRun[] }) {
  const [shown, setShown] = useState(pageSize);
  const lines = useMemo(() => historyLines(events, runs), [events, runs]);
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
    </section>
  );
}
