// urql: everything by fetch, subscriptions as server-sent events; queries by GET where they are short.

import { Client, fetchExchange, gql } from "@urql/core";
import { WHO, address, given, headers, tell, text } from "./given.mjs";

const UPLOAD = gql`
  mutation Upload($input: UploadProfilePhotoInput!) {
    uploadProfilePhoto(input: $input) {
      user {
        profilePhotoUrl
      }
    }
  }
`;

const make = (preferGetMethod) =>
  new Client({
    url: address,
    exchanges: [fetchExchange],
    fetchOptions: { headers },
    fetchSubscriptions: true,
    preferGetMethod,
  });

const client = make(false);
const answers = {};
answers.query = (await client.query(WHO, {}).toPromise()).data.viewer.user.username;
answers.get = (await make("force").query(text("LiveBroadcasts"), { first: 5 }).toPromise()).data.liveBroadcasts.edges.map(
  (edge) => edge.node.title,
);
answers.mutation = (
  await client.mutation(text("FollowUser"), { input: { userId: given.self } }).toPromise()
).data.followUser.userErrors;
answers.refusal = (await client.query(gql("{ nothing }"), {}).toPromise()).error.graphQLErrors[0].extensions.code;
if (given.photo) {
  const file = new File([Buffer.from(given.photo, "base64")], "me.png", { type: "image/png" });
  const sent = await client.mutation(UPLOAD, { input: { file } }).toPromise();
  answers.photo = sent.data.uploadProfilePhoto.user.profilePhotoUrl;
}
if (given.streams) {
  answers.events = await new Promise((resolve, reject) => {
    const seen = client.subscription(text("BroadcastEvents"), { broadcastId: given.room }).subscribe((result) => {
      if (result.error) reject(result.error);
      else resolve(result.data.broadcastEvents.event.__typename);
      setTimeout(() => seen.unsubscribe());
    });
  });
}
tell(answers);
