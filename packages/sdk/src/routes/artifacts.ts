import { type ArtifactRef, artifactRefSchema, type MaskMaps, maskMapsSchema } from "@reluctant/contracts";
import { AnswerError } from "../errors.ts";
import { type Abortable, type Body, type Http, path } from "../http.ts";

export interface Download {
  body: ReadableStream<Uint8Array>;
  /** Size, where the server says it. */
  bytes: number | null;
  mediaType: string;
}

const importedSchema = artifactRefSchema.pick({ sha256: true, bytes: true });

export const artifactRoutes = (http: Http) => ({
  /** Streams an artifact; nothing is kept in memory beyond what the reader has not taken yet. */
  download: async (sha256: string, { signal }: Abortable = {}): Promise<Download> => {
    const where = path`/artifacts/${sha256}`;
    const { body, headers } = await http.send(where, { headers: { accept: "*/*" }, signal });
    if (!body) throw new AnswerError(`GET ${where}`, null);
    const bytes = headers.get("content-length");
    return {
      body,
      bytes: bytes === null ? null : Number(bytes),
      mediaType: headers.get("content-type") ?? "application/octet-stream",
    };
  },
  /** Where the masks of a `masks` artifact keep their ReLUs. */
  maskMaps: (sha256: string, { signal }: Abortable = {}): Promise<MaskMaps> =>
    http.get(maskMapsSchema, path`/artifacts/${sha256}/mask-maps`, { signal }),
  /** Stores bytes of the caller's own, to be named in a spec (`arModel`, `sensitivity`, `masks`). */
  import: (body: Body, { signal }: Abortable = {}): Promise<Pick<ArtifactRef, "sha256" | "bytes">> =>
    http.post(importedSchema, "/artifacts", {
      body,
      headers: { "content-type": "application/octet-stream" },
      signal,
    }),
});
