// How operations travel: queries and mutations over HTTP, subscriptions over one WebSocket (graphql-transport-ws).
import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from "@graphiql/toolkit";
import { getOperationAST, type ExecutionResult } from "graphql";
import { createClient } from "graphql-ws";
import { authorization, current, watch } from "./session";

const ENDPOINT = "/graphql";

const socket = createClient({
  url: new URL(ENDPOINT, location.href).href.replace(/^http/, "ws"),
  connectionParams: authorization,
  retryAttempts: 20,
  // The first retry is at once: it follows a token that ran out or a server that drains, and what is open should go on.
  retryWait: (tries) => new Promise((resume) => setTimeout(resume, tries && Math.min(500 * 2 ** tries, 15_000))),
  // A browser does not say why a connection failed, so that every failure is worth a retry.
  shouldRetry: () => true,
});

// Another person opens another connection; what was subscribed to is asked for again in their name.
let connectedAs = current();
watch(() => {
  const { username, token } = current();
  const samePerson = username ? username === connectedAs.username : token === connectedAs.token;
  connectedAs = current();
  if (!samePerson) socket.terminate();
});

/** A request over HTTP in the name of whoever is signed in; a header typed into GraphiQL's own editor wins. */
async function send(url: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, headers: { ...(await authorization()), ...(init.headers as object) } });
}

const overHttp = createGraphiQLFetcher({ url: ENDPOINT, fetch: send });

// One fetcher for the life of the page: GraphiQL asks for the schema again whenever it is given another.
export const fetcher: Fetcher = (request, options) => {
  const operation = options?.documentAST && getOperationAST(options.documentAST, request.operationName);
  return operation?.operation === "subscription" ? follow(request) : overHttp(request, options);
};

// After a reconnection, a stream that has cursors goes on after the last one seen: nothing is missed, nothing comes twice.
// It is no generator function on purpose: GraphiQL's stop must not wait for the next event.
function follow(request: FetcherParams): AsyncIterableIterator<ExecutionResult> {
  const variables: Record<string, unknown> = { ...request.variables };
  const hasCursor = /\$after\b/.test(request.query);
  const results = socket.iterate({ ...request, variables });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const step = await results.next().catch(sayWhy);
      const [event] = Object.values(step.value?.data ?? {}) as { cursor?: string }[];
      if (hasCursor && event?.cursor) variables.after = event.cursor;
      return step as IteratorResult<ExecutionResult>;
    },
    return: () => results.return!() as Promise<IteratorReturnResult<undefined>>,
  };
}

function sayWhy(error: unknown): never {
  if (error instanceof CloseEvent) throw new Error(`The connection was closed with ${error.code}. ${error.reason}`.trim());
  throw error;
}

/** Runs one query and returns its data, or null where there is no answer within three seconds. */
export async function ask<Data>(query: string): Promise<Data | null> {
  try {
    const response = await send(ENDPOINT, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(3000),
    });
    return (await response.json()).data ?? null;
  } catch {
    return null;
  }
}
