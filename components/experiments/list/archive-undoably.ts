/** What archiving says of itself, and how. */
interface Archiving {
  /** @returns the runs that were not so before. */
  change: (asked: { ids: string[]; archived: boolean }) => Promise<{ changed: string[] }>;
  /** The table is out of date. */
  done: () => void;
  /** @param changed How many; `undo` takes it back. */
  offer: (changed: number, undo: () => void) => void;
}

/**
 * Puts runs into the archive or takes them out, and offers to undo it. By promises, not by a mutation's callbacks: the toolbar
 * goes with the choice of rows, and who is not mounted any more is called back by none of them.
 */
export async function archiveUndoably(ids: string[], archived: boolean, { change, done, offer }: Archiving): Promise<void> {
  const { changed } = await change({ ids, archived });
  done();
  const undo = async () => {
    await change({ ids: changed, archived: !archived });
    done();
  };
  if (changed.length > 0) offer(changed.length, () => void undo().catch(() => {})); // what failed was told by the mutation
}
