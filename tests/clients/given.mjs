// What a script is told, and what it tells: one JSON object each.

import { readFileSync } from "node:fs";

export const given = JSON.parse(process.argv[2]);
export const address = `${given.url}/graphql`;
export const socket = address.replace("http", "ws");
export const headers = given.token ? { authorization: `Bearer ${given.token}` } : {};

export const WHO = "query Who { viewer { user { username } } }";

const documents = JSON.parse(readFileSync(new URL("../../schema/documents.json", import.meta.url))).operations;
const found = (name) => documents.find((each) => each.name === name);
export const text = (name) => found(name).body;
export const idOf = (name) => found(name).id;

/** Prints what was found and ends; whatever a client still keeps open ends with it. */
export function tell(answer) {
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}
