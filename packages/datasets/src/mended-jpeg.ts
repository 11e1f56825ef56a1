/** Codes of a JPEG's markers, each behind 0xff. */
const code = {
  sof0: 0xc0,
  sof1: 0xc1,
  sof15: 0xcf,
  tables: [0xc4, 0xc8, 0xcc],
  eoi: 0xd9,
  sos: 0xda,
  app0: 0xe0,
  app14: 0xee,
};

const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;
/** Without a length and content of its own. */
const isBare = (marker: number): boolean => isRestart(marker) || marker === 0x01 || marker === 0xd8;

/**
 * A JPEG without what a camera or a program was careless with and no pixel hangs on, read as libjpeg would: bytes between two
 * of its parts are left out, and a revision of JFIF, a code of Adobe's and the parameters of a scan that nobody knows are what
 * libjpeg takes them for. A decoder tells only its first warning: of what is mended, none is left that could hide another.
 */
export function mendedJpeg(bytes: Uint8Array): Uint8Array {
  const jpeg = Buffer.from(bytes);
  const kept = [jpeg.subarray(0, 2)];
  let isSequential = false;
  let adobe: Buffer | undefined;
  for (let at = 2; ; ) {
    const start = nextMarker(jpeg, at, () => true);
    const marker = jpeg[start + 1] ?? code.eoi;
    const end = start + 2 + (isBare(marker) ? 0 : lengthAt(jpeg, start + 2));
    if (marker === code.eoi || end > jpeg.length) return Buffer.concat([...kept, jpeg.subarray(start)]);
    const part = jpeg.subarray(start, end);
    kept.push(part);
    at = end;
    if (marker === code.app0 && isNamed(part, "JFIF\0")) part[9] = 1;
    if (marker === code.app14 && isNamed(part, "Adobe")) adobe = part;
    if (isFrame(marker)) {
      isSequential = marker === code.sof0 || marker === code.sof1;
      if (adobe) knowTransform(adobe, part[9] ?? 0);
    }
    if (marker !== code.sos) continue;
    if (isSequential) part.set([0, 63, 0], part.length - 3);
    at = nextMarker(jpeg, end, (next) => !isRestart(next));
    kept.push(jpeg.subarray(end, at));
  }
}

/** Where the next marker of a kind begins, or the end. */
function nextMarker(jpeg: Buffer, from: number, isWanted: (marker: number) => boolean): number {
  for (let at = jpeg.indexOf(0xff, from); at >= 0; at = jpeg.indexOf(0xff, at + 1)) {
    const marker = jpeg[at + 1];
    if (marker !== undefined && marker !== 0 && marker !== 0xff && isWanted(marker)) return at;
  }
  return jpeg.length;
}

/** A length counts its own two bytes; one that is cut off reaches beyond the end. */
const lengthAt = (jpeg: Buffer, at: number): number =>
  at + 2 <= jpeg.length ? Math.max(2, jpeg.readUInt16BE(at)) : jpeg.length;

const isFrame = (marker: number): boolean =>
  marker >= code.sof0 && marker <= code.sof15 && !code.tables.includes(marker);

const isNamed = (part: Buffer, name: string): boolean =>
  part.length >= 16 && part.toString("latin1", 4, 4 + name.length) === name;

/** Of three colors an unknown transform is YCbCr's, of four YCCK's. */
function knowTransform(adobe: Buffer, components: number): void {
  const known = components === 4 ? [2, 0] : [1, 0];
  if (!known.includes(adobe[15] as number)) adobe[15] = known[0] as number;
}
