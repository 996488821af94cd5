/** Who acts: a person, a service account, an agent, or Drover itself. `tokenId` when an API token was used. */
export interface Actor {
  type: "user" | "service_account" | "agent" | "system";
  id: string;
  name: string;
  tokenId: string | null;
}

export const SYSTEM: Actor = { type: "system", id: "system", name: "Drover", tokenId: null };
