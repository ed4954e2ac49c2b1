// What a page of live rooms needs: a connection that grows page by page, a fragment that is fetched again, a deed.

import { graphql } from "relay-runtime";

graphql`
  query roomsQuery($first: Int!) {
    ...rooms_list @arguments(first: $first)
  }
`;

graphql`
  fragment rooms_list on Query
  @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" })
  @refetchable(queryName: "roomsPageQuery") {
    liveBroadcasts(first: $first, after: $after) @connection(key: "rooms_liveBroadcasts") {
      edges {
        node {
          id
          title
          curator {
            ...rooms_curator
          }
        }
      }
    }
  }
`;

graphql`
  fragment rooms_curator on User @refetchable(queryName: "roomsCuratorQuery") {
    id
    username
    followerCount
  }
`;

graphql`
  mutation roomsFollowMutation($input: FollowUserInput!) {
    followUser(input: $input) {
      user {
        ...rooms_curator
      }
      userErrors {
        code
        field
      }
    }
  }
`;
