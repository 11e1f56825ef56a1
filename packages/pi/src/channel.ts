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

/** How long a peer may take for a message, and to take one. */
export const defaultTimeoutMs = 60_000;

/**
 * One end of a stream of typed messages over a TCP or unix socket. A receiver says which message it awaits and how long it
 * is; anything else ends the session, and so does a peer that is silent for `timeoutMs`. After the first error every call
 * throws it. The channel is assumed authentic and private: between machines, give it a TLS socket.
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
    socket.on("error", (cause) => this.#fail("closed", `the connection to the ${peer} broke`, cause));
    socket.setMaxListeners(0); // several messages may wait for it to drain
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
    if (!taken) await this.#event("drain", `take ${type}`);
  }

  /** The next message, which must be of this type and have so many bytes. Its memory is fresh. One at a time. */
  async receive(type: MessageType, bytes: number): Promise<Uint8Array> {
    if (bytes > maximumMessageBytes) throw new RangeError(`${type} of ${bytes} bytes: a message has at most 64 MiB`);
    const header = await this.#read(headerBytes, type);
    const fault = faultOf(header, { type, bytes, sequence: this.#received++ });
    if (fault) throw this.#fail("malformed", `the ${this.#peer} ${fault}`);
    const payload = await this.#read(bytes, type);
    this.transcript.received(headerBytes + bytes);
    return payload;
  }

  /** Closes the connection, once what was sent is on its way. */
  async close(): Promise<void> {
    this.#failure ??= new ChannelError("closed", `the connection to the ${this.#peer} was closed here`);
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, "close");
    this.#socket.end();
    this.#socket.resume(); // or the peer's end is never seen
    const deadline = setTimeout(() => this.#socket.destroy(), this.#timeoutMs);
    await closed.catch(() => undefined);
    clearTimeout(deadline);
  }

  async #read(bytes: number, type: MessageType): Promise<Uint8Array> {
    const target = new Uint8Array(bytes);
    let filled = 0;
    while (filled < bytes) {
      if (this.#unread.length === 0) {
        const chunk = this.#socket.read() as Uint8Array | null;
        if (!chunk) {
          this.#requireOpen();
          await this.#event("readable", `send ${type}`);
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

  /** Waits for an event of the socket, its end or the time limit. */
  async #event(name: "readable" | "drain", what: string): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        for (const event of [name, "end", "close"]) this.#socket.off(event, done);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#fail("timeout", `the ${this.#peer} did not ${what} within ${this.#timeoutMs} ms`);
        done();
      }, this.#timeoutMs);
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
