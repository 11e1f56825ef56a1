import type { ConnectionFlags } from "./connection.ts";

export const exportFormats = ["onnx", "pytorch", "pt"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportFlags extends ConnectionFlags {
  to: ExportFormat;
  variant?: string;
  license?: string;
  out: string;
}
