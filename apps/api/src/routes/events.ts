import { eventCursorSchema, eventPageSchema } from "@reluctant/contracts";
import { readEvents } from "@reluctant/control";
import { z } from "zod";
import { idParams } from "../http/parameters.ts";
import { type Answer, type RouteContext, route } from "../http/route.ts";
import { eventStream } from "../http/sse.ts";

const pageSize = 500;

const query = z.object({ after: eventCursorSchema.optional() });
const headers = z.object({ accept: z.string().optional(), "last-event-id": eventCursorSchema.optional() });
const answers = {
  200: {
    description: "Events after the cursor, oldest first: as a page, or as a stream that goes on (id: the cursor).",
    schema: eventPageSchema,
    mediaTypes: ["application/json", "text/event-stream"],
  },
};

export const eventRoutes = [
  route({
    name: "listEvents",
    method: "get",
    path: "/api/v1/events",
    summary: "Events of the whole team.",
    access: "viewer",
    query,
    headers,
    answers,
    handle: (context) => answer(context, {}),
  }),
  route({
    name: "listExperimentEvents",
    method: "get",
    path: "/api/v1/experiments/{id}/events",
    summary: "Events of one experiment.",
    access: "viewer",
    params: idParams,
    query,
    headers,
    answers,
    problems: ["not-found"],
    handle: (context) => answer(context, { experimentId: context.params.id }),
  }),
];

type Context = RouteContext<"viewer", unknown, z.output<typeof query>, z.output<typeof headers>, unknown>;

/** A page, or a stream where the client asks for one. A reconnecting stream's `Last-Event-ID` goes before `after`. */
async function answer(context: Context, subject: { experimentId?: string }): Promise<Answer> {
  const { deps, identity, query, headers, request, signal } = context;
  const after = headers["last-event-id"] ?? query.after;
  const read = (after: string | undefined) =>
    readEvents(deps.control, { identity, ...subject, ...(after !== undefined && { after }), limit: pageSize });
  if (request.accepts(["application/json", "text/event-stream"]) !== "text/event-stream") {
    return { status: 200, json: await read(after) };
  }
  const first = await read(after); // so that a wrong cursor or experiment is a 400 or 404, not a broken stream
  return {
    status: 200,
    headers: { "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" },
    stream: eventStream({ first, read, pageSize, notifications: deps.notifications, signal }),
  };
}
