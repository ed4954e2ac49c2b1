// Mercurius on Fastify with graphql-jit from the first execution on, and a batch for each relation.
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import mercurius from "mercurius";
import * as rows from "./rows.mjs";
import { plain, viewerOf } from "./shown.mjs";

const ROOMS = [["nodes"], ["edges", "node"]];

const resolvers = {
  ...plain,
  Query: {
    liveBroadcasts: (_, { first }, _context, info) => rows.liveBroadcasts(first, rows.fieldsBelow(info, ROOMS)),
    user: (_, { username }, { viewer }, info) => rows.userNamed(username, rows.fieldsOf(info), viewer),
  },
  BroadcastConnection: { ...plain.BroadcastConnection, totalCount: () => rows.countLive() },
};

// Their own cache would make a text of every object to find it by; keys are made unique in the statements instead.
const batched = (loader) => ({ loader, opts: { cache: false } });
const people = (key) =>
  batched((queries, { viewer }) =>
    rows.usersOf(queries.map(({ obj }) => obj[key]), rows.fieldsOf(queries[0].info), viewer),
  );

const loaders = {
  User: {
    currentBroadcast: batched((queries) =>
      rows.currentBroadcasts(queries.map(({ obj }) => obj.key), rows.fieldsOf(queries[0].info)),
    ),
  },
  Broadcast: {
    curator: people("curator"),
    nowPlaying: batched((queries) => rows.nowPlaying(queries.map(({ obj }) => obj.key))),
    messages: batched(async (queries, { viewer }) => {
      const found = await rows.lastMessages(queries.map(({ obj }) => obj.key), queries[0].params.last, viewer);
      return found.map((nodes) => ({ nodes }));
    }),
  },
  Message: { author: people("author") },
};

const app = Fastify({ logger: false });
await app.register(mercurius, {
  schema: readFileSync(new URL("schema.graphql", import.meta.url), "utf8"),
  resolvers,
  loaders,
  context: (request) => ({ viewer: viewerOf(request.headers.authorization) }),
  jit: 1,
  graphiql: false,
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
