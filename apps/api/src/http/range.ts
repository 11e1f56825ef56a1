import type { ByteRange } from "@reluctant/artifacts";

/**
 * The one range that a `Range` header asks of `bytes` bytes (RFC 9110 §14). `whole` for none, for several, and for what
 * cannot be read, as the standard has it; null when it lies outside.
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | "whole" | null {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (!first && !last)) return "whole";
  if (!first) return Number(last) > 0 && bytes > 0 ? { start: Math.max(0, bytes - Number(last)), end: bytes } : null;
  const start = Number(first);
  const end = last ? Math.min(Number(last) + 1, bytes) : bytes;
  if (last && Number(last) < start) return "whole";
  return start < bytes ? { start, end } : null;
}
