// `node fanout.js NAME PORT`: one message with its author, told to all who follow, by graphql-ws or by Mercurius, as their
// manuals show it. `POST /publish` says something.
import { createServer } from "node:http";
import fastify from "fastify";
import { GraphQLID, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString, printSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import mercurius from "mercurius";
import { WebSocketServer } from "ws";

const id = { type: new GraphQLNonNull(GraphQLID) };
const text = { type: new GraphQLNonNull(GraphQLString) };
const Author = new GraphQLObjectType({ name: "Author", fields: { id, username: text, displayName: text } });
const Message = new GraphQLObjectType({
  name: "Message",
  fields: { id, text, sentAt: text, room: id, author: { type: new GraphQLNonNull(Author) } },
});
const Query = new GraphQLObjectType({ name: "Query", fields: { ok: text } });

let said = 0;
function message() {
  const number = said++;
  const author = `user_${String(number % 50).padStart(32, "0")}`;
  return {
    id: `message_${String(number).padStart(32, "0")}`,
    text: `Message ${number}: this one goes out to everybody who is still awake.`,
    sentAt: new Date().toISOString(),
    room: "broadcast_0190a4c2d3e47f8a9b0c1d2e3f405162",
    author: { id: author, username: `listener${number % 50}`, displayName: "A listener" },
  };
}

// One queue for each follower, as pub/sub libraries for it have.
const followers = new Set();
async function* follow() {
  const waiting = [];
  let wake = () => {};
  const take = (one) => {
    waiting.push(one);
    wake();
  };
  followers.add(take);
  try {
    for (;;) {
      while (waiting.length) yield { messageSent: waiting.shift() };
      await new Promise((resolve) => (wake = resolve));
    }
  } finally {
    followers.delete(take);
  }
}

function graphqlWs(port) {
  const schema = new GraphQLSchema({
    query: Query,
    subscription: new GraphQLObjectType({
      name: "Subscription",
      fields: { messageSent: { type: new GraphQLNonNull(Message), subscribe: follow } },
    }),
  });
  const server = createServer((_request, response) => {
    const one = message();
    for (const take of followers) take(one);
    response.writeHead(204).end();
  });
  useServer({ schema }, new WebSocketServer({ server, path: "/graphql" }), 0);
  server.listen(port, "127.0.0.1", 8192);
}

async function withMercurius(port) {
  const app = fastify();
  const root = new GraphQLSchema({
    query: Query,
    subscription: new GraphQLObjectType({
      name: "Subscription",
      fields: { messageSent: { type: new GraphQLNonNull(Message) } },
    }),
  });
  const resolvers = {
    Subscription: { messageSent: { subscribe: (_root, _asked, { pubsub }) => pubsub.subscribe("SAID") } },
  };
  app.register(mercurius, { schema: printSchema(root), resolvers, subscription: true, jit: 1 });
  app.post("/publish", async (_request, reply) => {
    await app.graphql.pubsub.publish({ topic: "SAID", payload: { messageSent: message() } });
    reply.code(204).send();
  });
  await app.listen({ port, host: "127.0.0.1", backlog: 8192 });
}

const [name, port] = process.argv.slice(2);
await { "graphql-ws": graphqlWs, mercurius: withMercurius }[name](Number(port));
