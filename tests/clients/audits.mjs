// The audits of GraphQL over HTTP, one after the other: they test what is answered, not how much at a time.

import { serverAudits } from "graphql-http";
import { address, headers, tell } from "./given.mjs";

const fetchFn = (url, options = {}) => fetch(url, { ...options, headers: { ...headers, ...options.headers } });
const results = [];
for (const audit of serverAudits({ url: address, fetchFn })) {
  const { id, name, status, reason } = await audit.fn();
  results.push({ id, name, status, reason });
}
tell(results);
