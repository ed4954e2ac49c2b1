// What every peer shows in the same way: who asks, addresses of photos, places in a list.
import { createHmac, randomBytes } from "node:crypto";
import { createVerifier } from "fast-jwt";

const { JWT_SECRET, PUBLIC_URL } = process.env;
const HALF_HOUR = 1800;

// A signature is checked once and remembered until the token expires.
const verify = createVerifier({
  key: JWT_SECRET,
  algorithms: ["HS256"],
  allowedIss: PUBLIC_URL,
  allowedAud: "backline",
  cache: true,
});

// Whose token it is; null for a stranger. It throws when one is given that does not hold.
export const viewerOf = (header) => (header ? verify(header.slice("Bearer ".length)).sub : null);

const secret = randomBytes(32);
let period = 0;
let addresses = new Map();

// Within the same half hour a photo's address is the same.
export function photoUrl(key) {
  if (key === null) return null;
  const now = Math.floor(Date.now() / 1000 / HALF_HOUR);
  if (now !== period) [period, addresses] = [now, new Map()];
  let address = addresses.get(key);
  if (address === undefined) {
    const expires = (now + 1) * HALF_HOUR + 3600;
    const signature = createHmac("sha256", secret).update(`GET ${key} ${expires}`).digest("base64url");
    address = `${PUBLIC_URL}/files/${key}?expires=${expires}&signature=${signature}`;
    addresses.set(key, address);
  }
  return address;
}

export const cursorOf = (room) => Buffer.from(JSON.stringify([room.startedAt, room.key])).toString("base64url");

// What both schemas resolve without asking anybody.
export const plain = {
  User: { profilePhotoUrl: (user) => photoUrl(user.photoKey) },
  RoomTrack: { track: (row) => row },
  BroadcastConnection: {
    edges: ({ nodes }) => nodes.map((node) => ({ cursor: cursorOf(node), node })),
    pageInfo: ({ nodes, hasNextPage }) => ({
      hasNextPage,
      hasPreviousPage: false,
      startCursor: nodes.length ? cursorOf(nodes[0]) : null,
      endCursor: nodes.length ? cursorOf(nodes[nodes.length - 1]) : null,
    }),
  },
};
