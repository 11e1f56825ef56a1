import { type DestinationStream, type Logger, pino, stdTimeFunctions } from "pino";

export type { Logger } from "pino";

/** Keys whose values never reach a log line, at the top level, one level down, and in a request's headers. */
const secretKeys = ["token", "session", "link", "password", "authorization", "cookie", '["set-cookie"]'];
const redactedPaths = secretKeys.flatMap((key) => {
  const dotted = key.startsWith("[") ? key : `.${key}`;
  return [key, `*${dotted}`, `*.headers${dotted}`];
});

/** Secrets inside any text, such as an error's message: API tokens, bearer headers, passwords in connection URLs. */
const secretTexts: [RegExp, string][] = [
  [/rlt_[A-Za-z0-9_-]{8,}/g, "rlt_[redacted]"],
  [/\b(Bearer) [A-Za-z0-9._~+/-]{8,}=*/gi, "$1 [redacted]"],
  [/(\b[a-z][a-z0-9+]*:\/\/[^\s:/@"]*):[^\s/@"]+@/g, "$1:[redacted]@"],
];

/** `text` without the secrets that it may quote. */
export const withoutSecrets = (text: string): string =>
  secretTexts.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);

/**
 * A logger that writes one JSON line per message: `level` as a word, `time` in ISO 8601 UTC, `name` of the service, `msg`.
 * Secrets are removed by key and, whatever the key, by their form.
 */
export const createLogger = (
  { name, level }: { name: string; level: string },
  destination?: DestinationStream,
): Logger =>
  pino(
    {
      name,
      level: knownLevel(level),
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: "[redacted]" },
      hooks: { streamWrite: withoutSecrets },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

function knownLevel(level: string): string {
  if (!levels.includes(level)) throw new Error(`LOG_LEVEL is "${level}"; it must be one of ${levels.join(", ")}`);
  return level;
}
