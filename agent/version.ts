import { agentEnv } from "./env.ts";

/** Of the agent itself, shown on the cluster's page. The wire has its own: PROTOCOL_VERSION. */
export const agentVersion = (): string => agentEnv().DROVER_VERSION;
