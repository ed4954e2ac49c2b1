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

// One statement for all objects at one place of the document. Mercurius' own cache would be filled for each of them and
// never asked: keys are made unique in the statements instead.
function batched(load) {
  const loadAt = (queries, { viewer }) => load(queries.map(({ obj }) => obj), queries[0], viewer);
  return {
    opts: { cache: false },
    async loader(queries, context) {
      const placeOf = (query) => query.info.fieldNodes[0];
      const first = placeOf(queries[0]);
      if (queries.every((query) => placeOf(query) === first)) return loadAt(queries, context);
      const found = new Map();
      for (const part of Map.groupBy(queries, placeOf).values()) {
        const rows = await loadAt(part, context);
        part.forEach((query, place) => found.set(query, rows[place]));
      }
      return queries.map((query) => found.get(query));
    },
  };
}

const people = (key) =>
  batched((parents, { info }, viewer) => rows.usersOf(parents.map((parent) => parent[key]), rows.fieldsOf(info), viewer));

const keys = (parents) => parents.map(({ key }) => key);

const loaders = {
  User: { currentBroadcast: batched((users, { info }) => rows.currentBroadcasts(keys(users), rows.fieldsOf(info))) },
  Broadcast: {
    curator: people("curator"),
    nowPlaying: batched((broadcasts) => rows.nowPlaying(keys(broadcasts))),
    messages: batched(async (broadcasts, { params }, viewer) => {
      const found = await rows.lastMessages(keys(broadcasts), params.last, viewer);
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
