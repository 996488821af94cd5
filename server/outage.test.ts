import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { chooseOwner } from "../scripts/postgres/owner.ts";
import { EmbeddedPostgres } from "../scripts/postgres/postmaster.ts";
import { freshFolder } from "../scripts/test/areas.ts";
import { canHaveSmallDisk, type SmallDisk, smallDisk } from "../scripts/test/small-disk.ts";
import { type TestServer, testServer } from "./access/testing.ts";
import { folderStore } from "./experiments/objects/folder.ts";
import { outageOf } from "./outage.ts";

const ROOM = 16 * 1024 * 1024;
const MOST = 200;

describe.skipIf(!canHaveSmallDisk())("a full disk", () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = smallDisk(ROOM, chooseOwner()?.uid)!;
  });
  afterEach(() => disk.remove());

  it("under the files keeps nothing of a file, and is named as what is wrong", async () => {
    const store = folderStore(disk.folder);
    const file = randomBytes(ROOM / 4);
    disk.fill();
    const refused = await store.put("org_a", [file] as never).catch(outageOf);
    expect(refused).toMatchObject({ code: "unavailable", message: expect.stringMatching(/^The disk of the object store is full, so nothing was changed\./) as string });
    disk.free();
    for await (const found of store.list()) expect.unreachable(found.key);
    expect(await store.put("org_a", [file] as never)).toMatchObject({ bytes: file.length });
  });

  describe("under the database", () => {
    let server: TestServer;
    let boss: Record<string, string>;
    let cluster: EmbeddedPostgres;
    let folder: string;
    beforeAll(async () => {
      folder = freshFolder("full");
      cluster = new EmbeddedPostgres({ folder, log: join(folder, "log"), durable: false, maxConnections: 30 }); // not the one of all tests: should this one fail, a disk of it is gone
      await cluster.start();
      vi.stubEnv("TEST_DATABASE_URL", cluster.url("postgres"));
      server = await testServer();
      const org = await server.make.org();
      boss = await server.as(await server.make.member(org, "owner"), org.slug);
    });
    afterAll(async () => {
      await server?.close();
      await cluster.stop();
      rmSync(folder, { recursive: true });
      vi.unstubAllEnvs();
    });

    it("refuses a write with its cause and cure, keeps all that was acknowledged, and takes the same request once there is room", async () => {
      const admin = postgres(server.url, { max: 1, onnotice: () => {} });
      await admin.unsafe(`create tablespace small location '${disk.folder}'`);
      await server.asOwner("alter table reports set tablespace small");
      const [project] = await server.sql<{ id: string }[]>`select id from projects`;
      const create = (number: number) => server.call(boss, "reports.create", { projectId: project!.id, title: `report ${number}`, body: randomBytes(30_000).toString("base64") });
      expect((await create(0)).error).toBeUndefined();
      disk.fill();
      let kept = 1;
      let answer = await create(kept);
      while (answer.error === undefined && kept < MOST) answer = await create((kept += 1));
      expect(answer).toMatchObject({ status: 503, error: { message: expect.stringMatching(/^The disk of the database is full, so nothing was changed\. .* freed some room/) as string } });
      expect(await server.sql`select 1 from reports`).toHaveLength(kept);
      disk.free();
      expect((await create(kept)).error).toBeUndefined();
      await server.asOwner("alter table reports set tablespace pg_default");
      await admin`drop tablespace small`;
      await admin.end();
    });
  });
});
