import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A lock of the kernel's, through SQLite: whoever holds it, it is free once that process has ended, kill -9 included. */
const held: DatabaseSync[] = [];

/**
 * The first of `name`, `name-2`, `name-3` … below `parent` that no living process has taken: two runs at once work in
 * two folders, and the next run finds what an earlier one left.
 * @returns its path; it is this process's until it ends.
 */
export function takeFolder(parent: string, name: string): string {
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  for (let place = 1; ; place += 1) {
    const folder = join(parent, place === 1 ? name : `${name}-${place}`);
    const lock = new DatabaseSync(`${folder}.lock`);
    try {
      lock.exec("begin exclusive");
    } catch (error) {
      lock.close();
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      continue;
    }
    held.push(lock); // collected, it would be closed
    return folder;
  }
}

const SQLITE_BUSY = 5;
