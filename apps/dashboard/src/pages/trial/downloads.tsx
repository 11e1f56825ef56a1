import { fullVariant, type StageRun } from "@reluctant/contracts";
import { bytes, type MaskFigure, maskSvg } from "@reluctant/plot";
import { shortId } from "../../format.ts";
import { saveFile } from "../../ui/save-file.ts";
import { stageTitles } from "../experiment/stage-titles.ts";

/** What the stage runs made, and the drawing of the masks. */
export function Downloads({ runs, figure }: { runs: StageRun[]; figure: MaskFigure | null }) {
  const made = runs.flatMap((run) => run.artifacts.map((artifact) => ({ run, artifact })));
  return (
    <>
      {made.length === 0 && <p className="muted">Nothing yet: files come with the first stage that ends.</p>}
      {made.length > 0 && (
        <div className="scroll">
          <table className="list">
            <thead>
              <tr>
                <th>File</th>
                <th>Of</th>
                <th className="number">Size</th>
                <th>Type</th>
                <th>SHA-256</th>
              </tr>
            </thead>
            <tbody>
              {made.map(({ run, artifact }) => (
                <tr key={`${run.id} ${artifact.variant} ${artifact.role}`}>
                  <td className="name">
                    <a href={`/api/v1/artifacts/${artifact.sha256}`} download>
                      {artifact.role}
                      {artifact.variant === fullVariant ? "" : `, ${artifact.variant}`}
                    </a>
                  </td>
                  <td>{stageTitles[run.kind]}</td>
                  <td className="number">{bytes(artifact.bytes)}</td>
                  <td>{artifact.mediaType}</td>
                  <td>
                    <code title={artifact.sha256}>{shortId(artifact.sha256)}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {figure && (
        <p className="row export">
          <button type="button" onClick={() => saveFile("masks.svg", "image/svg+xml", maskSvg(figure))}>
            Save the maps as SVG
          </button>
        </p>
      )}
    </>
  );
}
