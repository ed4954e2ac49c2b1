// PostGraphile over the same tables: its generated types, extended by the fields that have other names or shapes here.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { TYPES } from "postgraphile/@dataplan/pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { connection, context, lambda } from "postgraphile/grafast";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { extendSchema, jsonPgSmartTags } from "postgraphile/utils";
import { photoUrl, viewerOf } from "./shown.mjs";

const { DATABASE_URL, POOL_SIZE, PORT } = process.env;
const TRACK = ["title", "artist", "album", "isrc", "duration_seconds", "bpm", "musical_key", "artwork_url"];

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const wireId = (prefix) => ($row) => lambda($row.get("id"), (id) => prefix + id, true);

const extended = extendSchema((build) => {
  const { sql, pgResources } = build;
  const { blocks, broadcasts, broadcast_tracks: tracks, follows, messages, users } = pgResources;

  // Whether the viewer has a row of a table in which this person stands.
  const viewerHas = (table, mine, theirs) => ($user) => {
    const $row = table.get({ [mine]: context().get("viewer"), [theirs]: $user.get("id") });
    return lambda($row.get(theirs), (found) => found !== null, true);
  };

  const one = ($rows) => $rows.setUnique(true).single();

  return {
    typeDefs: `
      type Track {
        title: String!
        artist: String!
        album: String
        isrc: String
        durationSeconds: Float
        bpm: Float
        musicalKey: String
        artworkUrl: String
      }
      input LiveBroadcastFilter { genres: [String!], minListeners: Int }
      extend type Query {
        liveBroadcasts(first: Int!, after: String, filter: LiveBroadcastFilter): BroadcastConnection!
        user(username: String!): User
      }
      extend type User {
        id: ID!
        profilePhotoUrl: String
        viewerIsFollowing: Boolean!
        viewerIsBlocking: Boolean!
        currentBroadcast: Broadcast
      }
      extend type Broadcast {
        id: ID!
        curator: User!
        nowPlaying: BroadcastTrack
        messages(last: Int!): MessageConnection!
      }
      extend type BroadcastTrack { track: Track! }
      extend type Message { id: ID!, author: User! }
    `,
    objects: {
      Query: {
        plans: {
          liveBroadcasts(_, { $first }) {
            const $rooms = broadcasts.find();
            $rooms.where(sql`${$rooms}.status = 'LIVE'`);
            $rooms.orderBy({ attribute: "started_at", direction: "DESC" });
            $rooms.orderBy({ attribute: "id", direction: "DESC" });
            $rooms.setOrderIsUnique();
            const $page = connection($rooms);
            $page.setFirst($first);
            return $page;
          },
          user: (_, { $username }) => users.get({ username: $username }),
        },
      },
      User: {
        plans: {
          id: wireId("user_"),
          profilePhotoUrl: ($user) => lambda($user.get("photo_key"), photoUrl, true),
          viewerIsFollowing: viewerHas(follows, "follower_id", "followee_id"),
          viewerIsBlocking: viewerHas(blocks, "blocker_id", "blocked_id"),
          currentBroadcast($user) {
            const $rooms = broadcasts.find({ curator_id: $user.get("id") });
            $rooms.where(sql`${$rooms}.status = 'LIVE'`);
            return one($rooms);
          },
        },
      },
      Broadcast: {
        plans: {
          id: wireId("broadcast_"),
          curator: ($room) => users.get({ id: $room.get("curator_id") }),
          nowPlaying($room) {
            const $tracks = tracks.find({ broadcast_id: $room.get("id") });
            $tracks.where(sql`${$tracks}.ended_at is null`);
            return one($tracks);
          },
          messages($room, { $last }) {
            const $said = messages.find({ broadcast_id: $room.get("id") });
            const viewer = $said.placeholder(context().get("viewer"), TYPES.uuid);
            $said.where(sql`${$said}.deleted_at is null`);
            $said.where(
              sql`${$said}.author_id <> all (array (select blocked_id from blocks where blocker_id = ${viewer}))`,
            );
            $said.orderBy({ attribute: "sequence", direction: "ASC" });
            $said.orderBy({ attribute: "id", direction: "ASC" });
            $said.setOrderIsUnique();
            const $page = connection($said);
            $page.setLast($last);
            return $page;
          },
        },
      },
      BroadcastTrack: { plans: { track: ($track) => $track } },
      Track: { plans: Object.fromEntries(TRACK.map((name) => [camel(name), ($track) => $track.get(name)])) },
      Message: {
        plans: {
          id: wireId("message_"),
          author: ($message) => users.get({ id: $message.get("author_id") }),
        },
      },
    },
  };
});

// Their `id` is the column; ours is the one of the wire.
const renamed = jsonPgSmartTags({
  version: 1,
  config: {
    attribute: Object.fromEntries(
      ["users", "broadcasts", "messages"].map((table) => [`${table}.id`, { tags: { name: "rowId" } }]),
    ),
  },
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [extended, renamed],
  disablePlugins: ["NodePlugin", "PgRowByUniquePlugin", "PgFirstLastBeforeAfterArgsPlugin"],
  schema: { defaultBehavior: "-insert -update -delete" },
  pgServices: [
    makePgService({
      connectionString: DATABASE_URL.replace("+asyncpg", ""),
      schemas: ["public"],
      poolConfig: { max: Number(POOL_SIZE), options: "-c jit=off -c TimeZone=UTC" },
    }),
  ],
  grafast: { context: ({ node }) => ({ viewer: viewerOf(node?.req.headers.authorization) }) },
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(Number(PORT), "127.0.0.1");
