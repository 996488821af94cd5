import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DELIVERY_TRIES, retryAfterSeconds, webhookUrlProblem } from "../../domain/shared/delivery.ts";
import { mlflowServer, type Speaker, tokenOf } from "../experiments/mlflow/testing.ts";
import { deliverDue } from "./jobs/deliver.ts";
import { isPublicAddress } from "../outside.ts";
import { sendMessage } from "../webhook-sender.ts";

process.env.DROVER_WEBHOOK_HOSTS = "127.0.0.1";
process.env.DROVER_SECRET ??= "0123456789abcdef0123456789abcdef";

interface Got {
  headers: IncomingHttpHeaders;
  body: string;
}

describe("webhooks", () => {
  const got: Got[] = [];
  let status = 200;
  const receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(status, { location: "http://127.0.0.1:1/" }).end("thanks");
    });
  });
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  let url: string;
  let id: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    server = await mlflowServer();
    const lead = await server.make.member(server.org, "team_lead");
    mlflow = server.speak(undefined, `Bearer ${await tokenOf(server, server.org.slug, lead, ["runs:read", "models:read", "models:write", "models:promote"])}`);
    const events = [{ entity: "REGISTERED_MODEL", action: "CREATED" }, { entity: "MODEL_VERSION_ALIAS", action: "CREATED" }];
    id = (await mlflow.post("webhooks", { name: "chat", url, events, secret: "shared secret" })).body.webhook.webhook_id;
  });
  beforeEach(() => {
    got.length = 0;
    status = 200;
  });
  afterAll(async () => {
    receiver.close();
    await server.close();
  });
  const deliveries = () => server.sql<{ event: string; tries: number; sent_at: Date | null; next_at: Date | null; last_status: number | null }[]>`select event, tries, sent_at, next_at, last_status from webhook_deliveries order by id`;

  it("are told what they asked for, signed as MLflow signs, once", async () => {
    await mlflow.post("registered-models/create", { name: "digits", description: "d", tags: [{ key: "a", value: "b" }] });
    await mlflow.post("model-versions/create", { name: "digits", source: "s3://b/m" }); // nobody asked
    await mlflow.post("registered-models/alias", { name: "digits", alias: "champion", version: "1" });
    await deliverDue(server.sql);
    await deliverDue(server.sql);
    expect(got.map(({ body }) => JSON.parse(body) as unknown).sort((a, b) => ((a as { entity: string }).entity < (b as { entity: string }).entity ? 1 : -1))).toEqual([
      { entity: "registered_model", action: "created", timestamp: expect.any(String), data: { name: "digits", tags: { a: "b" }, description: "d" } },
      { entity: "model_version_alias", action: "created", timestamp: expect.any(String), data: { name: "digits", alias: "champion", version: "1" } },
    ]);
    for (const { headers, body } of got) {
      const signed = `${headers["x-mlflow-delivery-id"] as string}.${headers["x-mlflow-timestamp"] as string}.${body}`;
      expect(headers["x-mlflow-signature"]).toBe(`v1,${createHmac("sha256", "shared secret").update(signed).digest("base64")}`);
    }
    expect((await server.sql`select secret from webhooks`)[0]!.secret).not.toContain("shared");
  });

  it("are tried again after a failure, later and later, and then given up", async () => {
    await server.sql`delete from webhook_deliveries`;
    status = 500;
    await mlflow.post("registered-models/create", { name: "again" });
    await deliverDue(server.sql);
    expect(await deliveries()).toMatchObject([{ tries: 1, sent_at: null, last_status: 500 }]);
    expect(await deliverDue(server.sql)).toBe(0); // not due yet
    await server.sql`update webhook_deliveries set next_at = now() - interval '1 second'`;
    status = 200;
    await deliverDue(server.sql);
    expect(await deliveries()).toMatchObject([{ tries: 2, next_at: null, last_status: 200 }]);
    expect(new Set(got.map(({ headers }) => headers["x-mlflow-delivery-id"])).size).toBe(1);
    await server.sql`update webhook_deliveries set next_at = now() - interval '1 second', sent_at = null, tries = ${DELIVERY_TRIES - 1}`;
    status = 404;
    await deliverDue(server.sql);
    expect(await deliveries()).toMatchObject([{ tries: DELIVERY_TRIES, next_at: null, sent_at: null, last_status: 404 }]);
    const pauses = Array.from({ length: DELIVERY_TRIES - 1 }, (_, tries) => retryAfterSeconds(tries + 1));
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1800]);
    expect(Math.round(pauses.reduce((all, one) => all + one, 0) / 60)).toBe(62); // an hour in all, as is said where schedules are
  });

  it("never follow a redirect", async () => {
    status = 302;
    const tested = await mlflow.post(`webhooks/${id}/test`, {});
    expect(tested.body.result).toMatchObject({ success: false, response_status: 302 });
    expect(got).toHaveLength(1);
  });

  it("are listed, changed, tested, switched off and deleted", async () => {
    expect((await mlflow.get("webhooks")).body.webhooks).toMatchObject([{ webhook_id: id, name: "chat", status: "ACTIVE", events: [{ entity: "REGISTERED_MODEL", action: "CREATED" }, { entity: "MODEL_VERSION_ALIAS", action: "CREATED" }] }]);
    expect((await mlflow.post(`webhooks/${id}/test`, { event: { entity: "REGISTERED_MODEL", action: "CREATED" } })).body.result).toMatchObject({ success: true, response_status: 200, response_body: "thanks" });
    expect((await mlflow.ask("PATCH", `webhooks/${id}`, { status: "DISABLED", description: "off" })).body.webhook).toMatchObject({ status: "DISABLED", description: "off" });
    got.length = 0;
    await mlflow.post("registered-models/create", { name: "unheard" });
    await deliverDue(server.sql);
    expect(got).toEqual([]);
    expect(await mlflow.post("webhooks", { name: "x", url: "ftp://x", events: [{ entity: "REGISTERED_MODEL", action: "CREATED" }] })).toMatchObject({ status: 400 });
    expect(await mlflow.post("webhooks", { name: "x", url, events: [{ entity: "REGISTERED_MODEL", action: "EXPLODED" }] })).toMatchObject({ status: 400 });
    await mlflow.ask("DELETE", `webhooks/${id}`);
    expect((await mlflow.get(`webhooks/${id}`)).status).toBe(404);
  });

  it("that are switched off with messages still to send keep nobody else's waiting", async () => {
    const hook = async (name: string) => (await mlflow.post("webhooks", { name, url, events: [{ entity: "REGISTERED_MODEL", action: "CREATED" }] })).body.webhook.webhook_id as string;
    const [off, on] = [await hook("off"), await hook("on")];
    await mlflow.post("registered-models/create", { name: "waited-for" });
    await server.sql`
      insert into webhook_deliveries (id, org_id, webhook_id, event, data, next_at)
      select 'whd_off_' || n, org_id, webhook_id, event, data, now() - interval '1 hour' from webhook_deliveries, generate_series(1, 30) n where webhook_id = ${off}`;
    await mlflow.ask("PATCH", `webhooks/${off}`, { status: "DISABLED" });
    await deliverDue(server.sql);
    expect(got).toHaveLength(1);
    expect((await server.sql<{ webhook_id: string }[]>`select webhook_id from webhook_deliveries where sent_at is not null and data ->> 'name' = 'waited-for'`).map((row) => row.webhook_id)).toEqual([on]);
    await mlflow.ask("PATCH", `webhooks/${off}`, { status: "ACTIVE" });
    await deliverDue(server.sql);
    expect(got).toHaveLength(32); // what was held back goes out once somebody switches it on again
  });

  it.each(["http://localhost/", "http://[::1]/", "http://169.254.169.254/latest", "http://10.1.2.3/", "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/"])("do not call %s inside", async (inner) => {
    const sent = await sendMessage({ id: "x", url: inner, event: "registered_model.created", at: new Date(), data: {}, secret: null });
    expect(sent).toMatchObject({ ok: false, status: null, error: expect.stringMatching(/an address inside|no address/) });
  });
});

it.each([["8.8.8.8", true], ["127.0.0.2", false], ["172.20.0.1", false], ["172.32.0.1", true], ["100.64.0.1", false], ["fd00::1", false], ["fe80::1", false], ["2606:4700::1111", true], ["::ffff:127.0.0.1", false], ["64:ff9b::7f00:1", false], ["::ffff:0:7f00:1", false], ["fec0::1", false], ["5f00::1", false], ["3fff::1", false], ["name", false]])("%s is public: %s", (address, isPublic) => expect(isPublicAddress(address)).toBe(isPublic));
it.each(["nonsense", "file:///x", "https://user:pass@host/", `https://h/${"x".repeat(500)}`])("%s is no webhook's URL", (text) => expect(webhookUrlProblem(text)).not.toBeNull());
