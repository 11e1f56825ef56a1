import { fullVariant, type PiMeasurement, type Trial, type TrialPoint } from "@reluctant/contracts";
import { bytes, milliseconds, percent, settingLines, trafficOf } from "@reluctant/plot";
import { settingOf } from "@reluctant/relu";
import { useState } from "react";
import { MeasureDialog } from "../../measuring/measure-dialog.tsx";
import { useMay } from "../../session/use-may.ts";
import { Failure } from "../../ui/notes.tsx";
import { Time } from "../../ui/time.tsx";
import { useTrialPoints } from "./use-trial.ts";

/** What private inference of a trial's network was measured to cost, and the way to measure it; nothing before there is one. */
export function PrivateInference({ trial, title }: { trial: Trial; title: string }) {
  const points = useTrialPoints(trial.id);
  const point = points.data?.find(({ variant }) => variant === fullVariant);
  if (!point) return points.error && <Failure error={points.error} onRetry={() => void points.refetch()} />;
  return (
    <section>
      <div className="head">
        <h2>Private inference</h2>
        <Measure point={point} title={title} />
      </div>
      {point.measurements.length > 0 ? (
        <Measurements measurements={point.measurements} />
      ) : (
        <p className="muted">Nothing was measured of this network yet.</p>
      )}
    </section>
  );
}

function Measure({ point: { id, seed, measurements }, title }: { point: TrialPoint; title: string }) {
  const [open, setOpen] = useState(false);
  if (!useMay("member")) return null;
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Measure…
      </button>
      {open && (
        <MeasureDialog title={title} networks={[{ pointId: id, seed, measurements }]} onClose={() => setOpen(false)} />
      )}
    </>
  );
}

const Measurements = ({ measurements }: { measurements: PiMeasurement[] }) => (
  <div className="scroll">
    <table className="list">
      <thead>
        <tr>
          <th>Setting</th>
          <th className="number">Online</th>
          <th className="number">Offline</th>
          <th className="number">Rounds online</th>
          <th className="number">Samples</th>
          <th className="number">Same class</th>
          <th>Measured</th>
        </tr>
      </thead>
      <tbody>
        {measurements.map((measurement) => (
          <Row key={measurement.stageRunId} measurement={measurement} />
        ))}
      </tbody>
    </table>
  </div>
);

function Row({ measurement }: { measurement: PiMeasurement }) {
  const { cost, samples, agreement, machine, measuredAt } = measurement;
  const [how, where] = settingLines(settingOf(measurement));
  return (
    <tr>
      <td className="setting">
        {how}
        <small>
          {where}
          {machine.disturbed && "; disturbed"}
        </small>
      </td>
      <Phase {...cost.online} />
      <Phase {...cost.offline} />
      <td className="number">{cost.online.rounds}</td>
      <td className="number">{samples}</td>
      <td className="number">{percent(agreement, 1)}</td>
      <td>
        <Time at={measuredAt} />
      </td>
    </tr>
  );
}

const Phase = ({ ms, ...traffic }: PiMeasurement["cost"]["online"]) => (
  <td className="number">
    {milliseconds(ms)}, {bytes(trafficOf(traffic))}
  </td>
);
