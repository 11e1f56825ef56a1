import type { PiCost } from "@reluctant/contracts";
import { bytes, milliseconds, type PhaseCost, type StepCost, stepCosts } from "@reluctant/plot";
import "./step-chart.css";

const columns = [
  { phase: "offline", of: "ms", title: "Offline time", text: milliseconds },
  { phase: "online", of: "ms", title: "Online time", text: milliseconds },
  { phase: "offline", of: "bytes", title: "Offline bytes", text: bytes },
  { phase: "online", of: "bytes", title: "Online bytes", text: bytes },
] as const satisfies { phase: keyof Omit<StepCost, "step">; of: keyof PhaseCost; title: string; text: unknown }[];

/** Where time and bytes of an inference go, layer by layer: each column's bars are shares of its largest. */
export function StepChart({ steps }: { steps: PiCost["steps"] }) {
  const rows = stepCosts(steps);
  if (rows.length === 0) return null;
  const most = columns.map(({ phase, of }) => Math.max(...rows.map((row) => row[phase][of])));
  return (
    <div className="scroll">
      <table className="list steps">
        <caption>An inference step by step, means of the samples</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            {columns.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.step}>
              <th scope="row">{row.step}</th>
              {columns.map(({ phase, of, title, text }, i) => (
                <td key={title}>
                  <Bar value={row[phase][of]} most={most[i] as number} phase={phase} text={text} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface BarProps {
  value: number;
  most: number;
  phase: "offline" | "online";
  text: (value: number) => string;
}

const Bar = ({ value, most, phase, text }: BarProps) =>
  value === 0 ? (
    <span className="muted">–</span>
  ) : (
    <span className="bar">
      <i data-phase={phase} style={{ width: `${(100 * value) / most}%` }} />
      <span>{text(value)}</span>
    </span>
  );
