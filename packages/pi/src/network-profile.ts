/** A network between the parties. */
export interface NetworkProfile {
  /** Bits a second, each way. */
  bitsPerSecond: number;
  /** From one end to the other and back. */
  roundTripMs: number;
}

/** The networks of the literature. Loopback is what the machine has, without a relay. */
export const networkProfiles = {
  loopback: undefined,
  lan: { bitsPerSecond: 1e9, roundTripMs: 1 },
  wan: { bitsPerSecond: 100e6, roundTripMs: 40 },
} as const satisfies Record<string, NetworkProfile | undefined>;

export type NetworkProfileName = keyof typeof networkProfiles;
