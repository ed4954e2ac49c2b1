// Apollo Client: queries and mutations over HTTP, trusted documents by their ids, subscriptions by socket and by multipart.

import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental/index.js";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { WHO, address, given, headers, idOf, socket, tell, text } from "./given.mjs";

const nameOf = (document) => document.definitions.find((each) => each.kind === "OperationDefinition").name.value;
const http = new HttpLink({ uri: address, headers });
const byId = new PersistedQueryLink({ generateHash: (document) => idOf(nameOf(document)) }).concat(http);
const connection = createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: headers });

const client = (link) => new ApolloClient({ link, cache: new InMemoryCache() });
const first = (observable) =>
  new Promise((resolve, reject) => {
    const subscription = observable.subscribe({
      next: (value) => (resolve(value), setTimeout(() => subscription.unsubscribe())),
      error: reject,
    });
  });

const answers = {};
const plain = client(http);
answers.query = (await plain.query({ query: gql(WHO) })).data.viewer.user.username;
answers.mutation = (
  await plain.mutate({ mutation: gql(text("FollowUser")), variables: { input: { userId: given.self } } })
).data.followUser.userErrors;
answers.refusal = await plain
  .query({ query: gql("{ nothing }") })
  .then(() => "answered", (error) => [error.name, error.errors?.[0]?.extensions.code]);
// Apollo's cache wants __typename in each selection, which its own manifests have; these are the contract's.
const rooms = { query: gql(text("LiveBroadcasts")), variables: { first: 5 }, fetchPolicy: "no-cache" };
answers.trusted = (await client(byId).query(rooms)).data.liveBroadcasts.edges.map((edge) => edge.node.title);
const events = { query: gql(text("BroadcastEvents")), variables: { broadcastId: given.room } };
answers.socket = (await first(client(new GraphQLWsLink(connection)).subscribe(events))).data.broadcastEvents.event.__typename;
if (given.streams) {
  answers.multipart = (await first(plain.subscribe(events))).data.broadcastEvents.event.__typename;
}
const late = gql`
  query Late {
    viewer {
      user {
        username
      }
    }
    ... @defer(label: "rooms") {
      liveBroadcasts(first: 5) {
        nodes {
          id
          title
        }
      }
    }
  }
`;
answers.deferred = [];
for (const incrementalHandler of [new Defer20220824Handler(), new GraphQL17Alpha9Handler()]) {
  const patient = new ApolloClient({ link: http, cache: new InMemoryCache(), incrementalHandler });
  const seen = [];
  await new Promise((resolve, reject) =>
    patient.watchQuery({ query: late }).subscribe({
      next: ({ data, dataState, error }) => {
        if (error) reject(error);
        if (data?.viewer) seen.push([dataState, data.liveBroadcasts?.nodes.map((room) => room.title) ?? null]);
        if (dataState === "complete") resolve();
      },
      error: reject,
    }),
  );
  answers.deferred.push(seen);
}
await connection.dispose();
tell(answers);
