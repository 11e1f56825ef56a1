import { type FrontierAxis, frontierAxes } from "@reluctant/contracts";
import { axisWords, type PlotDescription, settingLines } from "@reluctant/plot";
import { plural } from "../../format.ts";

interface Props {
  plot: PlotDescription;
  onChoose: (choice: { axis: FrontierAxis; setting?: string }) => void;
}

/** What the plot is drawn over, and of a measured cost in which setting: figures of two are never mixed. */
export function AxisChoice({ plot: { axis, setting, settings, caption }, onChoose }: Props) {
  return (
    <div className="axis-choice">
      <fieldset className="switch">
        <legend>Over</legend>
        {frontierAxes.map((each) => (
          <label key={each}>
            <input type="radio" name="axis" checked={each === axis} onChange={() => onChoose({ axis: each })} />
            <span>{axisWords[each].name}</span>
          </label>
        ))}
      </fieldset>
      {setting && (
        <>
          <select
            aria-label="Setting of the measurements"
            value={setting.key}
            onChange={(event) => onChoose({ axis, setting: event.target.value })}
          >
            {settings.map((each) => (
              <option key={each.key} value={each.key}>
                {settingLines(each)[0]}; {each.level}, {each.cores} cores ({plural(each.points, "point")})
              </option>
            ))}
          </select>
          <p className="caption">
            {caption.map((line) => (
              <span key={line}>{line}</span>
            ))}
          </p>
        </>
      )}
    </div>
  );
}
