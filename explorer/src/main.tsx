import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";
import "./workers";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { resume } from "./session";
import { SignIn } from "./SignIn";
import { openingTabs } from "./tabs";
import { fetcher } from "./transport";

const plugins = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN];

async function open(): Promise<void> {
  // The editor is the largest part: it travels while the server is asked for a room.
  void import("monaco-graphql/esm/monaco-editor.js");
  await resume();
  const tabs = await openingTabs();
  createRoot(document.getElementById("explorer")!).render(
    // Typed headers are never written to disk: they may hold a token.
    <GraphiQL fetcher={fetcher} plugins={plugins} defaultEditorToolsVisibility="variables" shouldPersistHeaders={false}
              inputValueDeprecation schemaDescription {...tabs}>
      <GraphiQL.Logo><SignIn /></GraphiQL.Logo>
    </GraphiQL>,
  );
}

void open();
