let mounted: () => void;

/** Resolves once something shows dialogs: it is loaded after the page, and a quick click must not be lost. */
export const dialogsReady = new Promise<void>((resolve) => {
  mounted = resolve;
});
export const dialogsMounted = (): void => mounted();
