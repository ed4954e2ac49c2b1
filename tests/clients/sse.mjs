// graphql-sse in distinct connections: each operation is a stream of its own.

import { createClient } from "graphql-sse";
import { WHO, address, given, headers, tell, text } from "./given.mjs";

const client = createClient({ url: address, headers, retryAttempts: 0 });
const first = async (payload) => {
  for await (const result of client.iterate(payload)) return result;
};

const answers = {};
answers.query = (await first({ query: WHO })).data.viewer.user.username;
answers.mutation = (
  await first({ query: text("FollowUser"), variables: { input: { userId: given.self } } })
).data.followUser.userErrors;
answers.refusal = await first({ query: "{ nothing }" }).then(
  (result) => result.errors[0].extensions.code,
  (error) => String(error),
);
const room = { broadcastId: given.room };
answers.events = (
  await first({ query: text("BroadcastEvents"), variables: room })
).data.broadcastEvents.event.__typename;
client.dispose();
tell(answers);
