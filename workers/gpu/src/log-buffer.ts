import type { Written } from "@reluctant/control";

/** Bytes of log that an attempt may write; a longer one ends with a line that says so. */
const defaultMaxBytes = 8 * 2 ** 20;
const chunkBytes = 256 * 2 ** 10;

/** An attempt's log on its way to Postgres, in chunks that each have a fixed place. */
export interface LogBuffer {
  write(bytes: Uint8Array): void;
  line(text: string): void;
  /** Sends what there is. After an error the same chunk is sent again, so a lost answer repeats nothing. */
  flush(): Promise<Written>;
}

export function createLogBuffer(
  append: (chunk: { offset: number; bytes: Uint8Array }) => Promise<Written>,
  maxBytes = defaultMaxBytes,
): LogBuffer {
  let waiting: Buffer[] = [];
  let accepted = 0;
  let sent = 0;
  let chunk: Buffer | null = null;

  const write = (bytes: Uint8Array) => {
    if (accepted >= maxBytes) return;
    const room = maxBytes - accepted;
    waiting.push(Buffer.from(bytes.subarray(0, room)));
    if (bytes.byteLength > room) waiting.push(Buffer.from(`\n[the log ends here: it reached ${maxBytes} bytes]\n`));
    accepted += bytes.byteLength;
  };

  const nextChunk = (): Buffer | null => {
    if (waiting.length === 0) return null;
    const all = Buffer.concat(waiting);
    waiting = all.byteLength > chunkBytes ? [all.subarray(chunkBytes)] : [];
    return all.subarray(0, chunkBytes);
  };

  return {
    write,
    line: (text) => write(Buffer.from(`${text}\n`)),
    async flush() {
      for (;;) {
        chunk ??= nextChunk();
        if (!chunk) return "written";
        if ((await append({ offset: sent, bytes: chunk })) === "stale") return "stale";
        sent += chunk.byteLength;
        chunk = null;
      }
    },
  };
}
