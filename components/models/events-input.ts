/** The timeline's query, the same for the page that prefetches and the list that shows it. */
export const eventsInput = (id: string, version?: number) => ({ id, limit: 50, ...(version === undefined ? {} : { version }) });
