import { env } from "../../env.ts";

/** What tokens must be signed for: this installation and no other. */
export const embedAudience = (): string => `${new URL(env().DROVER_URL).origin}/embed`;
