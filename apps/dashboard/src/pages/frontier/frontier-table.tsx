import type { PlotDescription } from "@reluctant/plot";

/** The plot for screen readers and for copying. */
export const FrontierTable = ({ plot }: { plot: PlotDescription }) => (
  <details>
    <summary>The plot as a table</summary>
    <div className="scroll">
      <table className="list">
        <thead>
          <tr>
            {plot.table.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {plot.table.rows.map((row) => (
            <tr key={row.join()}>
              {row.map((cell, i) => (
                <td key={plot.table.columns[i]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
);
