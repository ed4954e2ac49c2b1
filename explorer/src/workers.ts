// The three workers behind the editors, as files of our own origin: no blob: and no network of strangers.
import EditorWorker from "monaco-editor/esm/vs/editor/editor.worker.js?worker";
import JsonWorker from "monaco-editor/esm/vs/language/json/json.worker.js?worker";
import GraphQLWorker from "monaco-graphql/esm/graphql.worker.js?worker";

const workers: Record<string, new () => Worker> = { graphql: GraphQLWorker, json: JsonWorker };

Object.assign(globalThis, {
  MonacoEnvironment: {
    getWorker: (_id: string, language: string): Worker => new (workers[language] ?? EditorWorker)(),
  },
});
