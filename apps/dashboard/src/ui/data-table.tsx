/** What a drawing shows, for screen readers and for copying. */
export const DataTable = ({ title, columns, rows }: { title: string; columns: string[]; rows: string[][] }) => (
  <details>
    <summary>{title}</summary>
    <div className="scroll">
      <table className="list">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.join()}>
              {row.map((cell, i) => (
                <td key={columns[i]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
);
