// GraphQL Yoga on Node's own server with the jit plugin, and dataloaders that live for one request.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { useGraphQlJit } from "@envelop/graphql-jit";
import DataLoader from "dataloader";
import { createSchema, createYoga } from "graphql-yoga";
import * as rows from "./rows.mjs";
import { plain, viewerOf } from "./shown.mjs";

const ROOMS = [["nodes"], ["edges", "node"]];

// One dataloader for each relation and what is asked of it.
class Loaders {
  #made = new Map();

  constructor(viewer) {
    this.viewer = viewer;
  }

  of(what, load) {
    let made = this.#made.get(what);
    if (!made) this.#made.set(what, (made = new DataLoader(load)));
    return made;
  }

  people(info) {
    const fields = rows.fieldsOf(info);
    return this.of(fields, (keys) => rows.usersOf(keys, fields, this.viewer));
  }

  rooms(info) {
    const fields = rows.fieldsOf(info);
    return this.of(fields, (keys) => rows.currentBroadcasts(keys, fields));
  }

  playing = new DataLoader(rows.nowPlaying);

  messages(last) {
    return this.of(last, (keys) => rows.lastMessages(keys, last, this.viewer));
  }
}

const resolvers = {
  ...plain,
  Query: {
    liveBroadcasts: (_, { first }, _context, info) => rows.liveBroadcasts(first, rows.fieldsBelow(info, ROOMS)),
    user: (_, { username }, { loaders }, info) => rows.userNamed(username, rows.fieldsOf(info), loaders.viewer),
  },
  BroadcastConnection: { ...plain.BroadcastConnection, totalCount: () => rows.countLive() },
  User: {
    ...plain.User,
    currentBroadcast: (user, _, { loaders }, info) => loaders.rooms(info).load(user.key),
  },
  Broadcast: {
    curator: (room, _, { loaders }, info) => loaders.people(info).load(room.curator),
    nowPlaying: (room, _, { loaders }) => loaders.playing.load(room.key),
    messages: (room, { last }, { loaders }) => loaders.messages(last).load(room.key),
  },
  MessageConnection: { nodes: (found) => found },
  Message: { author: (message, _, { loaders }, info) => loaders.people(info).load(message.author) },
};

const yoga = createYoga({
  schema: createSchema({ typeDefs: readFileSync(new URL("schema.graphql", import.meta.url), "utf8"), resolvers }),
  context: ({ request }) => ({ loaders: new Loaders(viewerOf(request.headers.get("authorization"))) }),
  plugins: [useGraphQlJit()],
  graphiql: false,
  landingPage: false,
  logging: false,
  cors: false,
  multipart: false,
});
createServer(yoga).listen(Number(process.env.PORT), "127.0.0.1");
