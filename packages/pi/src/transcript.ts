/** What went over a channel: bytes with their headers, and rounds. */
export interface Traffic {
  bytesSent: number;
  bytesReceived: number;
  /** Times that this side received after it had sent: what a network's latency multiplies. */
  rounds: number;
}

/** Counts the traffic of one end of a channel. */
export class Transcript {
  #traffic: Traffic = { bytesSent: 0, bytesReceived: 0, rounds: 0 };
  #spokeLast = false;

  sent(bytes: number): void {
    this.#traffic.bytesSent += bytes;
    this.#spokeLast = true;
  }

  received(bytes: number): void {
    this.#traffic.bytesReceived += bytes;
    if (this.#spokeLast) this.#traffic.rounds++;
    this.#spokeLast = false;
  }

  /** All so far. */
  get total(): Traffic {
    return { ...this.#traffic };
  }

  /** What came since an earlier `total`. */
  since(earlier: Traffic): Traffic {
    const { bytesSent, bytesReceived, rounds } = this.#traffic;
    return {
      bytesSent: bytesSent - earlier.bytesSent,
      bytesReceived: bytesReceived - earlier.bytesReceived,
      rounds: rounds - earlier.rounds,
    };
  }
}
