// What Mercurius and Yoga share: statements that are prepared once and read only what was asked for, one for each batch.
import pg from "pg";

const { DATABASE_URL, POOL_SIZE } = process.env;

// Moments go from the database to the client as text: no Date is made of them on the way.
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => `${text.slice(0, 10)}T${text.slice(11)}:00`);

const pool = new pg.Pool({
  connectionString: DATABASE_URL.replace("+asyncpg", ""),
  options: "-c jit=off -c TimeZone=UTC",
  min: Number(POOL_SIZE),
  max: Number(POOL_SIZE),
});

const names = new Map();

async function read(text, values) {
  let name = names.get(text);
  if (!name) names.set(text, (name = `s${names.size}`));
  return (await pool.query({ name, text, values })).rows;
}

const USER = {
  id: `'user_' || u.id AS id`,
  username: "u.username",
  displayName: `u.display_name AS "displayName"`,
  profilePhotoUrl: `u.photo_key AS "photoKey"`,
  verified: "u.verified",
  bio: "u.bio",
  roles: "u.roles",
  genreTags: `u.genre_tags AS "genreTags"`,
  instagramHandle: `u.instagram_handle AS "instagramHandle"`,
  followerCount: `u.follower_count AS "followerCount"`,
  followingCount: `u.following_count AS "followingCount"`,
  viewerIsFollowing: `EXISTS (SELECT FROM follows WHERE follower_id = $2 AND followee_id = u.id) AS "viewerIsFollowing"`,
  viewerIsBlocking: `EXISTS (SELECT FROM blocks WHERE blocker_id = $2 AND blocked_id = u.id) AS "viewerIsBlocking"`,
};
const BROADCAST = {
  id: `'broadcast_' || b.id AS id`,
  title: "b.title",
  status: "b.status",
  genreTags: `b.genre_tags AS "genreTags"`,
  endedAt: `b.ended_at AS "endedAt"`,
  listenerCount: `b.listener_count AS "listenerCount"`,
};
const ROOM = `b.id AS key, b.curator_id AS curator, b.started_at AS "startedAt"`;
const PLAYING = `t.broadcast_id AS room, t.started_at AS "startedAt", t.source, t.title, t.artist, t.album, t.isrc,
  t.duration_seconds AS "durationSeconds", t.bpm, t.musical_key AS "musicalKey", t.artwork_url AS "artworkUrl"`;

// What is asked below a field, found once: documents are cached, so a node is the same object each time it is executed.
const asked = new WeakMap();

function remembered(info, find) {
  let found = asked.get(info.fieldNodes[0]);
  if (!found) asked.set(info.fieldNodes[0], (found = [...new Set(find(info.fieldNodes))].sort()));
  return found;
}

// The fields of what a field returns.
export const fieldsOf = (info) => remembered(info, (nodes) => namesIn(nodes, info.fragments));

// The fields at the ends of some paths below it, such as `edges { node { ... } }`.
export const fieldsBelow = (info, paths) =>
  remembered(info, (nodes) =>
    paths.flatMap((path) => {
      const ends = path.reduce(
        (found, name) => found.flatMap((node) => childrenOf(node, info.fragments)).filter((n) => n.name.value === name),
        nodes,
      );
      return namesIn(ends, info.fragments);
    }),
  );

const childrenOf = (node, fragments) =>
  node.selectionSet.selections.flatMap((item) => {
    if (item.kind === "Field") return [item];
    return childrenOf(item.kind === "FragmentSpread" ? fragments[item.name.value] : item, fragments);
  });

const namesIn = (nodes, fragments) => nodes.flatMap((node) => childrenOf(node, fragments)).map((node) => node.name.value);

const columns = (table, fields) => fields.map((name) => table[name]).filter(Boolean).map((text) => `, ${text}`).join("");

const knowsViewer = (fields) => fields.includes("viewerIsFollowing") || fields.includes("viewerIsBlocking");

// One for each key, in the order of the keys.
function inOrder(keys, rows, name) {
  const found = new Map(rows.map((row) => [row[name], row]));
  return keys.map((key) => found.get(key) ?? null);
}

export async function userNamed(username, fields, viewer) {
  const text = `SELECT u.id AS key ${columns(USER, fields)} FROM users u WHERE u.username = $1`;
  return (await read(text, knowsViewer(fields) ? [username, viewer] : [username]))[0] ?? null;
}

export async function usersOf(keys, fields, viewer) {
  const unique = [...new Set(keys)];
  const text = `SELECT u.id AS key ${columns(USER, fields)} FROM users u WHERE u.id = ANY ($1::uuid[])`;
  return inOrder(keys, await read(text, knowsViewer(fields) ? [unique, viewer] : [unique]), "key");
}

export async function liveBroadcasts(first, fields) {
  const text = `SELECT ${ROOM} ${columns(BROADCAST, fields)} FROM broadcasts b WHERE b.status = 'LIVE'
    ORDER BY b.started_at DESC, b.id DESC LIMIT $1`;
  const rows = await read(text, [first + 1]);
  return { nodes: rows.slice(0, first), hasNextPage: rows.length > first };
}

export async function countLive() {
  return (await read("SELECT count(*)::int AS live FROM broadcasts WHERE status = 'LIVE'", []))[0].live;
}

export async function currentBroadcasts(users, fields) {
  const text = `SELECT ${ROOM} ${columns(BROADCAST, fields)} FROM broadcasts b
    WHERE b.status = 'LIVE' AND b.curator_id = ANY ($1::uuid[])`;
  return inOrder(users, await read(text, [users]), "curator");
}

export async function nowPlaying(rooms) {
  const text = `SELECT ${PLAYING} FROM broadcast_tracks t WHERE t.broadcast_id = ANY ($1::uuid[]) AND t.ended_at IS NULL`;
  return inOrder(rooms, await read(text, [rooms]), "room");
}

// The last messages of rooms, of which the same number is wanted, without those of people whom the viewer has blocked.
export async function lastMessages(rooms, last, viewer) {
  const text = `SELECT k.n::int AS n, 'message_' || m.id AS id, m.text, m.sent_at AS "sentAt", m.author_id AS author
    FROM unnest($1::uuid[]) WITH ORDINALITY k (id, n) CROSS JOIN LATERAL (
      SELECT * FROM messages WHERE broadcast_id = k.id AND deleted_at IS NULL
        AND author_id <> ALL (ARRAY (SELECT blocked_id FROM blocks WHERE blocker_id = $3))
      ORDER BY sequence DESC, id DESC LIMIT $2
    ) m ORDER BY k.n, m.sequence, m.id`;
  const found = rooms.map(() => []);
  for (const row of await read(text, [rooms, last, viewer])) found[row.n - 1].push(row);
  return found;
}
