import type { Failure, Fault } from "@reluctant/contracts";

/** Why an attempt ended without a result, and whose fault that is. */
export interface ExitCause {
  cause: string;
  fault: Fault;
}

interface Row extends ExitCause {
  /** Of the failure; null fits all. */
  code: Failure["code"] | null;
  /** What its message says; null fits all. */
  says: RegExp | null;
}

/**
 * The first row that fits decides. What a failure's code does not tell its message does: that of the operating system, of CUDA,
 * or of the supervisor that saw the training process end.
 *
 * - `work`: the same would happen on any machine. It uses up the stage run's retries.
 * - `node`: another machine may well do it. It costs the stage run nothing at first, and the worker its trust.
 * - `platform`: a bug or an outage of ours. It is retried like the work's own, and says nothing of the machine.
 */
const table: readonly Row[] = [
  { code: "not-finite", says: null, cause: "loss not finite", fault: "work" },
  { code: "bad-input", says: /^artifact /, cause: "artifact missing or damaged", fault: "platform" },
  { code: "bad-input", says: null, cause: "bad input", fault: "work" },
  {
    code: null,
    says: /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i,
    cause: "disk full",
    fault: "node",
  },
  {
    code: null,
    says: /\bEIO\b|\bEROFS\b|\bESTALE\b|input\/output error|read-only file system/i,
    cause: "disk error",
    fault: "node",
  },
  // Above memory: an ECC error and a lost device come as CUDA errors, a full device as "CUDA out of memory".
  {
    code: null,
    says: /cuda error(?!: out of memory)|cublas_status_|cudnn_status_|no cuda-capable device|uncorrectable ecc|gpu is lost|driver\/library version mismatch|insufficient driver/i,
    cause: "GPU error",
    fault: "node",
  },
  // Fitting no better elsewhere, a run too large must not take machine after machine out of service.
  { code: "out-of-memory", says: null, cause: "out of memory", fault: "work" },
  {
    code: null,
    says: /^DatasetError\b|\bdata set .* (is missing|is not on this machine|cannot be read)/,
    cause: "data missing or unreadable",
    fault: "node",
  },
  { code: null, says: /\bRELUCTANT_FETCHED_GB allows\b/, cause: "no room for the data", fault: "node" },
  {
    code: "child-exit",
    says: /was ended by SIG(KILL|TERM|HUP|BUS|ILL|XCPU|PWR)\b/,
    cause: "killed by a signal",
    fault: "node",
  },
  { code: "child-exit", says: /was ended by SIG/, cause: "crashed", fault: "platform" },
  {
    code: null,
    says: /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTFOUND/,
    cause: "a service was away",
    fault: "platform",
  },
  { code: "child-exit", says: null, cause: "ended early", fault: "platform" },
];

export function exitCauseOf({ code, message }: Pick<Failure, "code" | "message">): ExitCause {
  const row = table.find((each) => (each.code ?? code) === code && (each.says?.test(message) ?? true));
  return row ? { cause: row.cause, fault: row.fault } : { cause: "internal error", fault: "platform" };
}
