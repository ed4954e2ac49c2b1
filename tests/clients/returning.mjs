// Clients that are told to go elsewhere come back by themselves, with the place where they were: graphql-sse and Apollo Client.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { RetryLink } from "@apollo/client/link/retry/index.js";
import { createClient } from "graphql-sse";
import { given, headers, text } from "./given.mjs";

const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);
const request = { query: text("BroadcastEvents"), variables: { broadcastId: given.room, after: given.after } };

/** One who follows: what was heard, which process is asked next, and the place to go on from. */
class Follower {
  constructor(name) {
    this.name = name;
    this.heard = [];
    this.asked = 0;
    this.place = null;
    this.done = new Promise((resolve) => (this.finish = resolve));
  }

  url = () => `${given.urls[this.asked++ % given.urls.length]}/graphql`;

  headers = () => (this.place ? { ...headers, "last-event-id": this.place } : headers);

  hear({ data }) {
    if (!data) return;
    const { cursor, event } = data.broadcastEvents;
    this.place = cursor;
    this.heard.push(event.message.text);
    if (this.heard.length === 1) say({ hearing: this.name });
    if (event.message.text === "last") this.finish();
  }
}

const events = new Follower("events");
const client = createClient({
  url: events.url,
  headers: events.headers,
  retry: () => new Promise((resolve) => setTimeout(resolve, 100)),
});
client.subscribe(request, { next: (told) => events.hear(told), error: (fault) => say({ fault: String(fault) }), complete() {} });

const parts = new Follower("parts");
const link = ApolloLink.from([
  new RetryLink({ delay: { initial: 100, jitter: false } }),
  new ApolloLink((operation, forward) => (operation.setContext({ headers: parts.headers() }), forward(operation))),
  new HttpLink({ uri: parts.url }),
]);
new ApolloClient({ link, cache: new InMemoryCache() })
  .subscribe({ query: gql(request.query), variables: request.variables, fetchPolicy: "no-cache" })
  .subscribe({ next: (told) => parts.hear(told), error: (fault) => say({ fault: String(fault) }) });

await Promise.all([events.done, parts.done]);
process.stdout.write(`${JSON.stringify({ events: events.heard, parts: parts.heard, asked: [events.asked, parts.asked] })}\n`, () =>
  process.exit(0),
);
