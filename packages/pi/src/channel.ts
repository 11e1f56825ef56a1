import { once } from "node:events";
import type { Duplex } from "node:stream";
import { faultOf, headerBytes, headerOf, maximumMessageBytes } from "./frame.ts";
import type { MessageType } from "./messages.ts";
import { Transcript } from "./transcript.ts";

/** Why a session ended: the peer misbehaved, fell silent, or went. */
export class ChannelError extends Error {
  override name = "ChannelError";
  readonly reason: "malformed" | "timeout" | "closed";

  constructor(reason: ChannelError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** How long a peer may take for a message, and to take one; as long again for the largest. */
export const defaultTimeoutMs = 60_000;

/**
 * One end of a stream of typed messages over a TCP or unix socket. A receiver says which message it awaits and how long it
 * is; anything else ends the session, and so does a peer that has not sent all of it in `timeoutMs`, or twice that for the
 * largest. After the first error every call throws it. The channel is assumed authentic and private: between machines, give it
 * a TLS socket.
 */
export class Channel {
  readonly transcript = new Transcript();
  readonly #socket: Duplex;
  readonly #timeoutMs: number;
  readonly #peer: string;
  #sent = 0;
  #received = 0;
  #unread: Uint8Array = new Uint8Array(0);
  #failure: ChannelError | undefined;

  /** `peer` is what errors call the other end. */
  constructor(socket: Duplex, { peer, timeoutMs = defaultTimeoutMs }: { peer: string; timeoutMs?: number }) {
    this.#socket = socket;
    this.#peer = peer;
    this.#timeoutMs = timeoutMs;
    socket.pause();
    socket.setMaxListeners(0); // several messages may wait for it to drain
    socket.on("error", (cause) => this.#fail("closed", `the connection to the ${peer} broke`, cause));
    socket.on("close", () => this.#fail("closed", `the ${peer} closed the connection`));
  }

  /** Sends a message, whose memory must stay as it is. Ends when the socket has room for more. */
  async send(type: MessageType, payload: ArrayBufferView): Promise<void> {
    const bytes = payload.byteLength;
    if (bytes > maximumMessageBytes) throw new RangeError(`${type} has ${bytes} bytes: a message has at most 64 MiB`);
    this.#requireOpen();
    this.transcript.sent(headerBytes + bytes);
    this.#socket.cork();
    this.#socket.write(headerOf({ type, bytes, sequence: this.#sent++ }));
    const taken = this.#socket.write(new Uint8Array(payload.buffer, payload.byteOffset, bytes));
    this.#socket.uncork();
    if (!taken) await this.#inTime(this.#socket.writableLength, `take ${type}`, () => this.#event("drain"));
  }

  /** The next message, which must be of this type and have so many bytes. Its memory is fresh. One at a time. */
  async receive(type: MessageType, bytes: number): Promise<Uint8Array> {
    if (bytes > maximumMessageBytes) throw new RangeError(`${type} of ${bytes} bytes: a message has at most 64 MiB`);
    return this.#inTime(bytes, `send ${type}`, async () => {
      const header = await this.#read(headerBytes);
      const fault = faultOf(header, { type, bytes, sequence: this.#received++ });
      if (fault) throw this.#fail("malformed", `the ${this.#peer} ${fault}`);
      const payload = await this.#read(bytes);
      this.transcript.received(headerBytes + bytes);
      return payload;
    });
  }

  /** Closes the connection, once what was sent is on its way. */
  async close(): Promise<void> {
    this.#failure ??= new ChannelError("closed", `the connection to the ${this.#peer} was closed here`);
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, "close");
    this.#socket.end();
    this.#socket.resume(); // or the peer's end is never seen
    const deadline = setTimeout(() => this.#socket.destroy(), Math.min(this.#timeoutMs, defaultTimeoutMs));
    await closed.catch(() => undefined);
    clearTimeout(deadline);
  }

  async #read(bytes: number): Promise<Uint8Array> {
    const target = new Uint8Array(bytes);
    let filled = 0;
    while (filled < bytes) {
      if (this.#unread.length === 0) {
        const chunk = this.#socket.read() as Uint8Array | null;
        if (!chunk) {
          this.#requireOpen();
          await this.#event("readable");
          continue;
        }
        this.#unread = chunk;
      }
      const part = this.#unread.subarray(0, bytes - filled);
      target.set(part, filled);
      this.#unread = this.#unread.subarray(part.length);
      filled += part.length;
    }
    return target;
  }

  /** Ends the session where so many bytes take the peer too long. One limit for all of them: a peer that drips has no more time. */
  async #inTime<T>(bytes: number, what: string, work: () => Promise<T>): Promise<T> {
    const limitMs = Math.floor(this.#timeoutMs * (1 + bytes / maximumMessageBytes));
    const timer = setTimeout(
      () => this.#fail("timeout", `the ${this.#peer} did not ${what} within ${limitMs} ms`),
      limitMs,
    );
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for an event of the socket, or its end. */
  async #event(name: "readable" | "drain"): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const event of [name, "end", "close"]) this.#socket.off(event, done);
        resolve();
      };
      for (const event of [name, "end", "close"]) this.#socket.on(event, done);
    });
    if (this.#socket.readableEnded) this.#fail("closed", `the ${this.#peer} closed the connection`);
    this.#requireOpen();
  }

  #requireOpen(): void {
    if (this.#failure) throw this.#failure;
  }

  #fail(reason: ChannelError["reason"], message: string, cause?: unknown): ChannelError {
    this.#failure ??= new ChannelError(reason, message, { cause });
    this.#socket.destroy();
    return this.#failure;
  }
}
