/** Between two beats: a fifth of a lease. */
export const beatMs = 3_000;

/** The slots of a process beat at the same moments, so that their beats go to Postgres together. */
export const msToNextBeat = (): number => Math.ceil(beatMs - (performance.now() % beatMs));
