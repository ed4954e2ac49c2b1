// Relay's runtime on what its compiler made: nothing but ids is sent.

import runtime from "relay-runtime";
import curatorQuery from "./__generated__/roomsCuratorQuery.graphql.js";
import followMutation from "./__generated__/roomsFollowMutation.graphql.js";
import pageQuery from "./__generated__/roomsPageQuery.graphql.js";
import roomsQuery from "./__generated__/roomsQuery.graphql.js";
import list from "./__generated__/rooms_list.graphql.js";

const { Environment, Network, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery, getSelector } =
  runtime;
const given = JSON.parse(process.argv[2]);
const sent = [];

const environment = new Environment({
  network: Network.create(async (request, variables) => {
    sent.push(request.text);
    const response = await fetch(`${given.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${given.token}` },
      body: JSON.stringify({ documentId: request.id, variables }),
    });
    return response.json();
  }),
  store: new Store(new RecordSource()),
});

const titles = (variables) => {
  const operation = createOperationDescriptor(roomsQuery, variables);
  const root = environment.lookup(operation.fragment).data;
  const found = environment.lookup(getSelector(list, root)).data.liveBroadcasts;
  return [found.edges.map((edge) => edge.node.title), found.pageInfo];
};
const fetched = (query, variables) => fetchQuery(environment, query, variables).toPromise();

const first = { first: 1 };
await fetched(roomsQuery, first);
environment.retain(createOperationDescriptor(roomsQuery, first));
const [before, page] = titles(first);
await fetched(pageQuery, { first: 1, after: page.endCursor });
const [after] = titles(first);
await fetched(curatorQuery, { id: given.curator });
const curator = environment.getStore().getSource().get(given.curator);
const followed = await new Promise((resolve, reject) =>
  commitMutation(environment, {
    mutation: followMutation,
    variables: { input: { userId: given.self } },
    onCompleted: (response) => resolve(response.followUser.userErrors),
    onError: reject,
  }),
);
const answers = { before, after, curator: curator.username, followed, texts: sent.filter(Boolean) };
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
