import { ChevronDownIcon, DropdownMenu, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useState, useSyncExternalStore, type FormEvent } from "react";
import { current, hasPeople, people, signIn, signOut, takeToken, watch, type Person } from "./session";

/** The top right corner: our name, and who is asking. */
export function SignIn() {
  const { problem, token } = useSyncExternalStore(watch, current);
  const { introspect } = useGraphiQLActions();
  const hasSchema = useGraphiQL(({ schema }) => Boolean(schema));
  // A server that keeps its schema from strangers shows it now.
  useEffect(() => {
    if (token && !hasSchema) void introspect();
  }, [token]);
  return (
    <div className="sign-in">
      {problem && <span className="sign-in-problem" role="alert">{problem}</span>}
      {hasPeople ? <PersonPicker /> : <TokenField />}
      <span className="wordmark">Backline</span>
    </div>
  );
}

function PersonPicker() {
  const session = useSyncExternalStore(watch, current);
  const [cast, setCast] = useState<Person[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const load = () => void people().then(setCast, (error: Error) => setProblem(error.message));
  useEffect(load, []);
  const person = cast.find(({ username }) => username === session.username);
  return (
    // Who is on air changes: the list is asked for again whenever it opens.
    <DropdownMenu onOpenChange={(open: boolean) => open && load()}>
      <DropdownMenu.Button className="sign-in-button" data-signed-in={session.username !== null}>
        {session.username ? <Face name={person?.displayName ?? session.username} /> : "Sign in as …"}
        {session.username && (person?.displayName ?? session.username)}
        <ChevronDownIcon aria-hidden="true" />
      </DropdownMenu.Button>
      <DropdownMenu.Content className="sign-in-menu" align="end">
        {cast.length === 0 && <p className="sign-in-empty">{problem ?? "Nobody is here yet."}</p>}
        {cast.map(({ username, displayName, about }) => (
          <DropdownMenu.Item key={username} className="sign-in-item" onSelect={() => signIn(username)}>
            <Face name={displayName} />
            <span>
              <strong>{displayName}</strong>
              <small>{about}</small>
            </span>
          </DropdownMenu.Item>
        ))}
        {session.username && (
          <DropdownMenu.Item className="sign-in-item sign-out" onSelect={() => signOut()}>
            Sign out
          </DropdownMenu.Item>
        )}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}

const Face = ({ name }: { name: string }) => (
  <span className="face" aria-hidden="true">{[...name][0]?.toUpperCase()}</span>
);

function TokenField() {
  const { token } = useSyncExternalStore(watch, current);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    takeToken(String(new FormData(event.currentTarget).get("token")));
    event.currentTarget.reset();
  };
  if (token) {
    return <button type="button" className="graphiql-un-styled sign-in-button" onClick={() => signOut()}>Forget the token</button>;
  }
  return (
    <form onSubmit={submit}>
      <input name="token" type="password" className="token-field" autoComplete="off" spellCheck={false}
             placeholder="Paste an access token" aria-label="Access token" />
    </form>
  );
}
