import { homedir } from "node:os";
import { join } from "node:path";

/** What the command line takes from its environment; nothing else of cli/ reads it. */
export interface CliEnv {
  /** Overrides the server that one signed in to. */
  url: string | undefined;
  /** Overrides the stored token. */
  token: string | undefined;
  configFile: string;
  color: boolean;
  version: string;
  /** How an MLflow server is signed in to, by the variables that its own clients read. */
  mlflow: { token: string | null; user: string | null; password: string | null };
}

export function cliEnv(): CliEnv {
  const { DROVER_URL, DROVER_TOKEN, XDG_CONFIG_HOME, NO_COLOR, FORCE_COLOR, TERM, MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD } = process.env;
  return {
    url: DROVER_URL || undefined,
    token: DROVER_TOKEN || undefined,
    configFile: join(XDG_CONFIG_HOME || join(homedir(), ".config"), "drover", "config.json"),
    color: !NO_COLOR && (Boolean(FORCE_COLOR) || (process.stdout.isTTY && TERM !== "dumb")),
    version: process.env.DROVER_VERSION ?? "development",
    mlflow: { token: MLFLOW_TRACKING_TOKEN || null, user: MLFLOW_TRACKING_USERNAME || null, password: MLFLOW_TRACKING_PASSWORD || null },
  };
}
