// The tabs that a first visit opens with, filled with a room that is live right now.
import broadcastEvents from "./operations/BroadcastEvents.graphql?raw";
import broadcastRoom from "./operations/BroadcastRoom.graphql?raw";
import liveRoomsWithChat from "./operations/LiveRoomsWithChat.graphql?raw";
import searchCurators from "./operations/SearchCurators.graphql?raw";
import sendMessage from "./operations/SendMessage.graphql?raw";
import sessions from "./operations/Sessions.graphql?raw";
import viewer from "./operations/Viewer.graphql?raw";
import { ask } from "./transport";

export type Tabs = { defaultTabs?: { query: string; variables: string }[]; initialVariables?: string };
type LiveRoom = { id: string; curator: { username: string } };

const FIRST_ROOM = "query FirstRoom { liveBroadcasts(first: 1) { nodes { id curator { username } } } }";
const NO_ROOM = "the id of a live room: LiveRoomsWithChat lists them";
const REMEMBERED = "backline:room";
// Where GraphiQL keeps what was in its editors.
const STORED = ["graphiql:tabState", "graphiql:variables"];

/** What GraphiQL opens with: on a first visit our tabs, later the visitor's own, brought up to date. */
export async function openingTabs(): Promise<Tabs> {
  const answer = await ask<{ liveBroadcasts: { nodes: LiveRoom[] } }>(FIRST_ROOM);
  const room = answer?.liveBroadcasts.nodes[0];
  const roomId = room?.id ?? NO_ROOM;
  const returning = localStorage.getItem("graphiql:tabState") !== null;
  if (returning) replaceRoom(localStorage.getItem(REMEMBERED), roomId);
  localStorage.setItem(REMEMBERED, roomId);
  return returning ? {} : firstTabs(roomId, room?.curator.username ?? "dj");
}

// The room that we filled in last time may be over; a room that the visitor chose is left alone.
function replaceRoom(previous: string | null, next: string): void {
  if (!previous || next === NO_ROOM) return;
  for (const key of STORED) {
    const stored = localStorage.getItem(key);
    if (stored) localStorage.setItem(key, stored.replaceAll(previous, next));
  }
}

function firstTabs(roomId: string, username: string): Tabs {
  const defaultTabs = [
    tab(liveRoomsWithChat, { first: 10, messages: 5 }),
    tab(broadcastRoom, { id: roomId, listeners: 10, messages: 10, tracks: 5 }),
    tab(broadcastEvents, { broadcastId: roomId }),
    tab(sendMessage, {
      room: { broadcastId: roomId },
      message: { broadcastId: roomId, text: "Hello from the explorer!" },
    }),
    tab(searchCurators, { query: username.slice(0, 3), first: 10 }),
    tab(viewer, {}),
    tab(sessions, {}),
  ];
  return { defaultTabs, initialVariables: defaultTabs[0].variables };
}

const tab = (query: string, variables: object) => ({ query, variables: JSON.stringify(variables, null, 2) });
