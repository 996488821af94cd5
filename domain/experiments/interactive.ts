/** What a person reaches in an interactive run besides shells. All but `shell` listen at DROVER_PORT. */
export const INTERACTIVE_APPS = ["shell", "jupyter", "vscode", "http"] as const;
export type InteractiveApp = (typeof INTERACTIVE_APPS)[number];

export const DEFAULT_IDLE_SECONDS = 3600;

/** What the form offers for each, and the command that it fills in; null: the run's own. */
export const INTERACTIVE_PRESETS: Record<InteractiveApp, { label: string; says: string; opens: string; command: string | null }> = {
  shell: { label: "Shell", says: "A machine to work on: shells in the browser or with drover shell.", opens: "Open terminal", command: "sleep infinity" },
  jupyter: {
    label: "Jupyter",
    says: "JupyterLab; it must be installed where the run starts, or come with its code.",
    opens: "Open Jupyter",
    command: 'exec jupyter lab --allow-root --no-browser --ip=127.0.0.1 --port="$DROVER_PORT" --ServerApp.port_retries=0 --ServerApp.allow_remote_access=True --ServerApp.root_dir="$PWD"',
  },
  vscode: {
    label: "VS Code",
    says: "VS Code in the browser through code-server, which must be installed where the run starts.",
    opens: "Open VS Code",
    command: 'export HASHED_PASSWORD="$DROVER_APP_TOKEN"; exec code-server --auth password --ignore-last-opened --disable-workspace-trust --disable-getting-started-override --disable-telemetry --disable-update-check --bind-addr "127.0.0.1:$DROVER_PORT" "$PWD"',
  },
  http: { label: "Another web app", says: "TensorBoard, Streamlit, Gradio, or your own: whatever listens at 127.0.0.1 on DROVER_PORT.", opens: "Open app", command: null },
};

/** Does something listen that a browser can open? */
export const hasApp = (app: InteractiveApp): boolean => app !== "shell";

/** The host name below the apps' own that shows one run: `run-0190…`. An id's underscore is no letter of a host name. */
export const appLabel = (runId: string): string => runId.replace("_", "-");

const LABEL = /^run-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** The run of such a name; null for any other. */
export function runOfLabel(label: string): string | null {
  const uuid = LABEL.exec(label)?.[1];
  return uuid ? `run_${uuid}` : null;
}

/**
 * When an interactive run is stopped if nobody uses it from now on, Unix ms.
 * @param activeAt When somebody last used it, Unix ms; null: not yet.
 * @param startedAt Of the attempt that runs, Unix ms.
 */
export const idleUntil = (idleSeconds: number, startedAt: number, activeAt: number | null): number => Math.max(startedAt, activeAt ?? 0) + idleSeconds * 1000;
