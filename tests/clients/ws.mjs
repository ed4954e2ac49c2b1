// graphql-ws: queries, mutations, subscriptions and documents by their ids on one socket.

import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { WHO, given, headers, idOf, socket, tell, text } from "./given.mjs";

const client = createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: headers });
const first = async (payload) => {
  for await (const result of client.iterate(payload)) return result;
};

const answers = {};
answers.query = (await first({ query: WHO })).data.viewer.user.username;
answers.trusted = (
  await first({ query: "", documentId: `sha256:${idOf("LiveBroadcasts")}`, variables: { first: 5 } })
).data.liveBroadcasts.edges.map((edge) => edge.node.title);
answers.mutation = (
  await first({ query: text("FollowUser"), variables: { input: { userId: given.self } } })
).data.followUser.userErrors;
answers.refusal = await first({ query: "{ nothing }" }).then(
  () => "answered",
  (errors) => errors[0].extensions.code,
);
const room = { broadcastId: given.room };
answers.events = (
  await first({ query: text("BroadcastEvents"), variables: room })
).data.broadcastEvents.event.__typename;
await client.dispose();
tell(answers);
