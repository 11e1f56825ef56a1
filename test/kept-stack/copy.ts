import type { Client, Connection, Submittable } from "pg";

/** What COPY sends out as text: a line of column names, then the rows. */
export async function copyOut(client: Client, query: string): Promise<Buffer> {
  const copy = new Copy(`copy (${query}) to stdout with (header)`, Buffer.alloc(0));
  client.query(copy);
  await copy.ended;
  return Buffer.concat(copy.received);
}

/** Fills a table with what `copyOut` gave: columns that it names, and no other, are set. */
export async function copyIn(client: Client, table: string, rows: Buffer): Promise<void> {
  const columns = rows.subarray(0, rows.indexOf("\n")).toString().split("\t");
  const copy = new Copy(`copy "${table}" ("${columns.join('", "')}") from stdin with (header)`, rows);
  client.query(copy);
  await copy.ended;
}

/** Parts of node-postgres' protocol that its types leave out. */
interface CopyingConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** node-postgres leaves COPY to whoever speaks its protocol: a query of one's own. */
class Copy implements Submittable {
  readonly received: Buffer[] = [];
  readonly ended: Promise<void>;
  private readonly statement: string;
  private readonly rows: Buffer;
  private resolve = () => {};
  private reject = (_: Error) => {};

  constructor(statement: string, rows: Buffer) {
    this.statement = statement;
    this.rows = rows;
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  submit = (connection: Connection) => connection.query(this.statement);
  handleCopyInResponse(connection: CopyingConnection): void {
    connection.sendCopyFromChunk(this.rows);
    connection.endCopyFrom();
  }
  handleCopyData({ chunk }: { chunk: Buffer }): void {
    this.received.push(Buffer.from(chunk)); // a view of what the next message overwrites
  }
  handleCommandComplete(): void {}
  handleReadyForQuery = () => this.resolve();
  handleError = (error: Error) => this.reject(error);
}
