// What a client reads of the types that openapi-typescript has made of callbook's
// OpenAPI document. It is compiled and not run.
import type { components, operations } from "./types";

type Item = operations["createContacts"]["responses"][207]["content"]["application/json"]["response"][number];

// A type that was lost would be any or unknown, which is both of these.
type Exactly<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const data: Exactly<Item["data"], components["schemas"]["Contact"] | null> = true;
const fault: Exactly<Item["error_data"], components["schemas"]["ErrorData"] | null> = true;

export function numbers(items: Item[]): string[] {
  return items.flatMap((item) => (item.data ? [item.data.number] : []));
}

const list: Exactly<
  operations["uploadCsv"]["responses"][200]["content"]["application/json"]["response"]["data"],
  components["schemas"]["UploadSummary"] | null
> = true;

export const change: components["schemas"]["UpdateContactsRequest"] = {
  contacts: [{ sid: "0198f2c4a1b27d3e9f405162738495a6", tag: null, custom_field: { plan: { name: "gold" } } }],
};
export default [data, fault, list];
