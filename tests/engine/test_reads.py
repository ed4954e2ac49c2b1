"""Reads of every kind, each asked by hand."""

from tests.engine.clubs import member, wire


async def test_everything_at_once(ask):
    operation = """
    query($id: ID!) {
      hello
      member(id: $id) {
        __typename id handle name email rating stars birthday joinedAt tags isYou standings(repeat: true) longestTitle
        photoUrl shouted(times: 2) fickle strict settings { dark words } twin { handle }
        openClub { id title fee { amount currencyCode } place { city street } stage from }
        clubs(first: 2) { totalCount nodes { title } edges { cursor node { id keeper { id } } } pageInfo { hasNextPage endCursor } }
        followers(first: 2, loud: true) { edges { since cursor node { handle } } }
        stipends { currencyCode free { amount } bound { amount currencyCode } }
      }
      clubs(first: 3, orderBy: NEAREST, wanted: "abc") { totalCount edges { distance node { title meetings { number host { handle } } founded: foundedBy { handle } } } }
      notices(first: 5) { nodes { subject { __typename ... on Club { title notes(last: 2) { nodes { text } } } ... on Node { id } } } }
      viewer { email member { handle } notices(first: 1) { totalCount } }
      shelf(genre: "verse") { title visits }
    }
    """
    result, context = await ask(operation, member(1), id=wire("member", 1))
    for text in context.texts:
        print(text)
    print(result.data)
    assert not result.errors
