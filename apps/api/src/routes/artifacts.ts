import { artifactRefSchema, maskMapsSchema, ReluctantError, sha256Schema } from "@reluctant/contracts";
import { importArtifact, mayReadArtifact, readMaskMaps } from "@reluctant/control";
import { z } from "zod";
import { readBytes } from "../http/body.ts";
import { parseRange } from "../http/range.ts";
import { type Answer, route } from "../http/route.ts";

/** A ResNet-50 checkpoint with its optimizer is 200 MB. */
const importLimitBytes = 2 * 1024 ** 3;

const importedSchema = artifactRefSchema.pick({ sha256: true, bytes: true });

export const artifactRoutes = [
  route({
    name: "importArtifact",
    method: "post",
    path: "/api/v1/artifacts",
    summary: "Store bytes of one's own, to name in a spec (arModel, sensitivity, masks).",
    access: "member",
    body: { type: "bytes", maxBytes: importLimitBytes },
    answers: {
      201: {
        description: "Stored; Location names the artifact.",
        schema: importedSchema,
        links: { getArtifact: { sha256: "/sha256" }, getMaskMaps: { sha256: "/sha256" } },
      },
    },
    async handle({ deps, identity, request }) {
      const bytes = readBytes(request, { maxBytes: importLimitBytes, bodyMs: deps.limits.bodyMs });
      const imported = await importArtifact(deps.control, { identity, mediaType: "application/octet-stream", bytes });
      return { status: 201, headers: { Location: `/api/v1/artifacts/${imported.sha256}` }, json: imported };
    },
  }),
  route({
    name: "getArtifact",
    method: "get",
    path: "/api/v1/artifacts/{sha256}",
    summary: "The bytes of an artifact: one that the team imported, or that a stage run it needs made or takes.",
    access: "viewer",
    params: z.object({ sha256: sha256Schema }),
    headers: z.object({ range: z.string().optional(), "if-none-match": z.string().optional() }),
    answers: {
      200: { description: "All bytes.", mediaTypes: ["application/octet-stream"] },
      206: { description: "The bytes of the range.", mediaTypes: ["application/octet-stream"] },
      304: { description: "The client has it: an artifact never changes." },
    },
    problems: ["not-found", "range-not-satisfiable"],
    async handle({ deps, identity, params: { sha256 }, headers }) {
      const { artifacts } = deps.control;
      const found = (await mayReadArtifact(deps.control, { identity, sha256 })) ? await artifacts.get(sha256) : null;
      if (!found) throw new ReluctantError("not-found", `There is no artifact ${sha256} that your team may read`);
      const common = {
        ETag: `"${sha256}"`,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": `attachment; filename="${sha256}"`,
      };
      if (holds(headers["if-none-match"], sha256)) return { status: 304, headers: common, empty: true };
      const range = parseRange(headers.range, found.bytes);
      if (range === null) throw outside(headers.range, found.bytes);
      const part = range === "whole" ? found : await artifacts.get(sha256, range);
      const { start, end } = range === "whole" ? { start: 0, end: found.bytes } : range;
      return {
        status: range === "whole" ? 200 : 206,
        headers: {
          ...common,
          "Content-Type": found.mediaType,
          "Content-Length": String(end - start),
          ...(range !== "whole" && { "Content-Range": `bytes ${start}-${end - 1}/${found.bytes}` }),
        },
        stream: part?.body ?? found.body,
      } satisfies Answer;
    },
  }),
  route({
    name: "getMaskMaps",
    method: "get",
    path: "/api/v1/artifacts/{sha256}/mask-maps",
    summary: "Where the masks of an artifact keep their ReLUs: per layer, how many channels at each place.",
    access: "viewer",
    params: z.object({ sha256: sha256Schema }),
    answers: { 200: { description: "A map for each ReLU layer, in the network's order.", schema: maskMapsSchema } },
    problems: ["not-found"],
    handle: async ({ deps, identity, params: { sha256 } }) => ({
      status: 200,
      headers: { "Cache-Control": "private, max-age=31536000, immutable" },
      json: await readMaskMaps(deps.control, { identity, sha256 }),
    }),
  }),
];

const holds = (ifNoneMatch: string | undefined, sha256: string): boolean =>
  ifNoneMatch !== undefined && (ifNoneMatch.trim() === "*" || ifNoneMatch.includes(`"${sha256}"`));

const outside = (range: string | undefined, bytes: number) =>
  new ReluctantError("range-not-satisfiable", `Range ${range} lies outside the ${bytes} bytes`, [
    { field: "Range", message: `must begin within the ${bytes} bytes` },
  ]);
